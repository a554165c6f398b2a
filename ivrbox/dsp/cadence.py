"""Cadence: is a sound that goes on and off the one that a table names?

A *run* is a stretch of on or of off. A pattern of n pairs (on, off) may be met at any of its pairs, so a count is kept
for each place in it:

    pattern (400 350)(225 525)      pairs heard   (225 525)  (400 350)  (225 525)  (400 900)
    chain that ends at pair 0                         0          2          0          0
    chain that ends at pair 1                         1          0          3          0

A pair that fits place p lengthens the chain that ended at the place before p; any other pair ends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLERANCE: Final = 0.10
"""By how much a run may be longer or shorter than its table says (exchanges and detectors alike work with 10 %)."""

STEP_MS: Final = 10.0
"""... besides what the measuring adds: runs are told in hops of the tone detector."""

SLACK_MS: Final = 25.0
"""What the edges of a run may be off by in any case: the hop and half the window of the tone detector."""


class CadenceMatcher:
    """Counts how many whole cycles of one cadence have been heard without a break."""

    def __init__(self, cadence_ms: Sequence[float]) -> None:
        """Take the cadence as ms on, off, on, off ...

        Raises:
            ValueError: not pairs, or nothing at all.
        """
        if not cadence_ms or len(cadence_ms) % 2:
            raise ValueError(f"cadence: must be pairs of ms on and off, not {tuple(cadence_ms)}")
        self._pairs = tuple(zip(cadence_ms[::2], cadence_ms[1::2], strict=True))
        self._chains = [0] * len(self._pairs)

    @property
    def cycles(self) -> float:
        """Cycles in the chain that ends with the last pair; 0 after a pair that fits nowhere."""
        return max(self._chains) / len(self._pairs)

    def push(self, on_ms: float, off_ms: float) -> float:
        """Take the next pair of runs; give the cycles so far."""
        self._chains = [
            self._chains[place - 1] + 1 if _fits(on_ms, on) and _fits(off_ms, off) else 0
            for place, (on, off) in enumerate(self._pairs)
        ]
        return self.cycles

    def reset(self) -> None:
        """Something that is no part of any cadence was heard: start again."""
        self._chains = [0] * len(self._pairs)


def _fits(heard_ms: float, nominal_ms: float) -> bool:
    return abs(heard_ms - nominal_ms) <= max(SLACK_MS, TOLERANCE * nominal_ms + STEP_MS)
