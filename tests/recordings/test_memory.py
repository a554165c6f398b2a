from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.recordings import Spool
from ivrbox.recordings.memory import PAGE, LockedMemory, pages

if TYPE_CHECKING:
    import pytest

UNPRIVILEGED = """
import os, resource
from ivrbox.recordings import Spool
from ivrbox.recordings import Spool
from ivrbox.recordings.memory import LockedMemory
resource.setrlimit(resource.RLIMIT_MEMLOCK, (1 << 20, 1 << 20))
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
spool = Spool(60)
spool.desk[:] = 1
print(len(spool.warnings), spool.warnings)
"""


def flags_of(memory: LockedMemory) -> set[str]:
    """The kernel's flags of the mapping: lo = locked, dd = not dumped, dc = not copied by fork (proc(5))."""
    maps = Path("/proc/self/smaps").read_text("ascii")
    entry = re.search(rf"^0*{memory.address:x}-.*?VmFlags:([^\n]*)", maps, re.DOTALL | re.MULTILINE)
    assert entry is not None
    return set(entry[1].split())


def test_memory_is_locked_and_kept_from_dumps_and_children() -> None:
    memory = LockedMemory(3 * PAGE, name="test")
    assert flags_of(memory) >= {"dd", "dc"}
    assert ("lo" in flags_of(memory)) == memory.is_locked
    assert memory.is_locked == (not memory.warnings)


def test_memory_that_need_not_be_locked_is_not() -> None:
    memory = LockedMemory(PAGE, name="test", locked=False)
    assert "lo" not in flags_of(memory)
    assert memory.warnings == []


def test_wiped_bytes_read_back_as_zeros_and_the_others_stay() -> None:
    memory = LockedMemory(2 * PAGE, name="test")
    memory.bytes[:] = 7
    assert memory.wipe(100, 5000)
    assert not memory.bytes[100:5000].any()
    assert (memory.bytes[:100] == 7).all()
    assert (memory.bytes[5000:] == 7).all()
    assert memory.wipe(10, 10)


def test_wiping_that_does_not_take_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = LockedMemory(PAGE, name="test")
    memory.bytes[:] = 7
    monkeypatch.setattr("ctypes.memset", lambda *_: None)
    assert not memory.wipe(0, PAGE)


def test_pages_given_back_cost_no_memory_and_come_back_as_zeros() -> None:
    memory = LockedMemory(64 * PAGE, name="test")
    memory.bytes[:] = 7
    before = resident(memory)
    memory.wipe(0, memory.bytes.size)
    memory.give_back(1, memory.bytes.size)
    assert before == 64 * PAGE
    assert resident(memory) in {PAGE, before}  # an old kernel keeps them
    assert not memory.bytes.any()
    memory.give_back(1, 2)  # not one whole page: nothing to give


def resident(memory: LockedMemory) -> int:
    maps = Path("/proc/self/smaps").read_text("ascii")
    entry = re.search(rf"^0*{memory.address:x}-.*?Rss:\s*(\d+) kB", maps, re.DOTALL | re.MULTILINE)
    assert entry is not None
    return int(entry[1]) * 1024


def test_a_limit_too_small_for_the_room_is_reported_and_the_key_is_locked_all_the_same() -> None:
    command = [sys.executable, "-c", UNPRIVILEGED]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("1 ")
    assert "recording spool: " in run.stdout
    assert "could not be locked" in run.stdout
    assert "LimitMEMLOCK" in run.stdout


def test_a_system_without_these_calls_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_address: int, _size: int) -> int:
        raise AttributeError("mlock2")

    monkeypatch.setattr("ivrbox.recordings.memory._mlock2", missing)
    monkeypatch.delattr("mmap.MADV_DONTDUMP")
    memory = LockedMemory(PAGE, name="spool")
    assert not memory.is_locked
    assert [warning.split(":")[0] for warning in memory.warnings] == ["spool", "spool"]
    assert "MADV_DONTDUMP" in memory.warnings[0]
    memory.bytes[:] = np.uint8(1)
    assert memory.wipe(0, PAGE)


def test_sizes_are_rounded_up_to_whole_pages() -> None:
    assert [pages(size) for size in (0, 1, PAGE, PAGE + 1)] == [0, PAGE, PAGE, 2 * PAGE]


def test_a_spool_says_what_it_takes_and_what_was_refused() -> None:
    spool = Spool(60, locked=False)
    assert 60 * 32000 < spool.memory_bytes < 60 * 32000 + 200_000
    assert spool.warnings == ()
