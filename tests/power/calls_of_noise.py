"""A box without a line: makes calls of noise on a folder, tells on its standard output what it has promised.

    python calls_of_noise.py DATA RECIPIENT FIRST LAST FRAMES [LOG]

Call N's sound is that of seed N; odd calls opt out near their end, when the system has written all it had to the
disk. At the start it does what a box does at boot. With LOG (of `fuse_disk.py`) each promise carries the log's length
at that moment.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.cdr import CallRecord, Store
from ivrbox.recordings import Archive, Recorder, Spool

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME = 160
STARTED = "2026-03-01T12:00:00+00:00"
ROOM_S = 1


class Box:
    """Keeps calls in one folder; `log` is a path, or "" for none."""

    def __init__(self, folder: Path, recipient: str, log: str) -> None:
        self.folder = folder
        self.store = Store(folder / "calls.db")
        self.archive = Archive(folder / "recordings", [recipient])
        self.spool = Spool(ROOM_S, overflow=folder / "overflow")
        self.log = log
        self.store.lose_open("the box went down")
        self.archive.sweep(self.store.promised())

    def call(self, number: int, frames: int) -> None:
        call_id, opts_out = f"call{number:03}", number % 2 == 1
        self.store.begin(call_id, "noise", None, STARTED, "open")
        recorder = Recorder(self.spool)
        for frame, sound in enumerate(sound_of(number, frames)):
            recorder.push(sound[:, 0], sound[:, 1])
            if frame % 20 == 0:
                self.tell("step", call_id)
            if opts_out and frame == frames - 5:
                self.sync()
                self.store.discarded(call_id, asdict(recorder.discard()))
                self.tell("discarded", call_id)
        self.end(recorder, call_id)
        recorder.release()

    def end(self, recorder: Recorder, call_id: str) -> None:
        recorder.end()
        self.tell("end", call_id)
        if recorder.receipt:
            self.store.finish(record(call_id, "discarded", asdict(recorder.receipt)))
            self.tell("finished", call_id)
        elif self.archive.keep(recorder, call_id, lambda: self.store.finish(record(call_id, "kept"))):
            self.tell("kept", call_id)

    def sync(self) -> None:
        """Have the system write out what it has for this disk, as it does every now and then."""
        folder = os.open(self.folder, os.O_RDONLY)
        ctypes.CDLL(None).syncfs(folder)
        os.close(folder)

    def tell(self, what: str, call_id: str) -> None:
        at = Path(self.log).stat().st_size if self.log else 0
        os.write(1, json.dumps({"what": what, "call": call_id, "at": at}).encode() + b"\n")


def sound_of(number: int, frames: int) -> NDArray[np.int16]:
    """The sound of a call, shape (frames, 160, 2)."""
    return np.random.default_rng(number).integers(-32768, 32768, (frames, FRAME, 2), np.int16)


def record(call_id: str, recording: str, receipt: dict[str, object] | None = None) -> CallRecord:
    return CallRecord(call_id, "noise", None, STARTED, 1.0, "hung_up", recording=recording, receipt=receipt)


def main() -> None:
    data, recipient, first, last, frames, *log = sys.argv[1:]
    box = Box(Path(data), recipient, "".join(log))
    for number in range(int(first), int(last)):
        box.call(number, int(frames))


if __name__ == "__main__":
    main()
