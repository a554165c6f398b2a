"""Sample rates: a card's 48 000 or 44 100 Hz to the box's 8000 and back, by a fixed-point polyphase filter.

    rate_in --(up by L)--> low-pass at 4 kHz --(down by M)--> rate_out        L / M in lowest terms

Only the products that reach an output are computed: output k uses phase (k M) mod L of the filter on the inputs up to
floor(k M / L). Coefficients are Q15 fractions held in float64, which is exact for all their sums, so the sums
are those of plain integers on every machine, and the pieces in which samples arrive change nothing.

Where one rate is a multiple of the other, and whole frames come, the filter stands as one small matrix: blocks of ten
samples at 8000 Hz, each with the samples that reach into it, times the coefficients laid out for each of its outputs.

A library's stream (soxr) was weighed: it hands out its samples in bursts of its own size, which here would be delay.
This one gives 160 samples for each 20 ms of a card, at once.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.dsp.level import is_silent
from ivrbox.units import FULL_SCALE, SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

STOP_DB: Final = 75.0
"""What would alias into the telephone band is this far down by design; G.711 itself leaves 38 dB over its own noise."""

PASS_HZ: Final = 3400.0
"""Top of the telephone band; it passes within 0.1 dB."""

BLOCK: Final = 10
"""Samples at the lower rate in a block: its product fits into a cache, and is worth a call."""

_Q15: Final = 1 << 15


class Resampler:
    """A stream of int16 samples from one rate to another; `delay_s` is the time it adds."""

    def __init__(self, rate_in: int, rate_out: int = SAMPLE_RATE) -> None:
        """Build the filter for these rates in Hz.

        Raises:
            ValueError: a rate is not positive, or the lower one is under 8000 Hz.
        """
        if min(rate_in, rate_out) < SAMPLE_RATE:
            raise ValueError(f"rates: must be at least {SAMPLE_RATE} Hz, not {rate_in} to {rate_out}")
        common = gcd(rate_in, rate_out)
        self._up, self._down = rate_out // common, rate_in // common
        self._phases = _polyphase(rate_in, rate_out, self._up)
        self._blocks = _Blocks(self._phases, self._up, self._down) if 1 in (self._up, self._down) else None
        taps = self._phases.shape[1]
        self.delay_s = (taps * self._up - 1) / 2 / (rate_in * self._up) if taps > 1 else 0.0
        self._held = np.zeros(taps - 1)
        self._silent = self._held.size  # samples of silence that came last
        self._next = 0  # the next output's place, in units of 1 / (rate_in * up), counted from the first new sample

    def push(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take samples of shape (n,), n from 0; give all that they make certain, int16, clipped at full scale."""
        self._silent = self._silent + samples.size if is_silent(samples) else 0
        if self._silent >= samples.size + self._held.size:
            return np.zeros(self._advance(samples.size)[1], dtype=np.int16)
        if self._blocks is not None and not self._next and self._blocks.fit(samples.size):
            made, self._held = self._blocks.push(self._held, samples)
            return made
        stream = np.concatenate([self._held, samples.astype(np.float64)])
        first, outputs = self._advance(samples.size)
        self._held = stream[stream.size - self._held.size :]
        if not outputs:
            return np.zeros(0, dtype=np.int16)
        return _rounded(self._sums(stream, first + self._down * np.arange(outputs)))

    def _advance(self, samples: int) -> tuple[int, int]:
        """Take so many new samples: the place of the first output that falls due in them, and how many do."""
        first = self._next
        outputs = max(0, -((first - samples * self._up) // self._down))
        self._next += outputs * self._down - samples * self._up
        return first, outputs

    def _sums(self, stream: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
        """The filter's sums at these places."""
        windows = np.lib.stride_tricks.sliding_window_view(stream, self._phases.shape[1])
        return np.asarray(np.einsum("ij,ij->i", windows[places // self._up], self._phases[places % self._up]))


class _Blocks:
    """Whole blocks of a stream as one product: rows of samples, each overlapping the one before, times a matrix."""

    def __init__(self, phases: NDArray[np.float64], up: int, down: int) -> None:
        """Lay the coefficients out: output k of a block stands in column k."""
        taps = phases.shape[1]
        self._past, self._inputs = taps - 1, down * BLOCK
        self._matrix = np.zeros((self._past + self._inputs, up * BLOCK))
        for column, place in enumerate(range(0, self._inputs * up, down)):
            self._matrix[place // up : place // up + taps, column] = phases[place % up]
        self._lay_out(0)

    def fit(self, samples: int) -> bool:
        """Whether so many samples are whole blocks."""
        return samples > 0 and samples % self._inputs == 0

    def push(
        self, held: NDArray[np.float64], samples: NDArray[np.int16]
    ) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
        """Give the outputs of these samples, int16, and those samples that reach into the next block."""
        if samples.size != self._stream.size - self._past:
            self._lay_out(samples.size)
        self._stream[: self._past] = held
        self._stream[self._past :] = samples
        return _rounded((self._rows @ self._matrix).reshape(-1)), self._stream[samples.size :]

    def _lay_out(self, samples: int) -> None:
        """Keep room for pieces of this size, and the rows as a view of it: a line's frames are all alike."""
        self._stream = np.zeros(self._past + samples)
        rows, step = samples // self._inputs, self._stream.itemsize
        shape, strides = (rows, self._matrix.shape[0]), (self._inputs * step, step)
        self._rows = np.lib.stride_tricks.as_strided(self._stream, shape, strides, writeable=False)


def _rounded(sums: NDArray[np.float64]) -> NDArray[np.int16]:
    """Whole numbers, clipped at full scale; the sums are overwritten."""
    np.rint(sums, out=sums)
    np.maximum(sums, -FULL_SCALE - 1, out=sums)
    np.minimum(sums, FULL_SCALE, out=sums)
    return sums.astype(np.int16)


def _polyphase(rate_in: int, rate_out: int, up: int) -> NDArray[np.float64]:
    """Q15 coefficients, shape (phases, taps), the newest input's last; each phase passes DC unchanged."""
    if rate_in == rate_out:
        return np.ones((1, 1))
    slow = min(rate_in, rate_out)
    edge = PASS_HZ if slow == SAMPLE_RATE else 0.425 * slow
    transition = slow - 2 * edge  # folds back onto itself round half of the slower rate: nothing above comes below edge
    fast = rate_in * up
    taps = int(np.ceil((STOP_DB - 7.95) / 14.36 * fast / transition / up))  # Kaiser's formula for the length
    length = taps * up
    time = np.arange(length) - (length - 1) / 2
    lowpass = np.sinc(time * slow / fast) * np.kaiser(length, 0.1102 * (STOP_DB - 8.7))
    phases = lowpass.reshape(taps, up).T[:, ::-1]
    exact = phases / phases.sum(axis=1, keepdims=True)
    return np.asarray(np.rint(exact * _Q15) / _Q15)  # by a power of two: as exact as the integers
