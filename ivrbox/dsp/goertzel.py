"""Fixed-point tone windows: what is near eight frequencies in the last 12 ms, every 2 ms; and a 30 ms spectrum.

A basis is a Hann window times cosine and sine, in Q14 integers. A window's sum is at most
2^15 (sample) * 2^14 (basis) * 120 (half of the longest window) < 2^36, and float64 holds every integer up to 2^53, so
the matrix products below are exact in whatever order a BLAS adds them: the sums are those of plain integers on
every machine, at the speed of the BLAS. Scaling by a power of two and rounding to the nearest integer is exact too.

Hann, because its side lobes fall by 18 dB an octave: a dial tone at 440 Hz is 3 lobes below 697 Hz and 40 dB down,
mains hum and DC some 60 dB (DC exactly, where the sums of a basis column are zero).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.dsp.keys import COLUMNS_HZ, ROWS_HZ
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOP: Final = 16
"""Samples from window to window: 2 ms, so a frame of 10 ms ends on a window."""

WINDOW: Final = 96
"""Samples in a tone window: 12 ms. Its main lobe is 167 Hz to each side, the row tones and the column tones of one key
lie at least 268 Hz apart."""

OVERLAP: Final = WINDOW // HOP
"""Tone windows that hold a sample."""

SPECTRUM_WINDOW: Final = 240
"""Samples in a spectrum window: 30 ms, bins every 33 1/3 Hz."""

SPECTRUM_HZ: Final = SAMPLE_RATE / SPECTRUM_WINDOW

_ONE_Q14: Final = 1 << 14
_ON_THE_BIN: Final = 1e-6

SCALE: Final = 2.0**-13
"""Sums are kept in units of 2^13 Q14 steps: at most 2^22, so that 2^9 products of two of them add up exactly."""

TONE_GAIN: Final = _ONE_Q14 * WINDOW / 4 * SCALE
"""Scaled sum that a sine of amplitude one makes at its own frequency: half of the window's mean, times its length."""


def hann_basis(hertz: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Windowed cosines, then sines, as Q14 integers in float64; shape (2 * len(hertz), length)."""
    time = np.arange(length)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (time + 0.5) / length)
    phase = 2 * np.pi / SAMPLE_RATE * np.outer(hertz, time)
    return np.asarray(np.rint(_ONE_Q14 * window * np.concatenate([np.cos(phase), np.sin(phase)])))


def hann_loss_db(offset_hz: float, length: int) -> float:
    """How much less a Hann window of so many samples shows of a tone beside its own frequency, in dB.

    The window's spectrum is sinc(x) / (1 - x^2), x in bins; beyond 0.9 bins no tone is measured any more.
    """
    bins = min(0.9, abs(offset_hz) * length / SAMPLE_RATE)
    if bins < _ON_THE_BIN:
        return 0.0
    return -20 * math.log10(math.sin(math.pi * bins) / (math.pi * bins * (1 - bins * bins)))


TONE_BASIS: Final = hann_basis(np.array(ROWS_HZ + COLUMNS_HZ, dtype=np.float64), WINDOW)

MOST_GAIN: Final = SCALE * max(
    float(np.linalg.norm(pair, 2)) for pair in TONE_BASIS.reshape(2, 8, WINDOW).swapaxes(0, 1)
)
"""Amplitude that a window's samples can show at one of the eight tones, at most, for each unit of their norm."""


_AT_A_TIME: Final = 128
"""Windows in one product: 196 608 multiplications, few enough that no BLAS wakes threads, which would only spin."""


def overlapping(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """All windows of 96 samples, 16 apart, as a view of the samples; shape (windows, 96)."""
    return np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]


def tone_sums(windows: NDArray[np.float64], out: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Scaled sums of windows of int16 values, shape (n, 96); gives shape (16, n): eight cosines, then eight sines."""
    sums = np.empty((len(TONE_BASIS), len(windows)))
    for start in range(0, len(windows), _AT_A_TIME):
        piece = slice(start, start + _AT_A_TIME)
        # The copy is worth its while: a BLAS takes no view whose rows overlap.
        np.matmul(TONE_BASIS, windows[piece].copy().T, out=sums[:, piece])
    sums *= SCALE
    return np.rint(sums, out=out)


def powers(sums: NDArray[np.float64], out: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Squared magnitudes of sums whose first half along axis 0 are cosines and the second sines; exact integers."""
    half = len(sums) // 2
    squares = sums * sums
    return np.add(squares[:half], squares[half:], out=out)


SPECTRUM_BINS: Final = 105
"""Bins of the spectrum that are looked at: up to 3500 Hz, the end of a telephone's band."""

SPECTRUM_BASIS: Final = hann_basis(SPECTRUM_HZ * np.arange(1.0, SPECTRUM_BINS + 1), SPECTRUM_WINDOW).T.copy()


def cumulative_spectrum(window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running sum of power from bin to bin of a window; from shape (240,) to (106,).

    Element k is the power in bins 1 to k; the power from bin a to bin b is element b less element a - 1. Exact.
    """
    sums = window @ SPECTRUM_BASIS
    sums *= SCALE
    power = powers(np.rint(sums, out=sums))
    running = np.zeros(SPECTRUM_BINS + 1)
    np.add.accumulate(power, out=running[1:])
    return running
