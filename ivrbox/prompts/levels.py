"""How loud a prompt is: what a synthesizer gives becomes telephone speech, without silence at its ends.

A caller should not have to move the handset from ear to ear between prompts, and the line must not be driven into its
limits. So every synthesized clip gets the same active speech level: the power while there is speech, pauses left out,
in the manner of ITU-T P.56 with its margin of 15.9 dB, found over 20 ms windows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ivrbox.units import FRAME_SAMPLES, FULL_SCALE, FULL_SCALE_DBM0, ms_to_samples

Samples = NDArray[np.int16]

SPEECH_DBM0 = -18.0
"""Active speech level of a prompt: within 3 dB of a talker on the line, well below what the network allows."""

HIGHEST_PEAK = round(FULL_SCALE * 10 ** (-1 / 20))
"""No sample above this, 1 dB below clipping: speech with rare high peaks is left quieter."""

MARGIN_DB = 15.9
"""What lies so far below the active level is a pause (ITU-T P.56, method B)."""

AUDIBLE_DB = 35.0
"""What lies so far below the active level, at either end of a clip, is silence to be cut."""

BREATH = ms_to_samples(40)
"""Samples that stay around the speech, so that a soft first sound is whole."""


def active_level(samples: Samples) -> float:
    """Level of speech in dBm0, pauses left out; minus infinity for silence."""
    power = _window_powers(samples)
    active = power[power > 0]
    if len(active) == 0:
        return -math.inf
    while True:
        loud = active[active > active.mean() * 10 ** (-MARGIN_DB / 10)]
        if len(loud) == len(active):
            return _dbm0(active.mean())
        active = loud


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
    threshold = active_level(samples) - AUDIBLE_DB
    audible = np.flatnonzero(10 * np.log10(_window_powers(samples) + 1e-9) + _dbm0(1.0) > threshold)
    if len(audible) == 0:
        return samples[:0]
    first, last = audible[0] * FRAME_SAMPLES, (audible[-1] + 1) * FRAME_SAMPLES
    return samples[max(0, first - BREATH) : last + BREATH]


def _window_powers(samples: Samples) -> NDArray[np.float64]:
    """Mean square of each 20 ms, in int16 steps squared; the last window is filled up with silence."""
    padded = np.zeros(-(-len(samples) // FRAME_SAMPLES) * FRAME_SAMPLES)
    padded[: len(samples)] = samples
    return np.asarray((padded.reshape(-1, FRAME_SAMPLES) ** 2).mean(axis=1), np.float64)


def _dbm0(power: float) -> float:
    """Level of a mean square: that of a full-scale sine is FULL_SCALE ** 2 / 2."""
    return 10 * math.log10(power / (FULL_SCALE**2 / 2)) + FULL_SCALE_DBM0
