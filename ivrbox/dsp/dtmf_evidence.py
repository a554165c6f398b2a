"""The evidence about a press: what its two tones do, and what is heard beside and before them.

A key is two sines that begin together out of what was there before, hold still, and have their band for themselves.
A voice or an instrument fails in at least one of these; a key under noise, a prompt or a bad codec fails a little in
some and does well in the rest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ivrbox.dsp.goertzel import HOP, SPECTRUM_HZ, SPECTRUM_WINDOW, cumulative_spectrum
from ivrbox.dsp.keys import COLUMNS_HZ, ROWS_HZ
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ivrbox.dsp.dtmf_windows import WindowHistory

TONES_HZ: Final = ROWS_HZ + COLUMNS_HZ
_HZ_PER_TURN: Final = SAMPLE_RATE / HOP
_TURNS: Final = tuple(hertz / _HZ_PER_TURN for hertz in TONES_HZ)
"""Turns that each tone's phase makes from window to window."""


class Tone(NamedTuple):
    """One tone over some windows: deviation from nominal as a fraction, and how much its phase wanders.

    `wander` is 1 less the coherence of windows half the span apart: 0 for a sine, near 1 for noise.
    """

    deviation: float
    wander: float


def measure_tone(history: WindowHistory, channel: int, first: int, last: int, most: float = math.inf) -> Tone:
    """One of the eight tones (rows, then columns) over windows `first` to `last`, by its advance of phase.

    The wander of one that deviates by more than `most` is not looked at, and given as 1.

    Neighbours give the frequency without ambiguity (500 Hz a turn), windows half the span apart give it to a fraction
    of a hertz. Products of scaled sums add up exactly, so the figures do not depend on the order of addition.
    """
    span = slice(first - history.base, last + 1 - history.base)
    sums = history.sums[channel :: len(TONES_HZ), span]
    far = (last + 1 - first) // 2
    advance = _from_nominal(_turns(*_advance(sums, 1)), _TURNS[channel])
    real, imaginary = _advance(sums, far)
    advance += _from_nominal(_turns(real, imaginary), far * (_TURNS[channel] + advance)) / far
    deviation = round(advance * _HZ_PER_TURN / TONES_HZ[channel], 7)
    if abs(deviation) > most:
        return Tone(deviation, 1.0)
    size = np.rint(np.sqrt(history.powers[channel, span]))
    coherence = math.sqrt(real * real + imaginary * imaginary) / max(float(size[far:] @ size[:-far]), 1.0)
    return Tone(deviation, round(max(0.0, 1 - coherence), 7))


def _advance(sums: NDArray[np.float64], windows: int) -> tuple[float, float]:
    """Sum of later times conjugate earlier, so many windows apart, where a sum is (cosine part) - i (sine part)."""
    (cosines, crossed), (crossed_back, sines) = (sums[:, windows:] @ sums[:, :-windows].T).tolist()
    return cosines + sines, crossed - crossed_back


def _turns(real: float, imaginary: float) -> float:
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


def _bins_of(group: tuple[int, ...]) -> tuple[int, ...]:
    """The two bins nearest to each frequency of a group."""
    return tuple(math.floor(hertz / SPECTRUM_HZ) + side for hertz in group for side in (0, 1))


_ROW_BINS: Final = _bins_of(ROWS_HZ)
_COLUMN_BINS: Final = _bins_of(COLUMNS_HZ)


def spectra_until(history: WindowHistory, *samples: int) -> list[Running]:
    """Spectra of the 30 ms before each of some samples (counted as windows are)."""
    return [cumulative_spectrum(history.samples_until(sample, SPECTRUM_WINDOW)).tolist() for sample in samples]


def _within(running: Running, band: tuple[int, int]) -> float:
    return running[band[1]] - running[band[0] - 1]


def _at(running: Running, hertz: float) -> float:
    middle = round(hertz / SPECTRUM_HZ)
    return _within(running, (max(middle - _LOBE, _BAND[0]), min(middle + _LOBE, _BAND[1])))


def second_tones(now: Running, row_hz: float, column_hz: float) -> tuple[float, float]:
    """Power at the loudest other frequency of either group over that at the tone itself, at the peaks of the 30 ms.

    Bins nearer than the main lobe's half width to the tone are the tone's, whatever they hold.
    """
    return _second(now, row_hz, _ROW_BINS), _second(now, column_hz, _COLUMN_BINS)


def _second(running: Running, hertz: float, bins: tuple[int, ...]) -> float:
    own = hertz / SPECTRUM_HZ
    peak = max(_bin(running, math.floor(own)), _bin(running, math.ceil(own)))
    return max((_bin(running, bin_) for bin_ in bins if abs(bin_ - own) > _CLEAR), default=0.0) / (peak + 1.0)


def _bin(running: Running, number: int) -> float:
    return running[number] - running[number - 1]


class Surroundings(NamedTuple):
    """Powers of what is heard beside two tones, as shares of the tones' power, now and just before they began."""

    beside: float
    below: float
    below_before: float
    above: float
    tones_before: float


def surroundings(now: Running, before: Running, row_hz: float, column_hz: float) -> Surroundings:
    """Shares of power beside (in 633-1733 Hz), below and above the two tones."""
    tones = _at(now, row_hz) + _at(now, column_hz) + 1.0
    tones_before = _at(before, row_hz) + _at(before, column_hz)
    return Surroundings(
        beside=max(0.0, _within(now, _BAND) - tones) / tones,
        below=_within(now, _BELOW) / tones,
        below_before=_within(before, _BELOW) / tones,
        above=_within(now, _ABOVE) / tones,
        tones_before=tones_before / tones,
    )
