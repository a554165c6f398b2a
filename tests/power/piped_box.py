"""A whole box whose line is standard input: int16 samples, frame after frame into one buffer, as a device would.

    python piped_box.py CONFIG DATA FRAMES

Answers, runs the call until FRAMES frames after the recording was discarded, says so, and waits for a byte.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.appliance.wiring import open_box
from ivrbox.lines.line import SILENCE, Capabilities, Heard, Line, Ringing
from ivrbox.prompts.clip import Clip
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from ivrbox.lines.line import Frame


class Mute:
    """A voice that says a tenth of a second of nothing."""

    name: Final = "mute"

    def available(self) -> bool:
        return True

    def speak(self, text: str) -> Clip:
        return Clip(np.zeros(800, np.int16), text)


class Pipe(Line):
    """Rings at once; once answered, hears what is piped in."""

    name = "pipe"
    capabilities = Capabilities(realtime=False)

    def __init__(self) -> None:
        self._source = io.FileIO(0)
        self._buffer = bytearray(2 * FRAME_SAMPLES)
        self._off_hook = False

    def answer(self) -> None:
        self._off_hook = True

    def hang_up(self) -> None:
        self._off_hook = False

    def exchange(self, said: Frame | None) -> Heard:
        del said
        if not self._off_hook:
            return Heard(SILENCE, (Ringing(),))
        window, filled = memoryview(self._buffer), 0
        while filled < len(window):
            got = self._source.readinto(window[filled:])
            assert got, "the pipe ended before the call"
            filled += got
        return Heard(np.frombuffer(self._buffer, np.int16))

    def forget(self) -> None:
        """Clear the buffer, as the next frame would."""
        self._buffer[:] = bytes(len(self._buffer))


def main() -> None:
    config, data, frames = sys.argv[1:]
    line = Pipe()
    with open_box(Path(config), Path(data), line=line, voice=Mute()) as box:
        left = int(frames)
        while left:
            box.attendant.tick()
            visit = box.attendant.visit
            left -= visit is not None and visit.call._recorder.receipt is not None
        line.forget()
        print("discarded", flush=True)  # noqa: T201 - the test waits for this line
        io.FileIO(0, closefd=False).read(1)


if __name__ == "__main__":
    main()
