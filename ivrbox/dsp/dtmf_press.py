r"""One press: two tones that may be a key, from the first windows that show them to their end.

amplitude      ____________           ________
half  - - - - / - - - - - -\- - - - -/- - - - \- - - - - - - - - - - - - -
           __/              \_______/          \__________________________
window     . h h h h h h h h m m m m h h h h h m m m m m m m m m m m m m
             |     |       |    |              |                       |
         onset   run of 5  |    hole: bridged  end                     13th miss in
                 labels    first look, at 28.5 ms,                     a row: released
                           then more while in doubt
"""

from __future__ import annotations

import math
from enum import Enum
from operator import mul
from typing import TYPE_CHECKING, Final

from ivrbox.dsp.dtmf_evidence import measure_tone, second_tones, spectra_until, surroundings
from ivrbox.dsp.dtmf_verdict import MOST_DEVIATION, Evidence, is_held, is_key, off_frequency, off_level, second_tone
from ivrbox.dsp.dtmf_windows import NO_KEY, RUN
from ivrbox.dsp.goertzel import HOP, SPECTRUM_WINDOW, TONE_GAIN, WINDOW, hann_loss_db
from ivrbox.dsp.keys import COLUMNS_HZ, ROWS_HZ
from ivrbox.units import amplitude_to_dbm0

if TYPE_CHECKING:
    from ivrbox.dsp.dtmf_evidence import Running, Tone
    from ivrbox.dsp.dtmf_windows import WindowHistory

SHORTEST: Final = 228
"""Samples of tone that are a key, at least: 28.5 ms. 40 ms is one, 25 ms (Australia) is none (ITU-T Q.24, A-1)."""

HOLE_WINDOWS: Final = 13
"""Windows in a row without the tones that end a key. A hole of 20 ms (Denmark) makes 11 of them at most, a pause of
30 ms (NTT, Brazil) 13 at least (ITU-T Q.24, table A-1)."""

LONGEST_DOUBT: Final = 464
"""Samples, 58 ms: an onset is reported within this time or moved up to it, so that what follows need not wait."""

LEVEL_WINDOWS: Final = 32
"""Newest windows that say how strong the tones are; so many may be taken at once."""

ECHO_DELAY: Final = 1600
"""Samples, 200 ms: what begins so soon after a key, as the same key but much weaker, is its echo."""

ECHO_LOSS: Final = 6.3
"""Power ratio, 8 dB: AT&T has echoes that are 10 dB down (ITU-T Q.24, table A-1)."""

_HIT: Final = 6.0
"""Power ratio: a window has tones that are at most 7.8 dB weaker than the key's, in the mean of both in dB, so no echo
10 dB down. In the mean, since GSM 06.10 takes one tone away for a moment and gives the other more."""

_DIP: Final = 30.0
"""Power ratio: and none of them is more than 15 dB weaker."""

_FADED: Final = 2.0
"""Power ratio: a tone 3 dB down may be on its way out."""

_HALF: Final = 4.0
"""Power ratio of half amplitude: where a tone begins or ends, a window is half full of it. A key begins and ends where
the mean of its tones, in dB, passes it."""

_MIDDLE: Final = WINDOW // 2
_PARTS: Final = WINDOW // HOP
_LOOK_BACK: Final = 30
_SETTLED: Final = 40
_REACH: Final = 1360
_REMEMBERED: Final = 512
_LONGEST_SPAN: Final = 24
_SHORTEST_SPAN: Final = 6
_MOST_SKEW_MS: Final = 10.0
_LEAD: Final = 32
_PER_MS: Final = 8
_SOON: Final = 2
_LATER: Final = 5
_RARELY: Final = 12
_STALE: Final = 20
_SPECTRUM_WINDOWS: Final = SPECTRUM_WINDOW // HOP
_PASSING_DOUBTS: Final = frozenset({"speech-like", "two rows", "two columns"})


class Turn(Enum):
    """What is to be decided after some windows."""

    NOTHING = "all taken"
    LOOK = "time to weigh the evidence"
    OVER = "the tones are over"
    RIVAL = "the next window is another key's"


def end_of(window: int) -> int:
    """Sample before which a window ends."""
    return HOP * (window + 1)


class Press:
    """A candidate, later maybe a key. Times are samples as windows count them: window w ends before 16 * (w + 1)."""

    def __init__(self, history: WindowHistory, seed: int, digit: int, earliest: int) -> None:
        """Begin with the window that ends a run of equal labels; the onset is not before `earliest`."""
        self.digit = digit
        self.channels = digit // 4, 4 + digit % 4
        self._powers: tuple[list[float], ...] = tuple(
            history.tone_powers(channel, seed - _LOOK_BACK, _LOOK_BACK + 1) for channel in self.channels
        )
        self._products = list(map(mul, *self._powers))
        self._levels = [max(powers[-RUN:]) for powers in self._powers]
        self._label, self._run = digit, RUN
        self._seed = self._newest = self._taken = self._last_hit = self._last_lead = self._next_look = seed
        self._before: tuple[float, Running] | None = None
        self._now: Running = []
        self._skew_ms = _MOST_SKEW_MS
        self._earliest = earliest
        self.misses = 0
        self.down = False
        self.reason = ""
        self.evidence: Evidence | None = None
        self.onset = float(earliest)
        self._find_onset()
        self._earliest = max(earliest, math.floor(self.onset) - _LEAD)

    def follow(self, history: WindowHistory, labels: bytes) -> tuple[int, Turn]:
        """Take the next windows, which have these labels, until one needs a decision; give how many, and which."""
        steps = min(len(labels), LEVEL_WINDOWS - self._newest % LEVEL_WINDOWS)
        rows, columns = (history.tone_powers(channel, self._newest + 1, steps) for channel in self.channels)
        products = list(map(mul, rows, columns))
        turn = self._take(history, labels, rows, columns, products)
        taken = self._newest - self._taken
        self._products.extend(products[:taken])
        self._powers[0].extend(rows[:taken])
        self._powers[1].extend(columns[:taken])
        self._taken = self._newest
        if self._newest % LEVEL_WINDOWS == 0:
            self._tidy()
        return taken, turn

    def _take(
        self, history: WindowHistory, labels: bytes, rows: list[float], columns: list[float], products: list[float]
    ) -> Turn:
        """The loop over windows that most of the time goes into: bare, and without a call where none is needed."""
        digit, label_before, run, misses = self.digit, self._label, self._run, self.misses
        row_level, column_level = self._levels
        row_hit, column_hit, hit = row_level / _DIP, column_level / _DIP, row_level * column_level / _HIT**2
        stale, look = (math.inf, math.inf) if self.down else (_STALE, self._next_look_due())
        newest, turn = self._newest, Turn.NOTHING
        for label, row, column, product in zip(labels, rows, columns, products, strict=False):
            run = run + 1 if label == label_before else 1
            label_before = label
            if run >= RUN and label != NO_KEY:
                if label == digit:
                    self._last_lead = newest + 1
                elif misses > 0 or self._is_outdone(history.leading(newest + 1), (row, column)):
                    turn = Turn.RIVAL
                    break
            newest += 1
            if product >= hit and row >= row_hit and column >= column_hit:
                misses, self._last_hit = 0, newest
            else:
                misses += 1
            if misses >= HOLE_WINDOWS or newest - self._last_lead >= stale:
                turn = Turn.OVER
                break
            if newest >= look and misses == 0:
                turn = Turn.LOOK
                break
        self._newest, self._label, self._run, self.misses = newest, label_before, run, misses
        return turn

    def _is_outdone(self, rival: tuple[float, float], mine: tuple[float, float]) -> bool:
        """Whether another key's tones end this press: they lead clearly, and a key that is down has faded."""
        leads = rival[0] * rival[1] > 2 * mine[0] * mine[1]
        faded = any(power * _FADED < level for power, level in zip(mine, self._levels, strict=True))
        return leads and (faded or not self.down)

    def _next_look_due(self) -> int:
        """First window at which it may be time to weigh the evidence, if it has the tones."""
        return max(self._next_look, math.ceil((self.onset + SHORTEST) / HOP) - 1)

    @property
    def earliest(self) -> int:
        """Earliest onset that may still be reported."""
        return max(self._earliest, end_of(self._newest) - LONGEST_DOUBT)

    @property
    def end(self) -> float:
        """Where the tones fell below half of their amplitude for the last time."""
        products, half = self._products, self._half
        last = len(products) - 1 - (self._newest - self._last_hit)
        while last > 0 and products[last] < half:
            last -= 1
        fall = _crossing(products[last], products[last + 1], half) if last + 1 < len(products) else 0.0
        return end_of(self._newest - len(products) + 1 + last) - _MIDDLE + fall * HOP

    @property
    def _half(self) -> float:
        """Product of the tones' powers where the mean of their amplitudes, in dB, is half of the key's."""
        return self._levels[0] * self._levels[1] / _HALF**2

    def look(self, history: WindowHistory) -> bool:
        """Weigh the evidence while the tones are on; whether this is a key."""
        self._measure_levels()
        self._find_onset()
        age = end_of(self._newest) - self.onset
        if age < SHORTEST:
            return False
        share = min(powers[-1] / level for powers, level in zip(self._powers, self._levels, strict=True))
        if not is_held(age / _PER_MS, math.sqrt(share)):
            self._next_look, self.reason = self._newest + _SOON, "unsteady"
            return False
        heard = self._weigh(history, self._newest, end_of(self._newest))
        again = _SOON if self.reason in _PASSING_DOUBTS else _LATER
        self._next_look = self._newest + (again if age < LONGEST_DOUBT else _RARELY)
        return heard

    def last_look(self, history: WindowHistory) -> bool:
        """Weigh the evidence when the tones are over; whether this was a key."""
        self._measure_levels()
        end = self.end
        if end - self.onset < SHORTEST:
            self.reason = f"too short {max(0.0, end - self.onset) / _PER_MS:.0f} ms"
            return False
        return self._weigh(history, self._last_hit - _PARTS // 2, math.floor(end))

    def examine(self, history: WindowHistory) -> Evidence:
        """The evidence, whatever it is worth: that of the last look, or of one taken now."""
        if self.evidence is None:
            last = max(self._last_hit - _PARTS // 2, self._seed)
            first = self._first_full(last)
            row, column = (measure_tone(history, channel, first, last) for channel in self.channels)
            self.evidence = self._gather(history, (row, column), self._dbm0(self._levels, (row, column)), end_of(last))
        return self.evidence

    def refuse(self, reason: str) -> None:
        """Take the verdict back."""
        self.down, self.reason = False, reason

    def is_echo_of(self, key: Press) -> bool:
        """Whether this is an earlier key come back: the same, soon after, and much weaker."""
        weak = all(mine * ECHO_LOSS < its for mine, its in zip(self._levels, key._levels, strict=True))
        return self.digit == key.digit and weak and self.onset - key.end < ECHO_DELAY

    def lose(self, samples: int) -> None:
        """So many samples were lost, which windows do not count: what was before them is that much earlier."""
        self.onset -= samples
        self._label = NO_KEY

    def levels(self, end: float, tones: tuple[Tone, Tone]) -> tuple[float, float]:
        """Level of row and column in dBm0, by the windows that lie within the key, at the tones' true frequencies."""
        first = self._newest - len(self._powers[0]) + 1
        start = max(0, math.ceil(self.onset / HOP) + _PARTS - 1 - first)
        stop = math.floor(end / HOP) - first
        means = [
            math.fsum(powers[start:stop]) / (stop - start) if stop > start else max(powers) for powers in self._powers
        ]
        return self._dbm0(means, tones)

    def _weigh(self, history: WindowHistory, last: int, until: int) -> bool:
        first = self._first_full(last)
        row = measure_tone(history, self.channels[0], first, last, MOST_DEVIATION)
        self.reason = off_frequency("row", row)
        if self.reason:
            return False
        tones = row, measure_tone(history, self.channels[1], first, last, MOST_DEVIATION)
        dbm0 = self._dbm0(self._levels, tones)
        self.reason = off_frequency("column", tones[1]) or off_level(*dbm0)
        if self.reason:
            return False
        self.evidence = self._gather(history, tones, dbm0, until)
        self.down = is_key(self.evidence, (until - self.onset) / _PER_MS)
        self.reason = "" if self.down else "speech-like"
        if (
            self.down
            and self._is_whole(last)
            and (second := second_tone(*second_tones(self._now, *self._true_hz(tones))))
        ):
            self.refuse(second)
        return self.down

    def _is_whole(self, last: int) -> bool:
        """Whether no hole lies in what the spectrum saw until window `last`: its edges hold tones of all frequencies.

        A hole takes both tones; where two tones of a group beat, the other group's goes on.
        """
        first = self._newest + 1 - len(self._powers[0])
        start = max(math.ceil(self.onset / HOP) + _PARTS - 1, last + 1 - _SPECTRUM_WINDOWS, first) - first
        row, column = (
            [power < level / _HIT for power in powers[start : last + 1 - first]]
            for powers, level in zip(self._powers, self._levels, strict=True)
        )
        return not any(map(all, zip(row, column, strict=True)))

    def _first_full(self, last: int) -> int:
        """First of the windows until `last` by which tones are measured: full of the key, or as many as it takes."""
        full = max(math.ceil(self.onset / HOP) + _PARTS - 1, last + 1 - _LONGEST_SPAN)
        return min(full, last + 1 - _SHORTEST_SPAN)

    def _gather(
        self, history: WindowHistory, tones: tuple[Tone, Tone], dbm0: tuple[float, float], until: int
    ) -> Evidence:
        if self._before is None or abs(self._before[0] - self.onset) > HOP:
            before = max(math.floor(self.onset) - HOP, end_of(self._newest) - _REACH)
            self._now, running = spectra_until(history, until, before)
            self._before = self.onset, running
        else:
            (self._now,) = spectra_until(history, until)
        around = surroundings(self._now, self._before[1], *self._true_hz(tones))
        return Evidence(*tones, *dbm0, self._find_skew_ms(), around)

    def _true_hz(self, tones: tuple[Tone, Tone]) -> tuple[float, float]:
        row, column = (hertz * (1 + tone.deviation) for hertz, tone in zip(self._hertz(), tones, strict=True))
        return row, column

    def _hertz(self) -> tuple[int, int]:
        return ROWS_HZ[self.digit // 4], COLUMNS_HZ[self.digit % 4]

    def _dbm0(self, powers: list[float], tones: tuple[Tone, Tone]) -> tuple[float, float]:
        row, column = (
            round(amplitude_to_dbm0(math.sqrt(power) / TONE_GAIN) + hann_loss_db(tone.deviation * hertz, WINDOW), 2)
            for power, tone, hertz in zip(powers, tones, self._hertz(), strict=True)
        )
        return row, column

    def _measure_levels(self) -> None:
        for group, powers in enumerate(self._powers):
            newest = sorted(powers[max(len(powers) - LEVEL_WINDOWS, _LOOK_BACK + 1 - RUN) :])
            self._levels[group] = newest[3 * len(newest) // 4]

    def _tidy(self) -> None:
        if self.down and self.misses == 0:
            self._measure_levels()
        for powers in (*self._powers, self._products):
            del powers[:-_REMEMBERED]

    def _find_onset(self) -> None:
        if self._newest - self._seed > _SETTLED:
            return
        moment = self._rise(self._products, self._half)
        self.onset = float(self._earliest) if moment is None else max(float(self._earliest), moment)

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
        return end_of(self._seed - _LOOK_BACK + at) - _MIDDLE + part * HOP

    def _find_skew_ms(self) -> float:
        """How far apart the two tones began, at most 10 ms, as seen when the press was young."""
        if self._newest - self._seed <= _SETTLED:
            row, column = (
                self._rise([power * power for power in powers], (level / _HALF) ** 2)
                for powers, level in zip(self._powers, self._levels, strict=True)
            )
            apart = math.inf if row is None or column is None else abs(row - column) / _PER_MS
            self._skew_ms = min(_MOST_SKEW_MS, apart)
        return self._skew_ms


def _crossing(here: float, there: float, half: float) -> float:
    """Where between two windows the mean amplitude lies, from 0 (here) to 1 (there); all as products of two powers."""
    start, stop, mean = (math.sqrt(math.sqrt(product)) for product in (here, there, half))
    return min(1.0, max(0.0, (mean - start) / (stop - start))) if start != stop else 0.0
