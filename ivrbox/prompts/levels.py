"""How loud a prompt is: what a synthesizer gives becomes telephone speech, without silence at its ends.

A caller should not have to move the handset from ear to ear between prompts, and the line must not be driven into its
limits. So every synthesized clip gets the same active speech level: the power while there is speech, pauses left out,
in the manner of ITU-T P.56 with its margin of 15.9 dB, found over 20 ms windows. What the line would take away is
taken away first: more than half the power of some voices lies below 300 Hz, where no telephone carries it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ivrbox.units import FRAME_SAMPLES, FULL_SCALE, FULL_SCALE_DBM0, SAMPLE_RATE, ms_to_samples

Samples = NDArray[np.int16]

SPEECH_DBM0 = -18.0
"""Active speech level of a prompt: within 3 dB of a talker on the line, well below what the network allows."""

HIGHEST_PEAK = round(FULL_SCALE * 10 ** (-1 / 20))
"""No sample above this, 1 dB below clipping: speech with rare high peaks is left quieter."""

MARGIN_DB = 15.9
"""What lies so far below the active level is a pause (ITU-T P.56, method B)."""

BAND_EDGES_HZ = (200, 300, 3400, 3600)
"""The band of the telephone network, 300 to 3400 Hz (ITU-T G.712), and where all around it is gone."""

AUDIBLE_DB = 35.0
"""What lies so far below the active level, at either end of a clip, is silence to be cut."""

FULL_SCALE_POWER = FULL_SCALE**2 / 2
"""Mean square of a sine of `FULL_SCALE_DBM0`."""

FILTER_TAIL = ms_to_samples(50)
"""Silence after the clip for the filter to die away in, instead of in its beginning."""

BREATH = ms_to_samples(40)
"""Samples that stay around the speech, so that a soft first sound is whole."""


def active_level(samples: Samples) -> float:
    """Level of speech in dBm0, pauses left out; minus infinity for silence."""
    power = _active_power(_window_powers(samples))
    return 10 * math.log10(power / FULL_SCALE_POWER) + FULL_SCALE_DBM0 if power else -math.inf


def in_telephone_band(samples: Samples) -> Samples:
    """The sound as far as a telephone carries it, in the same place of the clip."""
    spectrum = np.fft.rfft(samples, len(samples) + FILTER_TAIL)
    hz = np.fft.rfftfreq(len(samples) + FILTER_TAIL, 1 / SAMPLE_RATE)
    level = np.fft.irfft(spectrum * np.interp(hz, BAND_EDGES_HZ, (0, 1, 1, 0)), len(samples) + FILTER_TAIL)
    return np.asarray(np.clip(np.rint(level[: len(samples)]), -FULL_SCALE - 1, FULL_SCALE), np.int16)


def at_telephone_level(samples: Samples) -> Samples:
    """The same speech at `SPEECH_DBM0`, or as near to it as its peaks allow; silence stays as it is."""
    level = active_level(samples)
    if level == -math.inf:
        return samples
    gain = 10 ** ((SPEECH_DBM0 - level) / 20)
    gain = min(gain, HIGHEST_PEAK / float(np.abs(samples.astype(np.int32)).max()))
    return np.asarray(np.rint(samples * gain), np.int16)


def trimmed(samples: Samples) -> Samples:
    """The clip from just before its first sound to just after its last; nothing of it if it has none."""
    powers = _window_powers(samples)
    audible = np.flatnonzero(powers > _active_power(powers) * 10 ** (-AUDIBLE_DB / 10))
    if len(audible) == 0:
        return samples[:0]
    first, last = audible[0] * FRAME_SAMPLES, (audible[-1] + 1) * FRAME_SAMPLES
    return samples[max(0, first - BREATH) : last + BREATH]


def _window_powers(samples: Samples) -> NDArray[np.float64]:
    """Mean square of each 20 ms, in int16 steps squared; the last window is filled up with silence."""
    padded = np.zeros(-(-len(samples) // FRAME_SAMPLES) * FRAME_SAMPLES)
    padded[: len(samples)] = samples
    return np.asarray((padded.reshape(-1, FRAME_SAMPLES) ** 2).mean(axis=1), np.float64)


def _active_power(powers: NDArray[np.float64]) -> float:
    """Mean of those windows that are no pause: none of them lies `MARGIN_DB` or more below it; 0 if all are silent."""
    active = powers[powers > 0]
    while len(active):
        mean = float(active.mean())
        louder = active[active > mean * 10 ** (-MARGIN_DB / 10)]
        if len(louder) == len(active):
            return mean
        active = louder
    return 0.0
