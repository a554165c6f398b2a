"""Tone bands: what of a moment's sound lies where a country's tone should be, and how pure it is.

The sound is looked at through Hann windows of 40 ms every 10 ms: short enough for bursts of 75 ms, long enough to
tell 350 from 440 Hz. A tone's *lobe* is what a Hann window makes of a sine, two bins of 25 Hz to either side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.units import SAMPLE_RATE, Dbm0, amplitude_to_dbm0

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WINDOW: Final = 320
"""Samples in a window: 40 ms."""

HOP: Final = 80
"""Samples between windows: 10 ms."""

BIN_HZ: Final = SAMPLE_RATE / WINDOW
OFF_BY_HZ: Final = 15.0
"""How far a tone may be from its nominal frequency: 425 +-15 Hz is what ETSI allows exchanges."""

PURE: Final = 0.85
"""Share of all power that the tone's lobes must hold: a signal-to-noise ratio of 7.5 dB."""

EACH: Final = 0.12
"""Share of the tone's power that each of its sines must hold at least: 8.7 dB under all the others together."""

_HANN: Final = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(WINDOW) + 0.5) / WINDOW)
_HUM_HZ: Final = 100.0  # below this is the mains' hum, which is no part of the sound
HEARD: Final = (np.arange(WINDOW // 2 + 1) * BIN_HZ >= _HUM_HZ).astype(np.float64)
"""Picks, out of a spectrum, what is above the mains' hum."""

_NOTHING: Final = 1e-9
_SINE_SPREAD_HZ: Final = 24.0  # a Hann window spreads a sine by 14 Hz (RMS); the rest is for noise
_SINE_POWER: Final = (WINDOW / 4) ** 2 * 1.5  # a lobe's power for a sine of amplitude 1: (N/2 * 1/2)^2 (1 + 2/4)


def windows_of(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """All whole windows in samples (n,), HOP apart, as a view of them; shape (windows, WINDOW)."""
    return np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]


def spectra(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power spectra of windows; shape (windows, WINDOW // 2 + 1)."""
    transform = np.fft.rfft(windows * _HANN)
    return np.asarray(transform.real**2 + transform.imag**2)


def total_powers(spectra_: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power above the mains' hum; one number for each spectrum."""
    return np.asarray(spectra_ @ HEARD)


def power_dbm0(power: float) -> Dbm0:
    """Level of a sine that has this power in a spectrum."""
    return amplitude_to_dbm0(math.sqrt(power / _SINE_POWER))


@dataclass(frozen=True, slots=True)
class _Lobe:
    first: int
    last: int  # exclusive
    centre_hz: float
    off_by_hz: float
    spread_hz: float


class ToneBand:
    """One tone of a table: one or more sines; those that beat (less than 50 Hz apart) count as one.

    `mask` picks, out of a spectrum, what is near the tone.
    """

    def __init__(self, hertz: Sequence[float]) -> None:
        """Take the nominal frequencies."""
        groups = _beating(sorted(hertz))
        self._lobes = [_lobe(group) for group in groups]
        self.mask = np.zeros(WINDOW // 2 + 1)
        for lobe in self._lobes:
            self.mask[lobe.first : lobe.last] = 1
        self.beats = any(len(group) > 1 for group in groups)

    def shares(self, spectra_: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the power near this tone, 0 to 1, whatever it is; one number for each spectrum."""
        return np.asarray(spectra_ @ self.mask / np.maximum(spectra_ @ HEARD, _NOTHING))

    def fits(self, spectrum: NDArray[np.float64]) -> bool:
        """Whether what is near this tone is this tone: every sine is there, and in the middle of its lobe."""
        powers = [float(spectrum[lobe.first : lobe.last].sum()) for lobe in self._lobes]
        return min(powers) >= EACH * sum(powers) > 0 and all(_is_centred(spectrum, lobe) for lobe in self._lobes)


def _is_centred(spectrum: NDArray[np.float64], lobe: _Lobe) -> bool:
    part = spectrum[lobe.first : lobe.last]
    hertz = np.arange(lobe.first, lobe.last) * BIN_HZ
    centre = float(part @ hertz) / float(part.sum())
    spread = float(part @ (hertz - centre) ** 2) / float(part.sum())
    return abs(centre - lobe.centre_hz) <= lobe.off_by_hz and spread <= lobe.spread_hz**2


def _beating(hertz: list[float]) -> list[list[float]]:
    groups: list[list[float]] = []
    for tone in hertz:
        if groups and tone - groups[-1][-1] < 2 * BIN_HZ:
            groups[-1].append(tone)
        else:
            groups.append([tone])
    return groups


def _lobe(group: list[float]) -> _Lobe:
    low, high = group[0], group[-1]
    reach = OFF_BY_HZ + 1.5 * BIN_HZ
    first, last = int(np.ceil((low - reach) / BIN_HZ)), int(np.floor((high + reach) / BIN_HZ)) + 1
    return _Lobe(first, last, (low + high) / 2, OFF_BY_HZ + (high - low) / 4, _SINE_SPREAD_HZ + (high - low) / 2)
