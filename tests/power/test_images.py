"""What a thief of the card finds: opted-out calls are not on it, in any file system's journal or history."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import wave
from contextlib import closing
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

    Formatted = Callable[..., AbstractContextManager[tuple[Path, Path]]]
    Count = Callable[[Iterable[bytes | memoryview], NDArray[np.int16]], int]

PROGRAM = Path(__file__).parent / "calls_of_noise.py"
CALLS, FRAMES, KILLS = 20, 200, 4
"""Calls of four seconds: half of each overflows, sealed, to the disk."""


def sound_of(number: int) -> NDArray[np.int16]:
    return np.random.default_rng(number).integers(-32768, 32768, (FRAMES * 160, 2), np.int16)


def box(data: Path, recipient: str, first: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(PROGRAM), str(data), recipient, str(first), str(CALLS), str(FRAMES)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def run_and_kill(data: Path, recipient: str) -> None:
    """Make all calls, with the box killed at random moments and started again."""
    dice, first = random.Random(4), 0
    for life in range(KILLS + 1):
        with box(data, recipient, first) as process:
            assert process.stdout is not None
            left = dice.randrange(20, 80) if life < KILLS else 1 << 30
            for line in process.stdout:
                first = int(json.loads(line)["call"].removeprefix("call")) + 1
                left -= 1
                if left == 0:
                    process.kill()
                    break
    assert first == CALLS
    assert process.returncode == 0


def allocated(image: Path) -> Iterator[bytes]:
    """The parts of a sparse file that were ever written."""
    with image.open("rb") as file:
        end, size = 0, image.stat().st_size
        while end < size:
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:
                return
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            yield os.pread(file.fileno(), end - start, start)


def check_kept(data: Path, identity: Path, scratch: Path) -> list[int]:
    """Export every kept call and compare it with what was spoken; the numbers of those calls."""
    archive, kept = Archive(data / "recordings", []), []
    with closing(Store(data / "calls.db")) as store:
        records, promised = store.calls(), store.promised()
    for record in records:
        number = int(record.id.removeprefix("call"))
        assert record.recording in {"kept", "lost"} if number % 2 == 0 else {"discarded", "lost"}
        if record.recording == "kept":
            archive.export(record.id, scratch / "out.wav", identity)
            with wave.open(str(scratch / "out.wav")) as wav:
                assert wav.readframes(wav.getnframes()) == sound_of(number).tobytes()
            kept.append(number)
    assert len(records) >= CALLS - KILLS
    assert {file.call_id for file in archive.files()} == promised
    return kept


@pytest.mark.parametrize("disk", [("ext4", 48, "data=ordered"), ("ext4", 48, "data=journal"), ("btrfs", 128)], ids=str)
def test_no_window_of_an_opted_out_call_is_on_the_disk_and_kept_calls_export(
    disk: tuple[str, int, str], formatted: Formatted, images: Path, count_windows: Count
) -> None:
    ring = key_ring(images / "keys")
    assert ring.made is not None
    with formatted(*disk) as (data, _):
        run_and_kill(data, ring.recipients[0])
        kept = check_kept(data, ring.made, images)
        planted = sound_of(kept[0])[:4000]
        (data / "planted.wav").write_bytes(planted.tobytes())
    pieces = list(allocated(images / f"{disk[0]}.img"))
    opted_out = np.concatenate([sound_of(number) for number in range(1, CALLS, 2)])
    assert count_windows(pieces, opted_out) == 0
    assert count_windows(pieces, planted) >= 2000, "the search does not find what was planted"
