"""Fixed-point tone windows: how much of eight frequencies is in the last 12 ms, every 2 ms.

The basis is a Hann window times cosine and sine in Q14, as integers; a window's sum is at most
2^15 (sample) * 2^14 (basis) * 96 < 2^36. float64 holds integers up to 2^53 exactly, so the matrix products below are
exact whatever order a BLAS adds them in, and the result is that of plain integers on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.dsp.keys import COLUMNS_HZ, ROWS_HZ
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOP: Final = 16
"""Samples between windows: 2 ms."""

WINDOW: Final = 96
"""Samples in a window: 12 ms."""

ONE_Q14: Final = 1 << 14


def hann_basis(hertz: tuple[int, ...], length: int) -> NDArray[np.float64]:
    """Windowed cosines, then sines, as Q14 integers held in float64; shape (length, 2 * len(hertz))."""
    n = np.arange(length)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (n + 0.5) / length)
    phase = 2 * np.pi * np.outer(n, hertz) / SAMPLE_RATE
    waves = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    return np.asarray(np.rint(ONE_Q14 * window[:, None] * waves))


BASIS: Final = hann_basis(ROWS_HZ + COLUMNS_HZ, WINDOW)
_PARTS: Final = WINDOW // HOP
_POLYPHASE: Final = np.ascontiguousarray(BASIS.reshape(_PARTS, HOP, BASIS.shape[1]).transpose(1, 0, 2).reshape(HOP, -1))


def tone_windows(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of every window of `WINDOW` samples, `HOP` apart; shape (windows, 16): cosines, then sines.

    `samples` holds integers, a multiple of HOP of them, at least WINDOW.
    """
    blocks = samples.reshape(-1, HOP)
    products = (blocks @ _POLYPHASE).reshape(len(blocks), _PARTS, -1)
    windows = len(blocks) - _PARTS + 1
    total = products[:windows, 0].copy()
    for part in range(1, _PARTS):
        total += products[part : part + windows, part]
    return total
