"""Five hundred power cuts: a disk's whole life is logged, searched, and replayed to random moments.

The log is the write history that a card may keep for ever: whatever was written once is in it.
"""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.cdr import Store
from ivrbox.recordings import Archive, key_ring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    Mount = Callable[..., AbstractContextManager[Path]]
    Count = Callable[[Iterable[bytes | memoryview], NDArray[np.int16]], int]
    Loop = Callable[[Path], AbstractContextManager[Path]]

RECORD = struct.Struct("<cQQ")  # as fuse_disk.py writes it
HERE = Path(__file__).parent
CALLS, FRAMES, CUTS = 20, 130, 500
"""Calls of 2.6 s, the second half of which overflows, sealed, to the disk."""

MEGABYTES, SECTOR = 4, 4096  # cards and drives of today write sectors of 4 KiB, or of more, as a whole


@dataclass(frozen=True)
class Promise:
    """What the box said of a call, and how much of the disk's log there was when it said so."""

    what: str
    call_id: str
    at: int


@dataclass(frozen=True)
class Written:
    """One entry of the log, ending at byte `end` of it: a write, or with no data a flush."""

    end: int
    offset: int
    data: bytes


def entries(log: Path) -> list[Written]:
    found, content, at = [], log.read_bytes(), 0
    while at < len(content):
        kind, offset, length = RECORD.unpack_from(content, at)
        at += RECORD.size
        found.append(Written(at + length, offset, content[at : at + length] if kind == b"W" else b""))
        at += length
    return found


@contextmanager
def remembering_disk(folder: Path, log: Path) -> Iterator[Path]:
    """A file that logs every write and flush; the program that serves it ends with the mount."""
    folder.mkdir()
    command = [sys.executable, str(HERE / "fuse_disk.py"), str(folder), str(MEGABYTES), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"mounted\n"
        try:
            yield folder / "disk"
        finally:
            subprocess.run(["umount", str(folder)], check=True)


def make_calls(data: Path, recipient: str, log: Path) -> list[Promise]:
    numbers = ["0", str(CALLS), str(FRAMES)]
    command = [sys.executable, str(HERE / "calls_of_noise.py"), str(data), recipient, *numbers, str(log)]
    told = subprocess.run(command, capture_output=True, check=True).stdout
    promises = (Promise(line["what"], line["call"], line["at"]) for line in map(json.loads, told.splitlines()))
    return [promise for promise in promises if promise.what in {"kept", "discarded", "finished"}]


class Life:
    """The disk's log, and the disk as it was at any moment of it."""

    def __init__(self, log: list[Written], dice: random.Random) -> None:
        self._log = log
        self._dice = dice
        self._safe = bytearray(MEGABYTES << 20)
        self._next = 0

    def cut_after(self, count: int) -> memoryview:
        """The disk when the power fails after so many entries: what was flushed is there, the rest by chance, torn.

        Moments must be asked for in order.
        """
        flushed = max((i + 1 for i in range(self._next, count) if not self._log[i].data), default=self._next)
        for entry in self._log[self._next : flushed]:
            self._safe[entry.offset : entry.offset + len(entry.data)] = entry.data
        self._next = flushed
        disk = bytearray(self._safe)
        for entry in self._log[flushed:count]:
            self._maybe_write(disk, entry)
        return memoryview(disk)

    def _maybe_write(self, disk: bytearray, entry: Written) -> None:
        fate = self._dice.random()
        end = len(entry.data)
        if fate < 0.2:
            torn_at = (entry.offset + self._dice.randrange(end)) // SECTOR * SECTOR
            end = max(torn_at - entry.offset, 0)
        if fate < 0.6:
            disk[entry.offset : entry.offset + end] = entry.data[:end]


@pytest.mark.usefixtures("fuse")
def test_after_any_power_cut_promises_hold_and_nothing_comes_back(
    mounted: Mount, loop_over: Loop, images: Path, count_windows: Count
) -> None:
    log, dice = images / "log", random.Random(500)
    with remembering_disk(images / "fuse", log) as disk, loop_over(disk) as device:
        make_file_system(device)
        with mounted(device, images / "data", "ext4") as data:
            born = log.stat().st_size
            promises = make_calls(data, key_ring(images / "keys").recipients[0], log)
            died = log.stat().st_size
            final = {path.name: path.read_bytes() for path in (data / "recordings").iterdir()}
    assert len(final) == CALLS // 2
    spoken = [np.random.default_rng(n).integers(-32768, 32768, (FRAMES * 160, 2), np.int16) for n in range(CALLS)]
    assert count_windows([log.read_bytes()], np.concatenate(spoken)) == 0, "the disk has been told what was said"
    life = entries(log)
    moments = [i for i, entry in enumerate(life, 1) if born <= entry.end <= died]
    then = Life(life, dice)
    image = images / "cut.img"
    image.write_bytes(bytes(MEGABYTES << 20))
    with loop_over(image) as device:
        for moment in sorted(dice.choices(moments, k=CUTS)):
            device.write_bytes(then.cut_after(moment))
            known = [promise for promise in promises if promise.at <= life[moment - 1].end]
            with mounted(device, images / "cut", "ext4") as data:
                check(data, known, final)


def make_file_system(device: Path) -> None:
    """A small ext4 of 1 KiB blocks; lazy initialisation would write long after."""
    lazy = "lazy_itable_init=0,lazy_journal_init=0,nodiscard"
    command = ["mkfs.ext4", "-q", "-b", "1024", "-J", "size=1", "-E", lazy, str(device)]
    subprocess.run(command, check=True)


def check(data: Path, known: list[Promise], final: dict[str, bytes]) -> None:
    """Boot the box after the cut and hold it to what it had promised."""
    archive = Archive(data / "recordings", [])
    with closing(Store(data / "calls.db")) as store:
        store.lose_open("a power cut")
        missing = archive.sweep(store.promised())
        rows = [(record.id, record.recording) for record in store.calls()]
    states, here = dict(rows), {path.name for path in archive.folder.iterdir()}
    assert missing == []
    assert len(states) == len(rows), "a call is there twice"
    for promise in known:
        assert states[promise.call_id] == ("kept" if promise.what == "kept" else "discarded")
    assert here == {f"{call_id}.age" for call_id, state in rows if state == "kept"}
    assert all((archive.folder / name).read_bytes() == final[name] for name in here)
    assert not any(int(name[4:7]) % 2 for name in here), "an opted-out call came back"
