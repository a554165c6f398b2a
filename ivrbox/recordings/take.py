"""One call's sound on its way: desk, mask, spool, and out again as what is to be kept.

heard ┐
├─▶ delay line ─▶ mask ─▶ spool ─▶ mask, if it came late ─▶ tail cut ─▶ content
said  ┘
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.recordings.delay import DelayLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.recordings.mask import Mask
    from ivrbox.recordings.spool import Spool


class Take:
    """The sound of one call, and the mask that hides parts of it."""

    def __init__(self, spool: Spool, mask: Mask, *, delay_samples: int) -> None:
        """Take the spool.

        Raises:
            SealError: another call still has it.
            ValueError: the delay is longer than the desk has room for.
        """
        self.spool = spool
        self.mask = mask
        self._line = DelayLine(spool, self.mask, delay_samples)
        self._cut = 0
        spool.take()

    @property
    def samples(self) -> int:
        """Samples of each direction that `content` will give."""
        return max(min(self._line.passed - self._cut, self.spool.samples), 0)

    def push(self, heard: NDArray[np.int16], said: NDArray[np.int16]) -> None:
        """Take in at most 160 samples of each direction."""
        self._line.push(heard, said)

    def trim(self, samples: int) -> None:
        """Leave so many samples off the tail."""
        self._cut = max(self._cut, samples)

    def finish(self) -> None:
        """Nothing more is coming: empty the delay line into the spool."""
        self._line.drain()

    def content(self) -> Iterator[NDArray[np.int16]]:
        """What is to be kept, a second at a time, shape (n, 2), each valid until the next is asked for.

        Raises:
            SealError: the memory does not hold what was put there.
        """
        at, end = 0, self.samples
        for chunk in self.spool.chunks():
            self.mask.apply(chunk, at)
            yield chunk[: max(end - at, 0)]
            at += len(chunk)
