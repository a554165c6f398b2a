"""Sound that a card lost: PyAudio hides it, so what came is counted against the clock.

    late = time passed - samples that came - samples that wait in the card's buffer

A reader that is merely slow finds the difference waiting in the buffer, so `late` stays; when the buffer has run over,
`late` jumps and stays up. It is read as its lowest value over the last moments, which a sound server's bursts of 25 ms
do not move, and against a level that follows the drift between the two clocks.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from ivrbox.units import FRAME_MS, FRAME_SAMPLES

WINDOW_MS: Final = 200
"""The lowest lateness of so long counts: a loss is known that much after it happened."""

DRIFT_SHARE: Final = 0.002
"""How much of a small difference becomes the new level, by the frame: a drift of 500 ppm is followed within 5 ms."""


class LossMeter:
    """Periods of a few frames in, lost samples (at 8000 Hz, whole frames) out."""

    def __init__(self, rate: int, frames: int = 1) -> None:
        """Measure a card of this rate in Hz, that gives so many frames of 20 ms at once."""
        self._rate = rate
        self._frame = rate * FRAME_MS // 1000
        self._frames = frames
        self._start_ns: int | None = None
        self._came = 0
        self._window = -(-WINDOW_MS // (frames * FRAME_MS))
        self._late: deque[float] = deque(maxlen=self._window)
        self._level: float | None = None

    def push(self, read_ns: int, waiting: int) -> int:
        """Take one period: when it was read, and how many samples waited behind it; give the samples lost before it."""
        self._came += self._frames * self._frame
        if self._start_ns is None:
            self._start_ns = read_ns
            self._came = -waiting
        passed = (read_ns - self._start_ns) * self._rate / 1e9
        self._late.append(passed - self._came - waiting)
        if len(self._late) < self._window:
            return 0
        return self._lost(min(self._late))

    def _lost(self, late: float) -> int:
        if self._level is None or late < self._level:
            self._level = late
        frames = int((late - self._level) // self._frame)
        if frames:
            self._level += frames * self._frame
        self._level += DRIFT_SHARE * self._frames * (late - self._level)
        return frames * FRAME_SAMPLES
