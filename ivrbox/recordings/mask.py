"""Which samples of a call are masked, and with what."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.units import FRAME_SAMPLES, SAMPLE_RATE, dbm0_to_amplitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TONE_HZ = 400  # far from every DTMF group (697-941 and 1209-1633 Hz), and 8 whole cycles a frame
_TONE_DBM0 = -32.0
_OPEN: Final = sys.maxsize


class Mask:
    """Spans of samples, counted from the start of the call; the newest may still be open.

    Each is widened by `guard` samples on both sides when it is applied: a detector knows onset and end of a tone to
    within some ms, and that much of a tone is enough to read its digit.
    """

    def __init__(self, *, tone: bool = False, guard: int = 0) -> None:
        """Mask with silence, or with a soft tone of 400 Hz at -32 dBm0."""
        self._guard = guard
        phase = 2 * np.pi * _TONE_HZ * np.arange(FRAME_SAMPLES) / SAMPLE_RATE
        amplitude = dbm0_to_amplitude(_TONE_DBM0) if tone else 0.0
        self._cycle: NDArray[np.int16] = np.rint(amplitude * np.sin(phase)).astype(np.int16)
        self._spans: list[tuple[int, int]] = []

    def begin(self, start: int) -> None:
        """Mask from the sample `start` until further notice."""
        self.end(start)
        self._spans.append((start, _OPEN))

    def end(self, end: int) -> None:
        """Mask no further than to the sample `end`, if a mask is open."""
        if self._spans and self._spans[-1][1] == _OPEN:
            start, _ = self._spans.pop()
            self.span(start, end)

    def span(self, start: int, end: int) -> None:
        """Mask from start to end; an open mask stays open."""
        if end > start:
            self._spans.insert(0, (start, end))

    def apply(self, samples: NDArray[np.int16], position: int) -> None:
        """Put the fill over whatever is masked of `samples`, shape (n, 2), whose first is the sample `position`."""
        for start, stop in self._spans:
            first = max(start - self._guard, position)
            last = min(stop + self._guard, position + len(samples))
            if first < last:
                samples[first - position : last - position] = self._fill(first, last - first)[:, np.newaxis]

    def _fill(self, start: int, count: int) -> NDArray[np.int16]:
        """The fill for so many samples from `start`: its phase runs through the call without a break."""
        return np.resize(np.roll(self._cycle, -(start % FRAME_SAMPLES)), count)
