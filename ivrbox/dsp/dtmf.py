"""The ear: hears keys in int16 samples at 8000 Hz. First version: Hann windows of 12 ms every 2 ms, hits and misses."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import soxr

from ivrbox.dsp.goertzel import HOP, ONE_Q14, WINDOW, tone_windows
from ivrbox.dsp.keys import DIGITS, Candidate, KeyDown, KeyUp
from ivrbox.units import SAMPLE_RATE, amplitude_to_dbm0, dbm0_to_amplitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Candidate", "DtmfDetector", "KeyDown", "KeyUp", "find_keys", "trace_keys"]

GAIN: Final = ONE_Q14 * WINDOW / 4
"""Window sum of a sine of amplitude one: half of the Hann window's mean, in Q14."""

FLOOR: Final = (GAIN * dbm0_to_amplitude(-48.0)) ** 2
TWIST: Final = 10 ** (9.5 / 10)
SHORTEST: Final = 29 * 8
LONGEST_HOLE: Final = 23 * 8
DELAY: Final = WINDOW // 2


@dataclass(slots=True)
class _Press:
    digit: int
    onset: int
    last: int
    row: float = 0.0
    col: float = 0.0
    down: bool = False


@dataclass(slots=True)
class DtmfDetector:
    """Keys from a stream: push samples in pieces of any length, get keys as they go down and come up."""

    rate: int = SAMPLE_RATE
    keep_trace: bool = False
    _rest: NDArray[np.float64] = field(default_factory=lambda: np.zeros(WINDOW - HOP), repr=False)
    _time: int = HOP
    _press: _Press | None = None
    _candidates: list[Candidate] = field(default_factory=list, repr=False)

    def __init__(self, rate: int = SAMPLE_RATE, trace: bool = False) -> None:  # noqa: FBT001, FBT002 (public face)
        """ValueError when the rate is not 8000 Hz: resample, or use `find_keys`."""
        if rate != SAMPLE_RATE:
            raise ValueError(f"rate: must be {SAMPLE_RATE}, not {rate}")
        self.rate = rate
        self.keep_trace = trace
        self._restart(0)
        self._press = None
        self._candidates = []

    @property
    def trace(self) -> list[Candidate]:
        """The candidates so far, refused ones too; empty unless asked for with `trace=True`."""
        return self._candidates

    @property
    def horizon(self) -> int:
        """Sample before which every onset has been reported: no later KeyDown has an earlier one."""
        idle = max(0, self._time - HOP - DELAY - 8 * HOP)
        return idle if self._press is None else max(0, self._press.onset)

    def push(self, samples: NDArray[np.int16]) -> list[KeyDown | KeyUp]:
        """Take the next samples, shape (n,), n from 0; give the keys that were decided by them."""
        stream = np.concatenate([self._rest, samples.astype(np.float64)])
        usable = len(stream) // HOP * HOP
        if usable < WINDOW:
            self._rest = stream
            return []
        sums = tone_windows(stream[:usable])
        self._rest = stream[usable - WINDOW + HOP :]
        powers = sums[:, :8] ** 2 + sums[:, 8:] ** 2
        events: list[KeyDown | KeyUp] = []
        for window in powers:
            self._step(window, events)
            self._time += HOP
        return events

    def skip(self, samples: int) -> list[KeyDown | KeyUp]:
        """So many samples were lost: what was pending is decided, time moves on, the window restarts."""
        pending = len(self._rest) - (WINDOW - HOP)
        events = self.flush()
        self._restart(self._time - HOP + pending + samples)
        return events

    def flush(self) -> list[KeyDown | KeyUp]:
        """End of the stream: pending keys are decided and closed."""
        events: list[KeyDown | KeyUp] = []
        self._close(events)
        return events

    def _restart(self, time: int) -> None:
        self._rest = np.zeros(WINDOW - HOP)
        self._time = time + HOP

    def _step(self, window: NDArray[np.float64], events: list[KeyDown | KeyUp]) -> None:
        middle = self._time - DELAY
        digit = _digit(window)
        press = self._press
        if press is not None and digit == press.digit:
            press.last = middle
            press.row, press.col = max(press.row, window[:4].max()), max(press.col, window[4:].max())
            if not press.down and middle - press.onset >= SHORTEST - 48:
                press.down = True
                events.append(KeyDown(DIGITS[press.digit], press.onset / SAMPLE_RATE))
        elif press is not None and middle - press.last > LONGEST_HOLE:
            self._close(events)
        if self._press is None and digit is not None:
            self._press = _Press(digit, max(0, middle), middle)

    def _close(self, events: list[KeyDown | KeyUp]) -> None:
        press, self._press = self._press, None
        if press is None:
            return
        row, col = (amplitude_to_dbm0(math.sqrt(power) / GAIN) for power in (press.row, press.col))
        up = KeyUp(
            DIGITS[press.digit],
            press.onset / SAMPLE_RATE,
            (press.last - press.onset) / SAMPLE_RATE,
            row,
            col,
            col - row,
            20.0,
        )
        if press.down:
            events.append(up)
        if self.keep_trace:
            reason = "" if press.down else f"too short {1000 * up.length_s:.0f} ms"
            self._candidates.append(
                Candidate(up.digit, up.onset_s, up.length_s, row, col, col - row, 20.0, 0, 0, press.down, reason)
            )


def _digit(window: NDArray[np.float64]) -> int | None:
    row, col = int(window[:4].argmax()), 4 + int(window[4:].argmax())
    low, high = window[row], window[col]
    if low < FLOOR or high < FLOOR or low > TWIST * high or high > TWIST * low:
        return None
    if low < 0.6 * window[:4].sum() or high < 0.6 * window[4:].sum():
        return None
    return 4 * row + col - 4


def _at_line_rate(samples: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    if rate == SAMPLE_RATE:
        return samples
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), dtype=np.int16)


def _run(samples: NDArray[np.int16], rate: int, *, trace: bool) -> tuple[list[KeyUp], list[Candidate]]:
    detector = DtmfDetector(trace=trace)
    events = detector.push(_at_line_rate(samples, rate)) + detector.flush()
    return [event for event in events if isinstance(event, KeyUp)], detector.trace


def find_keys(samples: NDArray[np.int16], rate: int = SAMPLE_RATE) -> list[KeyUp]:
    """All keys of a whole recording, shape (n,), at any rate (Hz); the same as pushing it in pieces."""
    return _run(samples, rate, trace=False)[0]


def trace_keys(samples: NDArray[np.int16], rate: int = SAMPLE_RATE) -> list[Candidate]:
    """Every candidate of a whole recording with its figures and, where refused, the reason."""
    return _run(samples, rate, trace=True)[1]
