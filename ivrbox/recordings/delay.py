"""The delay line between the call and the spool: what is masked here was never recorded.

The detector needs tens of milliseconds to be sure of a key, and 5 ms of a tone are enough to read its digit. So
the sound waits in this line until the detector has had its say, and a mask reaches back to before the onset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.recordings.spool import CHUNK_SAMPLES, MAX_DELAY, Spool
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.recordings.mask import Mask


class DelayLine:
    """The newest samples of both directions, shape (n, 2), in locked memory; the oldest go on to the spool, masked.

    It holds at least `delay` samples, and hands on a second at a time. `passed` counts the samples handed on.
    """

    def __init__(self, spool: Spool, mask: Mask, delay: int) -> None:
        """Lay the line out on the spool's desk; `delay` in samples, at most a second."""
        if not 0 <= delay <= MAX_DELAY:
            raise ValueError(f"delay line: must be 0 to {MAX_DELAY} samples, not {delay}")
        self._spool = spool
        self._mask = mask
        self._room = delay + CHUNK_SAMPLES + FRAME_SAMPLES
        self._samples: NDArray[np.int16] = spool.desk[: self._room]
        self._fill = 0
        self.passed = 0

    def push(self, heard: NDArray[np.int16], said: NDArray[np.int16]) -> None:
        """Append at most 160 samples of each direction."""
        if self._fill + len(heard) > self._room:
            self._hand_on(CHUNK_SAMPLES)
        end = self._fill + len(heard)
        self._samples[self._fill : end, 0] = heard
        self._samples[self._fill : end, 1] = said
        self._fill = end

    def drain(self) -> None:
        """Hand on all that is left."""
        while self._fill:
            self._hand_on(min(CHUNK_SAMPLES, self._fill))
        self._samples[:] = 0

    def _hand_on(self, count: int) -> None:
        oldest = self._samples[:count]
        self._mask.apply(oldest, self.passed)
        self._spool.write(oldest)
        left = self._fill - count
        self._samples[:left] = self._samples[count : self._fill]
        self._samples[left : self._fill] = 0
        self._fill = left
        self.passed += count
