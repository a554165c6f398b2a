"""Ringing on a pin: a train of pulses at 15-68 Hz, or twice that, becomes bursts, and bursts become rings.

    |||||||||||||||||||            |||||||||||||||||||        |                 || |
    '---- a burst ----'  -- gap -- '---- a burst ----'    reversal             splash

An opto-coupler behind a capacitor conducts once a cycle of the ringing (H11AA1 or a bridge: twice), so ringing is never
a level; a debounce would delete it. Pulses less than 150 ms apart are one burst. A burst counts as a ring once it is
long enough for the country's cadence; where the cadence rings twice, at its second half. A shorter burst (the cable
alert before caller ID in the UK lasts 200-450 ms) is no ring, but two such in a row are: better to answer a ringing
that the table does not know than to let it ring for ever.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BURST_GAP_MS: Final = 150.0
"""Pulses further apart belong to two bursts; the slowest ringing has a pulse each 67 ms."""

SHORTEST_BURST_MS: Final = 100.0
PULSES_HZ: Final = (13.0, 150.0)
"""Rates of pulses that ringing can have: 15-68 Hz, one or two a cycle, 10 % either way."""

ENOUGH: Final = 0.6
"""Share of the cadence's burst that makes it a ring: 600 ms where 1000 ms are due."""

FORGET_MS: Final = 8000.0
"""Ringing that pauses longer has stopped: longer than any cadence's own pause."""

_BOUNCE_MS: Final = 20.0


class RingFact(StrEnum):
    """What the pin has shown."""

    RING = "ring"
    SHORT_RING = "short ring"  # a burst in the right frequency that no cadence knows
    REVERSAL = "polarity reversal"
    SPLASH = "splash"  # pulses that are neither: lightning, a hook flash next door, pulse dialling


class RingWatch:
    """Pulses in, facts out; all times are milliseconds on one axis, whose zero is anywhere."""

    def __init__(self, cadence_ms: Sequence[float]) -> None:
        """Take the country's ringing as ms on, off, on, off ..."""
        self._enough_ms = ENOUGH * cadence_ms[0]
        self._is_double = len(cadence_ms) > 2  # noqa: PLR2004 - more than one pair of on and off
        self._pair_gap_ms = 1.5 * cadence_ms[1]
        self._first = self._last = 0.0
        self._pulses = 0
        self._is_told = False
        self._half_at: float | None = None  # end of a first half that waits for its second
        self._odd = 0
        self._odd_at = 0.0

    def push(self, pulses_ms: Iterable[float], now_ms: float) -> list[RingFact]:
        """Take the pulses since the last time, in order, and the time now; give what has become certain."""
        facts: list[RingFact] = []
        for at in pulses_ms:
            facts += self._close(at)
            if not self._pulses:
                self._first = at
            self._last = at
            self._pulses += 1
            facts += self._tell_ring()
        return facts + self._close(now_ms) + self._miss_second_half(now_ms)

    @property
    def _length_ms(self) -> float:
        return self._last - self._first

    @property
    def _is_ringing(self) -> bool:
        if self._length_ms < SHORTEST_BURST_MS:
            return False
        return PULSES_HZ[0] <= 1000 * (self._pulses - 1) / self._length_ms <= PULSES_HZ[1]

    def _tell_ring(self) -> list[RingFact]:
        """Count the burst as a ring while it lasts, once."""
        if self._is_told or not self._is_ringing or self._length_ms < self._enough_ms:
            return []
        if self._is_double and self._half_at is None:
            return []
        self._is_told, self._half_at, self._odd = True, None, 0
        return [RingFact.RING]

    def _close(self, now_ms: float) -> list[RingFact]:
        """End the burst if its last pulse is long enough ago."""
        if not self._pulses or now_ms - self._last <= BURST_GAP_MS:
            return []
        fact = self._closed()
        self._pulses, self._is_told = 0, False
        return fact

    def _closed(self) -> list[RingFact]:
        if self._is_told:
            return []
        if self._is_ringing:
            return self._odd_burst()
        if self._pulses == 1 or self._length_ms < _BOUNCE_MS:
            return [RingFact.REVERSAL]
        return [RingFact.SPLASH]

    def _odd_burst(self) -> list[RingFact]:
        if self._is_double and self._half_at is None and self._length_ms >= self._enough_ms:
            self._half_at = self._last
            return []
        return self._count_odd(self._last)

    def _miss_second_half(self, now_ms: float) -> list[RingFact]:
        if self._half_at is None or self._pulses or now_ms - self._half_at <= self._pair_gap_ms + BURST_GAP_MS:
            return []
        at, self._half_at = self._half_at, None
        return self._count_odd(at)

    def _count_odd(self, at: float) -> list[RingFact]:
        self._odd = 1 if at - self._odd_at > FORGET_MS else self._odd + 1
        self._odd_at = at
        if self._odd < 2:  # noqa: PLR2004 - two in a row
            return [RingFact.SHORT_RING]
        self._odd = 0
        return [RingFact.RING]
