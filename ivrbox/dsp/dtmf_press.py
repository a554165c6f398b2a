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
from typing import TYPE_CHECKING, Final

from ivrbox.dsp.dtmf_evidence import measure_tones, spectra_until, surroundings
from ivrbox.dsp.dtmf_verdict import Evidence, is_held, is_key, limit_broken, second_tone
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

LONGEST_STRIDE: Final = 16
"""Windows that may be taken at once."""

ECHO_DELAY: Final = 1600
"""Samples, 200 ms: what begins so soon after a key, as the same key but much weaker, is its echo."""

ECHO_LOSS: Final = 6.3
"""Power ratio, 8 dB: AT&T has echoes that are 10 dB down (ITU-T Q.24, table A-1)."""

_HIT: Final = 6.0
"""Power ratio: a window has a tone that is at most 7.8 dB weaker than the key's, so no echo 10 dB down."""

_FADED: Final = 2.0
"""Power ratio: a tone 3 dB down may be on its way out."""

_HALF: Final = 4.0
"""Power ratio of half amplitude: where a tone begins or ends, a window is half full of it."""

_MIDDLE: Final = WINDOW // 2
_PARTS: Final = WINDOW // HOP
_LOOK_BACK: Final = 30
_SETTLED: Final = 40
_REACH: Final = 1360
_LEVEL_WINDOWS: Final = 32
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


def end_of(window: int) -> int:
    """Sample before which a window ends."""
    return HOP * (window + 1)


class Press:
    """A candidate, later maybe a key. Times are samples as windows count them: window w ends before 16 * (w + 1)."""

    def __init__(self, history: WindowHistory, seed: int, digit: int, earliest: int) -> None:
        """Begin with the window that ends a run of equal labels; the onset is not before `earliest`."""
        self.digit = digit
        self.channels = digit // 4, 4 + digit % 4
        self._own = {digit, NO_KEY}
        column = seed - history.base
        run = slice(column - RUN + 1, column + 1)
        self._powers: tuple[list[float], ...] = tuple(history.powers[c, run].tolist() for c in self.channels)
        self._levels = [max(powers) for powers in self._powers]
        self._seed = self._newest = self._last_hit = self._last_lead = self._next_look = seed
        self._before: tuple[float, Running] | None = None
        self._skew_ms = _MOST_SKEW_MS
        self._earliest = earliest
        self.misses = 0
        self.down = False
        self.reason = ""
        self.evidence: Evidence | None = None
        self.onset = float(earliest)
        self._find_onset(history)
        self._earliest = max(earliest, math.floor(self.onset) - _LEAD)

    def hear(self, row: float, column: float) -> bool:
        """Take the next window's powers; whether it has the tones."""
        self._newest += 1
        self._powers[0].append(row)
        self._powers[1].append(column)
        hit = row >= self._levels[0] / _HIT and column >= self._levels[1] / _HIT
        if hit:
            self.misses = 0
            self._last_hit = self._newest
        else:
            self.misses += 1
        if self._newest % _LEVEL_WINDOWS == 0:
            self._tidy()
        return hit

    def agrees(self, runs: list[int]) -> bool:
        """Whether the next windows' runs of labels are this key's or none."""
        return self._own.issuperset(runs)

    def note_lead(self, runs: list[int]) -> None:
        """Remember where among the windows just taken a run of this key's label was."""
        for back, label in enumerate(reversed(runs)):
            if label == self.digit:
                self._last_lead = self._newest - back
                return

    def take(self, rows: list[float], columns: list[float]) -> bool:
        """Take some next windows at once, if all of them have the tones or all have not; whether that was so."""
        row, column = self._levels[0] / _HIT, self._levels[1] / _HIT
        if min(rows) >= row and min(columns) >= column:
            self.misses = 0
            self._last_hit = self._newest + len(rows)
        elif max(rows) < row or max(columns) < column:
            self.misses += len(rows)
        else:
            return False
        self._newest += len(rows)
        self._powers[0].extend(rows)
        self._powers[1].extend(columns)
        return True

    def stride(self) -> int:
        """How many windows may be taken at once: fewer than would end the press, or make a look or a tidying due."""
        steps = min(HOLE_WINDOWS - self.misses, _LEVEL_WINDOWS - self._newest % _LEVEL_WINDOWS) - 1
        if self.down:
            return steps
        first_look = math.ceil((self.onset + SHORTEST) / HOP) - 1
        next_decision = min(max(first_look, self._next_look), self._last_lead + _STALE)
        return min(steps, next_decision - self._newest - 1)

    def yields_to(self, rival: tuple[float, float], mine: tuple[float, float]) -> bool:
        """Whether a run of another label ends this press: it leads clearly, and a key that is down has faded."""
        leads = rival[0] * rival[1] > 2 * mine[0] * mine[1]
        faded = any(power * _FADED < level for power, level in zip(mine, self._levels, strict=True))
        return self.misses > 0 or (leads and (faded or not self.down))

    @property
    def ended(self) -> bool:
        """Whether the tones have been away for longer than any hole, or what was in doubt leads no more."""
        stale = not self.down and self._newest - self._last_lead >= _STALE
        return stale or self.misses >= HOLE_WINDOWS

    @property
    def earliest(self) -> int:
        """Earliest onset that may still be reported."""
        return max(self._earliest, end_of(self._newest) - LONGEST_DOUBT)

    @property
    def end(self) -> float:
        """Where the tones fell below half of their amplitude for the last time."""
        row, column = map(self._end, self._powers, self._levels)
        together = abs(row - column) < _MOST_SKEW_MS * _PER_MS
        return (row + column) / 2 if together else min(row, column)

    def look_due(self) -> bool:
        """Whether it may be time to weigh the evidence, the newest window having the tones."""
        return self._newest >= self._next_look and end_of(self._newest) - self.onset >= SHORTEST

    def look(self, history: WindowHistory) -> bool:
        """Weigh the evidence while the tones are on; whether this is a key."""
        self._measure_levels()
        self._find_onset(history)
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
            tones = self._measure_tones(history, last)
            self.evidence = self._gather(history, tones, self._dbm0(self._levels, tones), end_of(last))
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
        tones = self._measure_tones(history, last)
        dbm0 = self._dbm0(self._levels, tones)
        self.reason = limit_broken(*tones, *dbm0)
        if self.reason:
            return False
        self.evidence = self._gather(history, tones, dbm0, until)
        self.down = is_key(self.evidence, (until - self.onset) / _PER_MS)
        self.reason = "" if self.down else "speech-like"
        if self.down and self._is_whole(last) and (second := second_tone(self.evidence)):
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

    def _measure_tones(self, history: WindowHistory, last: int) -> tuple[Tone, Tone]:
        full = max(math.ceil(self.onset / HOP) + _PARTS - 1, last + 1 - _LONGEST_SPAN)
        return measure_tones(history, self.digit, min(full, last + 1 - _SHORTEST_SPAN), last)

    def _gather(
        self, history: WindowHistory, tones: tuple[Tone, Tone], dbm0: tuple[float, float], until: int
    ) -> Evidence:
        if self._before is None or abs(self._before[0] - self.onset) > HOP:
            before = max(math.floor(self.onset) - HOP, end_of(self._newest) - _REACH)
            now, running = spectra_until(history, until, before)
            self._before = self.onset, running
        else:
            (now,) = spectra_until(history, until)
        row, column = (hertz * (1 + tone.deviation) for hertz, tone in zip(self._hertz(), tones, strict=True))
        around = surroundings(now, self._before[1], row, column)
        return Evidence(*tones, *dbm0, self._skew_ms, around)

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
            newest = sorted(powers[-_LEVEL_WINDOWS:])
            self._levels[group] = newest[3 * len(newest) // 4]

    def _tidy(self) -> None:
        if self.down and self.misses == 0:
            self._measure_levels()
        for powers in self._powers:
            del powers[:-_REMEMBERED]

    def _find_onset(self, history: WindowHistory) -> None:
        if self._newest - self._seed > _SETTLED:
            return
        first = self._seed - _LOOK_BACK
        columns = slice(first - history.base, self._newest + 1 - history.base)
        rises = [
            _rise(history.powers[channel, columns].tolist(), _LOOK_BACK, level / _HALF)
            for channel, level in zip(self.channels, self._levels, strict=True)
        ]
        found = [end_of(first) - _MIDDLE + rise * HOP for rise in rises if rise is not None]
        apart = abs(found[0] - found[-1]) / _PER_MS if len(found) == len(rises) else _MOST_SKEW_MS
        self._skew_ms = min(_MOST_SKEW_MS, apart)
        moment = sum(found) / 2 if self._skew_ms < _MOST_SKEW_MS else max(found, default=0.0)
        self.onset = max(float(self._earliest), moment)

    def _end(self, powers: list[float], level: float) -> float:
        half = level / _HALF
        last = len(powers) - 1 - (self._newest - self._last_hit)
        while last > 0 and powers[last] < half:
            last -= 1
        fall = _crossing(powers[last], powers[last + 1], half) if last + 1 < len(powers) else 0.0
        return end_of(self._newest - len(powers) + 1 + last) - _MIDDLE + fall * HOP


def _rise(powers: list[float], inside: int, half: float) -> float | None:
    """Place, in windows, where power rose to `half` before the one inside the press; None if that is not seen."""
    at = inside
    while at < len(powers) - 1 and powers[at] < half:
        at += 1
    if powers[at] < half:
        return None
    while at >= 0 and powers[at] >= half:
        at -= 1
    return at + _crossing(powers[at], powers[at + 1], half) if at >= 0 else None


def _crossing(here: float, there: float, power: float) -> float:
    """Where between two windows the amplitude of a power lies, from 0 (here) to 1 (there)."""
    start, stop = math.sqrt(here), math.sqrt(there)
    return min(1.0, max(0.0, (math.sqrt(power) - start) / (stop - start))) if start != stop else 0.0
