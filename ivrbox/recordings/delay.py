"""The delay line between the call and the spool: what is masked here was never recorded.

The detector needs tens of milliseconds to be sure of a key, and 5 ms of a tone are enough to read its digit. So
the sound waits in this line until the detector has had its say, and a mask reaches back to before the onset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ivrbox.recordings.memory import LockedMemory
from ivrbox.recordings.spool import CHUNK_SAMPLES, SAMPLE_BYTES, Spool
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ivrbox.recordings.mask import Mask


class DelayLine:
    """The newest samples of both directions, shape (n, 2), in locked memory; the oldest go on to the spool, masked.

    It holds at least `delay` samples, and hands on a second at a time. `passed` counts the samples handed on.
    """

    def __init__(self, spool: Spool, mask: Mask, delay: int) -> None:
        """Map the memory of the line."""
        self._spool = spool
        self._mask = mask
        size = (delay + CHUNK_SAMPLES + FRAME_SAMPLES) * SAMPLE_BYTES
        self._memory = LockedMemory(size, name="recording delay line")
        self._samples: NDArray[np.int16] = self._memory.bytes.view(np.int16).reshape(-1, 2)
        self._room = len(self._samples)
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

    def wipe(self) -> bool:
        """Zero the line; True when it reads back as zeros."""
        self._fill = 0
        return self._memory.wipe(0, self._memory.bytes.size)

    def _hand_on(self, count: int) -> None:
        oldest = self._samples[:count]
        self._mask.apply(oldest, self.passed)
        if not self._spool.is_full:
            self._spool.write(oldest)
        left = self._fill - count
        self._samples[:left] = self._samples[count : self._fill]
        self._samples[left : self._fill] = 0
        self._fill = left
        self.passed += count
        self._mask.forget_before(self.passed)
