"""The ear: hears keys in int16 samples at 8000 Hz, in fixed point, and says why it refused what was none.

    samples ─► tone windows ─► label ─► press ──────► looks ──────────► KeyDown ─► KeyUp
     int16     12 ms Hann,     which    5 equal       from 28.5 ms on:  as soon    13 windows
               every 2 ms,     key      labels in     limits, then a    as it is   (26 ms)
               8 frequencies,  leads,   a row: its    score of the      sure       without
               Q14, exact      if any   onset, level  evidence                     the tones
               goertzel        windows  press         evidence, verdict

A press (drawn in `dtmf_press` with its hits and misses) begins and ends where its tones pass half of their amplitude,
so durations do not depend on where windows fall. Its frequencies come from the advance of phase between windows, to a
fraction of a hertz. What else is heard, beside and before the tones, is weighed (`dtmf_verdict`): a key that is clean
is sure at the first look, one under noise or speech gets more looks.

Limits (levels per tone; clauses are of ITU-T Q.24, table A-1, where the columns differ the stricter that can be had):

- frequency: taken to 2.0 % off, refused from 2.6 % (1.8 % and 3.0 %: NTT, Brazil; 1.5 % + 4 Hz: Australia)
- twist: taken to 10 dB either way (Australia; 9 dB: Brazil), refused from 12
- level: taken from 0 to -45 dBm0, refused at -56 (-27 dBm: Denmark, Australia; -55: AT&T). The level at which NTT
  and Australia want refusal (-29, -30) is not kept: a weak sound card is likelier than crosstalk
- duration: taken from 34 ms, refused to 25 ms (40 and 25 ms: Australia)
- hole: bridged to 20 ms (Denmark); pause: splits from 30 ms (NTT, Brazil)
- one tone of each group: a second one within 5 dB, as of two keys held at once, is refused (clause 2)
- noise: keys of 50 ms are heard 3 dB over it (one tone to noise in 0-4 kHz)
- hum, DC and dial tone outside 620-1750 Hz do no harm up to 6 dB over the tones and beyond
- speech: keys under a prompt as loud as one tone are heard for the most part, speech alone is left alone
- latency: 28.5 ms from onset for a clean key, and the rest of the frame; 58 ms at most under doubt; the horizon is
  60 ms behind at most
- what cannot be told from a key is one: two steady tones within the limits, as in MF's 700 + 1500 Hz

All sums are integers below 2^53, exact on every machine whatever the BLAS; what follows uses basic arithmetic and
square roots, which IEEE 754 makes the same everywhere, and libm's logarithms and arctangents only rounded to 7 digits
or fewer before anything is decided. Cutting the stream differently changes nothing: windows lie on a grid of 16
samples, and each step looks only at windows up to its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import soxr

from ivrbox.dsp.dtmf_envelope import LEVEL_WINDOWS, end_of
from ivrbox.dsp.dtmf_press import Press, Turn
from ivrbox.dsp.dtmf_windows import CHUNK, NO_KEY, RUN, WindowHistory, next_run
from ivrbox.dsp.goertzel import HOP, WINDOW
from ivrbox.dsp.keys import DIGITS, Candidate, KeyDown, KeyUp
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Candidate", "DtmfDetector", "KeyDown", "KeyUp", "find_keys", "trace_keys"]

_LOOK_BACK: Final = 352
"""Samples, 44 ms: how far before the end of its run of labels a press may have begun."""

_BRIDGED_LOSS: Final = 480
"""Samples, 60 ms: three lost frames do not end a key, since a pause that fits into them unheard is rarer."""

_RING_OUT: Final = 20 * HOP + WINDOW
"""Samples of silence that decide and close whatever is pending."""


class DtmfDetector:
    """Keys from a stream: push samples in pieces of any length, get keys as they go down and come up."""

    def __init__(self, rate: int = SAMPLE_RATE, trace: bool = False) -> None:  # noqa: FBT001, FBT002 (public face)
        """Begin at sample 0. ValueError when the rate is not 8000 Hz: resample, or use `find_keys`."""
        if rate != SAMPLE_RATE:
            raise ValueError(f"rate: must be {SAMPLE_RATE} Hz, not {rate}; find_keys takes any")
        self._history = WindowHistory()
        self._rest = np.zeros(0, dtype=np.int16)
        self._time = 0
        self._offset = 0
        self._horizon = 0
        self._press: Press | None = None
        self._last_key: Press | None = None
        self._onset = 0
        self._tracing = trace
        self._trace: list[Candidate] = []

    @property
    def trace(self) -> list[Candidate]:
        """The candidates so far, taken and refused, in the order of their ends; empty unless asked for."""
        return self._trace

    @property
    def horizon(self) -> int:
        """Sample before which every onset has been reported: no later KeyDown carries an earlier one."""
        return self._horizon

    def push(self, samples: NDArray[np.int16]) -> list[KeyDown | KeyUp]:
        """Take the next samples, int16 of shape (n,), n from 0; give the keys that they decide.

        Raises:
            ValueError: the samples are of another type or shape: as floats they would be taken for silence.
        """
        if samples.dtype != np.int16 or samples.ndim != 1:
            raise ValueError(f"samples: must be int16 of shape (n,), not {samples.dtype} of shape {samples.shape}")
        self._time += len(samples)
        stream = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        whole = len(stream) // HOP * HOP
        self._rest = stream[whole:].copy()
        events: list[KeyDown | KeyUp] = []
        for start in range(0, whole, CHUNK * HOP):
            self._take(stream[start : min(whole, start + CHUNK * HOP)], events)
        return events

    def skip(self, samples: int) -> list[KeyDown | KeyUp]:
        """So many samples were lost by the device: time moves on and the windows restart.

        A key that is down outlives a loss of up to 60 ms; any other press is decided by what was heard of it.
        """
        events: list[KeyDown | KeyUp] = []
        if self._press is not None and not (self._press.down and samples <= _BRIDGED_LOSS):
            self._close(self._press, events)
        if self._press is not None:
            self._press.lose(len(self._rest) + samples)
        self._restart(self._time + samples)
        return events

    def flush(self) -> list[KeyDown | KeyUp]:
        """End of the stream: presses that are pending are decided and closed, as if silence followed."""
        events: list[KeyDown | KeyUp] = []
        padding = -len(self._rest) % HOP + _RING_OUT
        self._take(np.concatenate([self._rest, np.zeros(padding, dtype=np.int16)]), events)
        self._restart(self._time)
        self._horizon = self._time
        return events

    def _restart(self, time: int) -> None:
        self._history.silence()
        self._last_key = None
        self._rest = self._rest[:0]
        self._time = time
        self._offset = time - HOP * self._history.end
        self._move_horizon()

    def _take(self, samples: NDArray[np.int16], events: list[KeyDown | KeyUp]) -> None:
        first, windows = self._history.end, len(samples) // HOP
        labels = self._history.append(samples, closely=self._press is not None)
        if labels is None and self._press is not None:
            labels = bytes([NO_KEY]) * (RUN - 1 + windows)
        step = 0
        while labels is not None and step < windows:
            if self._press is None:
                step = self._open(labels, first, step)
            else:
                step += self._follow(self._press, labels[RUN - 1 + step :][:LEVEL_WINDOWS], events)
        self._move_horizon()

    def _move_horizon(self) -> None:
        if self._press is None or self._press.down:
            reach = HOP * self._history.end - _LOOK_BACK
        else:
            reach = self._press.earliest
        self._horizon = max(self._horizon, reach + self._offset)

    def _open(self, labels: bytes, first: int, step: int) -> int:
        """Find the next run of labels and open a press with it; give the step behind."""
        run = next_run(labels, step)
        if run is None:
            return len(labels)
        seed = first + run
        earliest = max(end_of(seed) - _LOOK_BACK, self._horizon - self._offset)
        self._press = Press(self._history, seed, labels[run], earliest)
        return run + 1

    def _follow(self, press: Press, labels: bytes, events: list[KeyDown | KeyUp]) -> int:
        """Take windows until one needs a decision, and decide; give how many."""
        taken, turn = press.follow(self._history, labels)
        if turn is Turn.OVER or turn is Turn.RIVAL:
            self._close(press, events)
        elif turn is Turn.LOOK and press.look(self._history):
            self._report(press, events)
        return taken

    def _report(self, press: Press, events: list[KeyDown | KeyUp]) -> None:
        if self._last_key is not None and press.is_echo_of(self._last_key):
            press.refuse("echo")
            return
        self._onset = max(round(press.onset), press.earliest) + self._offset
        events.append(KeyDown(DIGITS[press.digit], self._onset / SAMPLE_RATE))

    def _close(self, press: Press, events: list[KeyDown | KeyUp]) -> None:
        self._press = None
        if not press.down and press.last_look(self._history):
            self._report(press, events)
        if press.down:
            self._last_key = press
            events.append(self._key_up(press, self._onset))
        if self._tracing:
            self._trace.append(self._candidate(press))

    def _key_up(self, press: Press, onset: int) -> KeyUp:
        evidence, end = press.examine(self._history), press.end
        row_dbm0, col_dbm0 = press.levels(end, (evidence.row, evidence.column))
        return KeyUp(
            digit=DIGITS[press.digit],
            onset_s=onset / SAMPLE_RATE,
            length_s=max(0, round(end) + self._offset - onset) / SAMPLE_RATE,
            row_dbm0=row_dbm0,
            col_dbm0=col_dbm0,
            twist_db=round(col_dbm0 - row_dbm0, 2),
            snr_db=evidence.snr_db,
        )

    def _candidate(self, press: Press) -> Candidate:
        evidence = press.examine(self._history)
        onset = self._onset if press.down else round(press.onset) + self._offset
        up = self._key_up(press, onset)
        return Candidate(
            digit=up.digit,
            onset_s=up.onset_s,
            length_s=up.length_s,
            row_dbm0=up.row_dbm0,
            col_dbm0=up.col_dbm0,
            twist_db=up.twist_db,
            snr_db=up.snr_db,
            row_deviation=evidence.row.deviation,
            col_deviation=evidence.column.deviation,
            accepted=press.down,
            reason=press.reason,
        )


def find_keys(samples: NDArray[np.int16], rate: int = SAMPLE_RATE) -> list[KeyUp]:
    """All keys of a whole recording, int16 of shape (n,), at any rate in Hz: the same as pushing it in pieces.

    Raises:
        ValueError: the samples are of another type or shape.
    """
    detector = DtmfDetector()
    events = detector.push(_at_line_rate(samples, rate)) + detector.flush()
    return [event for event in events if isinstance(event, KeyUp)]


def trace_keys(samples: NDArray[np.int16], rate: int = SAMPLE_RATE) -> list[Candidate]:
    """Every candidate of a whole recording with its figures and, where refused, the reason."""
    detector = DtmfDetector(trace=True)
    detector.push(_at_line_rate(samples, rate))
    detector.flush()
    return detector.trace


def _at_line_rate(samples: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    if rate == SAMPLE_RATE or samples.dtype != np.int16:
        return samples
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), dtype=np.int16)
