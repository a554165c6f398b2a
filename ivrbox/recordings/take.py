"""One call's sound on its way: desk, mask, spool, and out again as what is to be kept.

heard ┐
├─▶ delay line ─▶ mask ─▶ spool ─▶ late masks ─▶ tail cut ─▶ content
said  ┘
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.recordings.delay import DelayLine
from ivrbox.recordings.mask import Mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.recordings.spool import Spool


class Take:
    """The sound of one call. It holds the spool from the start until `release`."""

    def __init__(self, spool: Spool, *, delay_samples: int, tone: bool) -> None:
        """Take the spool.

        Raises:
            SealError: another call still has it.
            ValueError: the delay is longer than the desk has room for.
        """
        self.spool = spool
        self._mask = Mask(tone=tone)
        self._late = Mask(tone=tone)
        self._line = DelayLine(spool, self._mask, delay_samples)
        self._cut = 0
        spool.take()
        self.push = self._line.push

    @property
    def samples(self) -> int:
        """Samples of each direction that `content` will give."""
        return max(min(self._line.passed - self._cut, self.spool.samples), 0)

    def mask(self, start: int) -> None:
        """Mask from the sample `start` until further notice, also what has left the delay line already."""
        self._mask.begin(start)
        self._late.span(start, self._line.passed)

    def unmask(self, end: int) -> None:
        """End the mask at the sample `end`."""
        self._mask.end(end)

    def mask_span(self, start: int, end: int) -> None:
        """Mask from start to end, also what has left the delay line already."""
        self._mask.span(start, end)
        self._late.span(start, min(end, self._line.passed))

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
            self._late.apply(chunk, at)
            yield chunk[: max(end - at, 0)]
            at += len(chunk)
