"""The units of the house: samples, frames, milliseconds, dBm0, and how one becomes another.

A *sample* is one int16 at 8000 Hz, mono. A *frame* is 20 ms, 160 samples: what a line exchanges at a time. All
time in a call is counted in samples and frames; a wall clock appears only as a stamp on a record.
"""

from __future__ import annotations

import math
from typing import NewType

SAMPLE_RATE = 8000
"""Samples a second, everywhere inside the box; adapters resample at its edge."""

FRAME_SAMPLES = 160
"""Samples in a frame: 20 ms, the packet time of G.711 telephony."""

FRAME_MS = 1000 * FRAME_SAMPLES // SAMPLE_RATE
SAMPLES_PER_MS = SAMPLE_RATE // 1000

FULL_SCALE = 32767
"""The largest int16 sample."""

FULL_SCALE_DBM0 = 3.14
"""Level of a sine that just reaches full scale (ITU-T G.711 clause 4, A-law; u-law has 3.17)."""

Ms = NewType("Ms", int)
Samples = NewType("Samples", int)
Frames = NewType("Frames", int)
Dbm0 = NewType("Dbm0", float)


def seconds_to_samples(seconds: float) -> Samples:
    """Samples in so many seconds, to the nearest sample."""
    return Samples(round(seconds * SAMPLE_RATE))


def samples_to_seconds(samples: int) -> float:
    """Seconds that so many samples last."""
    return samples / SAMPLE_RATE


def seconds_to_frames(seconds: float) -> Frames:
    """Frames that cover so many seconds: a frame that is begun counts."""
    return Frames(math.ceil(seconds_to_samples(seconds) / FRAME_SAMPLES))


def frames_to_seconds(frames: int) -> float:
    """Seconds that so many frames last."""
    return frames * FRAME_SAMPLES / SAMPLE_RATE


def ms_to_samples(ms: float) -> Samples:
    """Samples in so many milliseconds, to the nearest sample."""
    return Samples(round(ms * SAMPLE_RATE / 1000))


def dbm0_to_amplitude(level: float) -> float:
    """Peak amplitude, in int16 steps, of a sine of this level in dBm0."""
    return FULL_SCALE * 10 ** ((level - FULL_SCALE_DBM0) / 20)


def amplitude_to_dbm0(amplitude: float) -> Dbm0:
    """Level in dBm0 of a sine of this peak amplitude; minus infinity for silence."""
    if amplitude <= 0:
        return Dbm0(-math.inf)
    return Dbm0(20 * math.log10(amplitude / FULL_SCALE) + FULL_SCALE_DBM0)
