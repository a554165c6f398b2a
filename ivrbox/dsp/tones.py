"""Tone generators: keys, and the call-progress tones of an exchange. Deterministic: the same call, the same samples.

Levels are dBm0 per tone; a full-scale sine is +3.14 dBm0. Cadences are seconds on, off, on, off ...
(ITU-T E.180 Supplement 2; defaults are those of the United States).
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.dsp.keys import digit_tones
from ivrbox.units import FULL_SCALE, SAMPLE_RATE, dbm0_to_amplitude, ms_to_samples, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def sines(tones: Iterable[tuple[float, float]], samples: int) -> NDArray[np.int16]:
    """Sum of sines, each (Hz, dBm0), all starting at phase zero; clipped to int16. Shape (samples,)."""
    time = np.arange(samples) / SAMPLE_RATE
    total = np.zeros(samples)
    for hertz, level in tones:
        total += dbm0_to_amplitude(level) * np.sin(2 * np.pi * hertz * time)
    return np.clip(np.rint(total), -FULL_SCALE - 1, FULL_SCALE).astype(np.int16)


def silence(ms: float) -> NDArray[np.int16]:
    """So many milliseconds of zeros."""
    return np.zeros(ms_to_samples(ms), dtype=np.int16)


def key(
    digit: str,
    *,
    ms: float = 70.0,
    row_dbm0: float = -10.0,
    twist_db: float = 0.0,
    deviation: float = 0.0,
) -> NDArray[np.int16]:
    """One key press: row and column tone, the column `twist_db` stronger, both off nominal by a fraction.

    ITU-T Q.23 allows a telephone a deviation of 1.8 % (0.018). ValueError for what is no key.
    """
    row, column = digit_tones(digit)
    scale = 1 + deviation
    tones = ((row * scale, row_dbm0), (column * scale, row_dbm0 + twist_db))
    return sines(tones, ms_to_samples(ms))


def keys(
    digits: str,
    *,
    ms: float = 70.0,
    gap_ms: float = 70.0,
    row_dbm0: float = -10.0,
    twist_db: float = 0.0,
) -> NDArray[np.int16]:
    """Keys one after another, each followed by a gap."""
    parts = [np.zeros(0, dtype=np.int16)]
    for digit in digits:
        parts += [key(digit, ms=ms, row_dbm0=row_dbm0, twist_db=twist_db), silence(gap_ms)]
    return np.concatenate(parts)


def cadenced(tones: Iterable[tuple[float, float]], cadence_s: Iterable[float], seconds: float) -> NDArray[np.int16]:
    """Tones that go on and off by a cadence, repeated until the time is over. An empty cadence never goes off."""
    samples = seconds_to_samples(seconds)
    sound = sines(tones, samples)
    steps = [seconds_to_samples(step) for step in cadence_s]
    if not any(steps):
        return sound
    start = 0
    for step, heard in zip(cycle(steps), cycle((True, False)), strict=False):
        if start >= samples:
            break
        if not heard:
            sound[start : start + step] = 0
        start += step
    return sound


def dial_tone(seconds: float = 1.0, *, hertz: Iterable[float] = (350, 440), dbm0: float = -13.0) -> NDArray[np.int16]:
    """Dial tone; 425 Hz alone in most of Europe."""
    return cadenced([(tone, dbm0) for tone in hertz], (), seconds)


def busy(
    seconds: float = 2.0,
    *,
    hertz: Iterable[float] = (480, 620),
    dbm0: float = -24.0,
    cadence_s: Iterable[float] = (0.5, 0.5),
) -> NDArray[np.int16]:
    """Busy tone; with a cadence of 0.25 s it is reorder (congestion)."""
    return cadenced([(tone, dbm0) for tone in hertz], cadence_s, seconds)


def ringback(
    seconds: float = 6.0,
    *,
    hertz: Iterable[float] = (440, 480),
    dbm0: float = -19.0,
    cadence_s: Iterable[float] = (2.0, 4.0),
) -> NDArray[np.int16]:
    """Ringback tone: what a caller hears while the far telephone rings."""
    return cadenced([(tone, dbm0) for tone in hertz], cadence_s, seconds)
