"""A call whose sound comes in on standard input and is discarded at a word: for looking into its memory from outside.

    python discarding_caller.py FRAMES

Says `KEY-ADDRESS recorded` when all is there, waits for a byte, discards, says whether that was verified, waits.
"""

from __future__ import annotations

import io
import sys

import numpy as np

from ivrbox.recordings import Recorder, Spool


def main() -> None:
    source = io.FileIO(0)
    spool = Spool(600)
    recorder, view = Recorder(spool), bytearray(640)
    frame = np.frombuffer(view, np.int16).reshape(160, 2)
    window = memoryview(view)
    for _ in range(int(sys.argv[1])):
        filled = 0
        while filled < len(window):
            filled += source.readinto(window[filled:])
        recorder.push(frame[:, 0], frame[:, 1])
    print(spool._vault.address, "recorded", flush=True)  # noqa: T201 - the test waits for this line
    source.read(1)
    verified = recorder.discard().verified
    frame[:] = 0
    print(verified, flush=True)  # noqa: T201 - and for this
    source.read(1)


if __name__ == "__main__":
    main()
