"""The evidence about a press: what its two tones do, and what is heard beside and before them.

A key is two sines that begin together out of what was there before, hold still, and have their band for themselves.
A voice or an instrument fails in at least one of these; a key under noise, a prompt or a bad codec fails a little in
some and does well in the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.dsp.goertzel import HOP, SPECTRUM_HZ, SPECTRUM_WINDOW, cumulative_spectrum
from ivrbox.dsp.keys import COLUMNS_HZ, ROWS_HZ
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from ivrbox.dsp.dtmf_windows import WindowHistory

TONES_HZ: Final = ROWS_HZ + COLUMNS_HZ
_HZ_PER_TURN: Final = SAMPLE_RATE / HOP
_TURNS: Final = tuple(hertz / _HZ_PER_TURN for hertz in TONES_HZ)
"""Turns that each tone's phase makes from window to window."""


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone over some windows: deviation from nominal as a fraction, and how much its phase wanders.

    `wander` is 1 less the coherence of windows half the span apart: 0 for a sine, near 1 for noise.
    """

    deviation: float
    wander: float


def measure_tones(history: WindowHistory, digit: int, first: int, last: int) -> tuple[Tone, Tone]:
    """Row and column tone of a key over windows `first` to `last`, by the advance of phase between windows.

    Neighbours give the frequency without ambiguity (500 Hz a turn), windows half the span apart give it to a fraction
    of a hertz. Products of scaled sums add up exactly, so the figures do not depend on the order of addition.
    """
    row, column = digit // 4, 4 + digit % 4
    start, stop = first - history.base, last + 1 - history.base
    sums = history.sums[[row, row + 8, column, column + 8], start:stop]
    far = (last + 1 - first) // 2
    near_products = (sums[:, 1:] @ sums[:, :-1].T).tolist()
    far_products = (sums[:, far:] @ sums[:, :-far].T).tolist()
    size = np.rint(np.sqrt(history.powers[[row, column], start:stop]))
    sizes = np.add.reduce(size[:, far:] * size[:, :-far], axis=1).tolist()
    return (
        _tone(row, near_products, far_products, far, sizes[0]),
        _tone(column, near_products, far_products, far, sizes[1]),
    )


def _tone(channel: int, near: list[list[float]], apart: list[list[float]], distance: int, size: float) -> Tone:
    index = 0 if channel < len(ROWS_HZ) else 2
    advance = _from_nominal(_turns(near, index), _TURNS[channel])
    expected = distance * (_TURNS[channel] + advance)
    advance += _from_nominal(_turns(apart, index), expected) / distance
    real, imaginary = _product(apart, index)
    coherence = math.sqrt(real * real + imaginary * imaginary) / max(size, 1.0)
    return Tone(round(advance * _HZ_PER_TURN / TONES_HZ[channel], 7), round(max(0.0, 1 - coherence), 7))


def _product(products: list[list[float]], index: int) -> tuple[float, float]:
    """Sum of later times conjugate earlier, where a sum is (cosine part) - i (sine part)."""
    cosine, sine = products[index], products[index + 1]
    return cosine[index] + sine[index + 1], cosine[index + 1] - sine[index]


def _turns(products: list[list[float]], index: int) -> float:
    real, imaginary = _product(products, index)
    return math.atan2(imaginary, real) / math.tau


def _from_nominal(turns: float, nominal: float) -> float:
    difference = turns - nominal
    return difference - round(difference)


Running = list[float]
"""Power in the spectrum's bins 1 to k, for each k: what `cumulative_spectrum` gives for one window."""

_BAND: Final = (19, 52)
"""633 to 1733 Hz: every key's tones with their deviation, and no dial tone (ITU-T Q.23, E.180)."""
_BELOW: Final = (4, 17)
"""133 to 567 Hz: a voice's fundamental and first formant; above the hum of the mains and its second harmonic."""
_ABOVE: Final = (54, 105)
"""1800 to 3500 Hz: the rest of a telephone's band."""
_LOBE: Final = 2
"""Bins to each side of a tone that are the tone's: the main lobe of the Hann window."""
_CLEAR: Final = 1.6
"""Bins from a tone where its own power has fallen by 19 dB, and nothing but another tone can be strong."""


def spectra_until(history: WindowHistory, *samples: int) -> list[Running]:
    """Spectra of the 30 ms before each of some samples (counted as windows are)."""
    return [cumulative_spectrum(history.samples_until(sample, SPECTRUM_WINDOW)).tolist() for sample in samples]


def _within(running: Running, band: tuple[int, int]) -> float:
    return running[band[1]] - running[band[0] - 1]


def _at(running: Running, hertz: float) -> float:
    middle = round(hertz / SPECTRUM_HZ)
    return _within(running, (max(middle - _LOBE, _BAND[0]), min(middle + _LOBE, _BAND[1])))


def _second(running: Running, hertz: float, group: tuple[int, ...]) -> float:
    """Power at the loudest other frequency of a group over that at the tone itself, at the peaks of the 30 ms.

    Bins nearer than the main lobe's half width to the tone are the tone's, whatever they hold.
    """
    own = hertz / SPECTRUM_HZ
    peak = max(_bin(running, math.floor(own)), _bin(running, math.ceil(own)))
    near = (math.floor(other / SPECTRUM_HZ) + side for other in group for side in (0, 1))
    return max((_bin(running, bin_) for bin_ in near if abs(bin_ - own) > _CLEAR), default=0.0) / (peak + 1.0)


def _bin(running: Running, number: int) -> float:
    return running[number] - running[number - 1]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Powers of what is heard beside two tones, as shares of the tones' power, now and just before they began.

    The second row and column are the loudest of the other keys' tones, as shares of the row's and the column's own.
    """

    beside: float
    beside_before: float
    below: float
    below_before: float
    above: float
    tones_before: float
    second_row: float
    second_column: float


def surroundings(now: Running, before: Running, row_hz: float, column_hz: float) -> Surroundings:
    """Shares of power beside (in 633-1733 Hz), below and above the two tones."""
    tones = _at(now, row_hz) + _at(now, column_hz) + 1.0
    tones_before = _at(before, row_hz) + _at(before, column_hz)
    return Surroundings(
        beside=max(0.0, _within(now, _BAND) - tones) / tones,
        beside_before=max(0.0, _within(before, _BAND) - tones_before) / tones,
        below=_within(now, _BELOW) / tones,
        below_before=_within(before, _BELOW) / tones,
        above=_within(now, _ABOVE) / tones,
        tones_before=tones_before / tones,
        second_row=_second(now, row_hz, ROWS_HZ),
        second_column=_second(now, column_hz, COLUMNS_HZ),
    )
