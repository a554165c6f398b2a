"""Sample rates: a card's 48 000 or 44 100 Hz to the box's 8000 and back, by a fixed-point polyphase filter.

    rate_in --(up by L)--> low-pass at 4 kHz --(down by M)--> rate_out        L / M in lowest terms

Only the products that reach an output are computed: output k uses phase (k M) mod L of the filter on the inputs up to
floor(k M / L). Coefficients are Q15 integers held in float64, which holds integers up to 2^53 exactly, so the sums
are those of plain integers on every machine, and the pieces in which samples arrive change nothing.

A library's stream (soxr) was weighed: it hands out its samples in bursts of its own size, which here would be delay.
This one gives 160 samples for each 20 ms of a card, at once.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.units import FULL_SCALE, SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

STOP_DB: Final = 75.0
"""What would alias into the telephone band is this far down by design; G.711 itself leaves 38 dB over its own noise."""

PASS_HZ: Final = 3400.0
"""Top of the telephone band; it passes within 0.1 dB."""

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
        taps = self._phases.shape[1]
        self.delay_s = (taps * self._up - 1) / 2 / (rate_in * self._up) if taps > 1 else 0.0
        self._held = np.zeros(taps - 1)
        self._next = 0  # the next output's place, in units of 1 / (rate_in * up), counted from the first new sample

    def push(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take samples of shape (n,), n from 0; give all that they make certain, int16, clipped at full scale."""
        if not samples.any() and not self._held.any():
            return np.zeros(self._advance(samples.size).size, dtype=np.int16)
        stream = np.concatenate([self._held, samples.astype(np.float64)])
        places = self._advance(samples.size)
        self._held = stream[stream.size - self._held.size :]
        if not places.size:
            return np.zeros(0, dtype=np.int16)
        rounded = np.clip(np.rint(self._sums(stream, places) / _Q15), -FULL_SCALE - 1, FULL_SCALE)
        return np.asarray(rounded, dtype=np.int16)

    def _advance(self, samples: int) -> NDArray[np.int64]:
        """The places of the outputs that fall due within so many new samples, in units of 1 / (rate_in * up)."""
        places = np.arange(self._next, samples * self._up, self._down)
        self._next += places.size * self._down - samples * self._up
        return places

    def _sums(self, stream: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
        """The filter's sums at these places; in whole-number ratios, where the phases repeat, as one product."""
        windows = np.lib.stride_tricks.sliding_window_view(stream, self._phases.shape[1])
        if self._up == 1:
            return np.asarray(windows[places[0] :: self._down] @ self._phases[0])
        if self._down == 1:
            return np.asarray(windows @ self._phases.T).reshape(-1)[places]
        return np.asarray(np.einsum("ij,ij->i", windows[places // self._up], self._phases[places % self._up]))


def _polyphase(rate_in: int, rate_out: int, up: int) -> NDArray[np.float64]:
    """Q15 coefficients, shape (phases, taps), the newest input's last; each phase passes DC unchanged."""
    if rate_in == rate_out:
        return np.full((1, 1), float(_Q15))
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
    return np.asarray(np.rint(exact * _Q15))
