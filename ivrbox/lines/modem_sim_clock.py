"""The clock of a simulated modem, counted in samples, and what is to happen when."""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class SimClock:
    """Time that only `advance_to` moves; what was put on it by `later` happens at its sample."""

    def __init__(self) -> None:
        """Begin at sample 0, with nothing to do."""
        self.now = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._number = count()

    @property
    def next_due(self) -> int:
        """The sample at which something happens next."""
        return self._agenda[0][0]

    def later(self, samples: int, act: Callable[[], None]) -> None:
        """Do this so many samples from now; what is due at the same sample happens in the order it was put."""
        heapq.heappush(self._agenda, (self.now + samples, next(self._number), act))

    def advance_to(self, sample: int) -> None:
        """Let time pass, up to this sample."""
        while self._agenda and self.next_due <= sample:
            self.now, _, act = heapq.heappop(self._agenda)
            act()
        self.now = max(self.now, sample)

    def clear(self) -> None:
        """Nothing of what was to happen will."""
        self._agenda.clear()
