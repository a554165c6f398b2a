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

from ivrbox.dsp.dtmf_envelope import LEVEL_WINDOWS, Envelope, end_of, first_full
from ivrbox.dsp.dtmf_evidence import measure_tone, second_tones, spectra_until, surroundings
from ivrbox.dsp.dtmf_verdict import MOST_DEVIATION, Evidence, is_held, is_key, off_frequency, off_level, second_tone
from ivrbox.dsp.dtmf_windows import NO_KEY, RUN
from ivrbox.dsp.goertzel import HOP, OVERLAP, SPECTRUM_WINDOW, TONE_GAIN, WINDOW, hann_loss_db
from ivrbox.dsp.keys import COLUMNS_HZ, ROWS_HZ
from ivrbox.units import SAMPLES_PER_MS, amplitude_to_dbm0

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

ECHO_DELAY: Final = 1600
"""Samples, 200 ms: what begins so soon after a key, as the same key but much weaker, is its echo."""

ECHO_LOSS: Final = 6.3
"""Power ratio, 8 dB: AT&T has echoes that are 10 dB down (ITU-T Q.24, table A-1)."""

_REACH: Final = 1360
_LONGEST_SPAN: Final = 24
_SHORTEST_SPAN: Final = 6
_LEAD: Final = 32
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


class Press:
    """A candidate, later maybe a key. Times are samples as windows count them: window w ends before 16 * (w + 1)."""

    def __init__(self, history: WindowHistory, seed: int, digit: int, earliest: int) -> None:
        """Begin with the window that ends a run of equal labels; the onset is not before `earliest`."""
        self.digit = digit
        self.channels = digit // 4, 4 + digit % 4
        self._envelope = Envelope(history, self.channels, seed)
        self._label, self._run = digit, RUN
        self._seed = self._newest = self._last_hit = self._last_lead = self._next_look = seed
        self._before: tuple[float, Running] | None = None
        self._now: Running = []
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
        taken = self._newest - self._envelope.newest
        self._envelope.extend(rows[:taken], columns[:taken], products[:taken])
        if self._newest % LEVEL_WINDOWS == 0:
            self._tidy()
        return taken, turn

    def _take(
        self, history: WindowHistory, labels: bytes, rows: list[float], columns: list[float], products: list[float]
    ) -> Turn:
        """The loop over windows that most of the time goes into: bare, and without a call where none is needed."""
        digit, label_before, run, misses = self.digit, self._label, self._run, self.misses
        row_hit, column_hit, hit = self._envelope.hits
        stale, look = (math.inf, math.inf) if self.down else (_STALE, self._next_look_due())
        newest, turn = self._newest, Turn.NOTHING
        for label, row, column, product in zip(labels, rows, columns, products, strict=False):
            run = run + 1 if label == label_before else 1
            label_before = label
            if run >= RUN and label != NO_KEY:
                if label == digit:
                    self._last_lead = newest + 1
                elif misses > 0 or self._is_outdone(history.leading(newest + 1), row, column):
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

    def _is_outdone(self, rival: tuple[float, float], row: float, column: float) -> bool:
        """Whether another key's tones end this press: they lead clearly, and a key that is down has faded."""
        leads = rival[0] * rival[1] > 2 * row * column
        return leads and (not self.down or self._envelope.has_faded(row, column))

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
        return self._envelope.find_end(self._last_hit)

    def look(self, history: WindowHistory) -> bool:
        """Weigh the evidence while the tones are on; whether this is a key."""
        self._envelope.measure_levels()
        self._find_onset()
        age = end_of(self._newest) - self.onset
        if age < SHORTEST:
            return False
        if not is_held(age / SAMPLES_PER_MS, self._envelope.share_held):
            self._next_look, self.reason = self._newest + _SOON, "unsteady"
            return False
        heard = self._weigh(history, self._newest, end_of(self._newest))
        again = _SOON if self.reason in _PASSING_DOUBTS else _LATER
        self._next_look = self._newest + (again if age < LONGEST_DOUBT else _RARELY)
        return heard

    def last_look(self, history: WindowHistory) -> bool:
        """Weigh the evidence when the tones are over; whether this was a key."""
        self._envelope.measure_levels()
        end = self.end
        if end - self.onset < SHORTEST:
            self.reason = f"too short {max(0.0, end - self.onset) / SAMPLES_PER_MS:.0f} ms"
            return False
        return self._weigh(history, self._last_hit - OVERLAP // 2, math.floor(end))

    def examine(self, history: WindowHistory) -> Evidence:
        """The evidence, whatever it is worth: that of the last look, or of one taken now."""
        if self.evidence is None:
            last = max(self._last_hit - OVERLAP // 2, self._seed)
            first = self._first_full(last)
            row, column = (measure_tone(history, channel, first, last) for channel in self.channels)
            self.evidence = self._gather(
                history, (row, column), self._dbm0(self._envelope.levels, (row, column)), end_of(last)
            )
        return self.evidence

    def refuse(self, reason: str) -> None:
        """Take the verdict back."""
        self.down, self.reason = False, reason

    def is_echo_of(self, key: Press) -> bool:
        """Whether this is an earlier key come back: the same, soon after, and much weaker."""
        levels = zip(self._envelope.levels, key._envelope.levels, strict=True)
        weak = all(mine * ECHO_LOSS < its for mine, its in levels)
        return self.digit == key.digit and weak and self.onset - key.end < ECHO_DELAY

    def lose(self, samples: int) -> None:
        """So many samples were lost, which windows do not count: what was before them is that much earlier."""
        self.onset -= samples
        self._label = NO_KEY

    def levels(self, end: float, tones: tuple[Tone, Tone]) -> tuple[float, float]:
        """Level of row and column in dBm0, by the windows that lie within the key, at the tones' true frequencies."""
        return self._dbm0(self._envelope.mean_powers(self.onset, end), tones)

    def _weigh(self, history: WindowHistory, last: int, until: int) -> bool:
        first = self._first_full(last)
        row = measure_tone(history, self.channels[0], first, last, MOST_DEVIATION)
        self.reason = off_frequency("row", row)
        if self.reason:
            return False
        tones = row, measure_tone(history, self.channels[1], first, last, MOST_DEVIATION)
        dbm0 = self._dbm0(self._envelope.levels, tones)
        self.reason = off_frequency("column", tones[1]) or off_level(*dbm0)
        if self.reason:
            return False
        self.evidence = self._gather(history, tones, dbm0, until)
        self.down = is_key(self.evidence, (until - self.onset) / SAMPLES_PER_MS)
        self.reason = "" if self.down else "speech-like"
        if self.down and self._is_whole(last):
            second = second_tone(*second_tones(self._now, *self._true_hz(tones)))
            if second:
                self.refuse(second)
        return self.down

    def _is_whole(self, last: int) -> bool:
        """Whether no hole lies in what the spectrum saw until window `last`: the edges of one hold all frequencies."""
        return not self._envelope.has_hole(max(first_full(self.onset), last + 1 - _SPECTRUM_WINDOWS), last)

    def _first_full(self, last: int) -> int:
        """First of the windows until `last` by which tones are measured: full of the key, or as many as it takes."""
        full = max(first_full(self.onset), last + 1 - _LONGEST_SPAN)
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
        return Evidence(*tones, *dbm0, self._envelope.find_skew_ms(), around)

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

    def _tidy(self) -> None:
        if self.down and self.misses == 0:
            self._envelope.measure_levels()
        self._envelope.forget()

    def _find_onset(self) -> None:
        if self._envelope.is_young:
            moment = self._envelope.find_onset()
            self.onset = float(self._earliest) if moment is None else max(float(self._earliest), moment)
