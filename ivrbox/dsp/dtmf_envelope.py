r"""The envelope of a press: how strong its two tones are from window to window, where they begin and where they end.

level - - - - - ____________________ - - - - - row
               /\__          __     \
half  - - - - / -  \ - - - _/ - \- - \ - - - - the mean of both, in dB, decides
           __/      \_____/      \____\_______ column: GSM 06.10 takes it away for a moment
             |                         |
           onset                      end

Levels are those that a quarter of the newest windows reach. Times are samples as windows count them: window w ends
before 16 * (w + 1).
"""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, Final

from ivrbox.dsp.dtmf_windows import RUN
from ivrbox.dsp.goertzel import HOP, OVERLAP, WINDOW
from ivrbox.units import SAMPLES_PER_MS

if TYPE_CHECKING:
    from ivrbox.dsp.dtmf_windows import WindowHistory

LEVEL_WINDOWS: Final = 32
"""Newest windows that say how strong the tones are; so many may be taken at once."""

MOST_SKEW_MS: Final = 10.0
"""What is further apart than this did not begin together, however far it is."""

_HALF: Final = 4.0
"""Power ratio of half amplitude: where a tone begins or ends, a window is half full of it."""

_HIT: Final = 6.0
"""Power ratio: a window has tones that are at most 7.8 dB weaker than the key's, in the mean, so no echo 10 dB down."""

_DIP: Final = 30.0
"""Power ratio: and none of them is more than 15 dB weaker."""

_FADED: Final = 2.0
"""Power ratio: a tone 3 dB down may be on its way out."""

_MIDDLE: Final = WINDOW // 2
_LOOK_BACK: Final = 30
_SETTLED: Final = 40
_REMEMBERED: Final = 512


def end_of(window: int) -> int:
    """Sample before which a window ends."""
    return HOP * (window + 1)


def first_full(onset: float) -> int:
    """The first window that lies within a key with this onset."""
    return math.ceil(onset / HOP) + OVERLAP - 1


class Envelope:
    """Powers of the row and the column tone since 60 ms before a run of labels, and their products."""

    def __init__(self, history: WindowHistory, channels: tuple[int, int], seed: int) -> None:
        """Begin with the window that ends a run of equal labels."""
        self._first = seed - _LOOK_BACK
        self._seed = self.newest = seed
        self._powers = tuple(history.tone_powers(channel, self._first, _LOOK_BACK + 1) for channel in channels)
        self._products = list(map(mul, *self._powers))
        self.levels = [max(powers[-RUN:]) for powers in self._powers]
        self._skew_ms = MOST_SKEW_MS

    def extend(self, rows: list[float], columns: list[float], products: list[float]) -> None:
        """Take the powers of the next windows."""
        for known, new in zip((*self._powers, self._products), (rows, columns, products), strict=True):
            known.extend(new)
        self.newest += len(products)

    def forget(self) -> None:
        """Let go of what is long past."""
        surplus = max(0, len(self._products) - _REMEMBERED)
        for known in (*self._powers, self._products):
            del known[:surplus]
        self._first += surplus

    def measure_levels(self) -> None:
        """Find the levels of the tones."""
        start = max(len(self._products) - LEVEL_WINDOWS, _LOOK_BACK + 1 - RUN)
        for group, powers in enumerate(self._powers):
            newest = sorted(powers[start:])
            self.levels[group] = newest[3 * len(newest) // 4]

    @property
    def hits(self) -> tuple[float, float, float]:
        """What row, column and their product have at least in a window that has the tones."""
        row, column = self.levels
        return row / _DIP, column / _DIP, row * column / _HIT**2

    def has_faded(self, row: float, column: float) -> bool:
        """Whether one of the tones is weaker than it was."""
        return row * _FADED < self.levels[0] or column * _FADED < self.levels[1]

    @property
    def share_held(self) -> float:
        """Amplitude of the newest window over the key's, for the tone that has less of it."""
        return math.sqrt(min(powers[-1] / level for powers, level in zip(self._powers, self.levels, strict=True)))

    @property
    def is_young(self) -> bool:
        """Whether it may still turn out that the tones began at another time."""
        return self.newest - self._seed <= _SETTLED

    def find_onset(self) -> float | None:
        """Where the tones rose to half of their amplitude; None if that is not seen."""
        return self._rise(self._products, self._half)

    def find_skew_ms(self) -> float:
        """How far apart the two tones began, at most 10 ms, as seen when the press was young."""
        if self.is_young:
            row, column = (
                self._rise([power * power for power in powers], (level / _HALF) ** 2)
                for powers, level in zip(self._powers, self.levels, strict=True)
            )
            apart = math.inf if row is None or column is None else abs(row - column) / SAMPLES_PER_MS
            self._skew_ms = min(MOST_SKEW_MS, apart)
        return self._skew_ms

    def find_end(self, last_hit: int) -> float:
        """Where the tones fell below half of their amplitude for the last time until a window that has them."""
        products, half = self._products, self._half
        last = last_hit - self._first
        while last > 0 and products[last] < half:
            last -= 1
        fall = _crossing(products[last], products[last + 1], half) if last + 1 < len(products) else 0.0
        return end_of(self._first + last) - _MIDDLE + fall * HOP

    def mean_powers(self, onset: float, end: float) -> list[float]:
        """Mean power of row and column over the windows that lie within a key; the greatest where none does."""
        start = max(0, first_full(onset) - self._first)
        stop = math.floor(end / HOP) - self._first
        if stop <= start:
            return [max(powers) for powers in self._powers]
        return [math.fsum(powers[start:stop]) / (stop - start) for powers in self._powers]

    def has_hole(self, first: int, last: int) -> bool:
        """Whether in one of these windows both tones are away; where two tones of a group beat, the other's goes on."""
        span = slice(max(first - self._first, 0), last + 1 - self._first)
        row_hit, column_hit = (level / _HIT for level in self.levels)
        rows, columns = (powers[span] for powers in self._powers)
        return any(row < row_hit and column < column_hit for row, column in zip(rows, columns, strict=True))

    @property
    def _half(self) -> float:
        return self.levels[0] * self.levels[1] / _HALF**2

    def _rise(self, products: list[float], half: float) -> float | None:
        """Sample at which products of two powers rose to `half`, before the run of labels or in it, if that is seen."""
        at = _LOOK_BACK
        while at < len(products) - 1 and products[at] < half:
            at += 1
        if products[at] < half:
            return None
        while at >= 0 and products[at] >= half:
            at -= 1
        if at < 0:
            return None
        part = _crossing(products[at], products[at + 1], half)
        return end_of(self._first + at) - _MIDDLE + part * HOP


def _crossing(here: float, there: float, half: float) -> float:
    """Where between two windows the mean amplitude lies, from 0 (here) to 1 (there); all as products of two powers."""
    start, stop, mean = (math.sqrt(math.sqrt(product)) for product in (here, there, half))
    return min(1.0, max(0.0, (mean - start) / (stop - start))) if start != stop else 0.0
