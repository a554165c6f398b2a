"""G.711: the two companding laws of telephony, bit for bit, as table look-ups.

ITU-T G.711 defines each law by its *decision values*, between which a sample falls, and one *quantised value* for
each interval, its middle. Both follow from the segments: a run of equal steps, each segment's step twice that of
the one before. The tables here are built from exactly that, in view, and then looked up.

    law     uniform PCM   segments (steps x size)         code of a positive sample
    A-law   13 bit        32 x 2, 16 x 4, 16 x 8 ... 128  interval number, sign bit 1, even bits inverted (0x55)
    u-law   14 bit        1 x 1, 15 x 2, 16 x 4 ... 256   interval number, sign bit 1, then all bits inverted but that

An int16 sample stands for the uniform value times 8 (A-law) or 4 (u-law). A negative sample is mirrored as its ones'
complement, which is how the ITU-T software tool library (G.191) does it and what makes the two halves equal in size.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pcm: TypeAlias = NDArray[np.int16]
Codes: TypeAlias = NDArray[np.uint8]
Intervals: TypeAlias = NDArray[np.int64]

_ALAW_STEPS = np.repeat([2, 4, 8, 16, 32, 64, 128], [32, *[16] * 6])
"""Interval sizes of table 1a/G.711, in units of 13-bit uniform PCM."""

_ULAW_STEPS = np.repeat([1, 2, 4, 8, 16, 32, 64, 128, 256], [1, 15, *[16] * 7])
"""Interval sizes of table 2a/G.711, in units of 14-bit uniform PCM."""

_ALAW_SCALE = 8
_ULAW_SCALE = 4
_SIGN = 0x80
_EVEN_BITS = 0x55
_MAGNITUDE_BITS = 0x7F


def encode_alaw(samples: Pcm) -> Codes:
    """A-law code of each int16 sample, in the same shape."""
    return _alaw_codes()[samples.view(np.uint16)]


def decode_alaw(codes: Codes) -> Pcm:
    """int16 sample of each A-law code, in the same shape."""
    return _alaw_samples()[codes]


def encode_ulaw(samples: Pcm) -> Codes:
    """u-law code of each int16 sample, in the same shape."""
    return _ulaw_codes()[samples.view(np.uint16)]


def decode_ulaw(codes: Codes) -> Pcm:
    """int16 sample of each u-law code, in the same shape."""
    return _ulaw_samples()[codes]


@cache
def _alaw_codes() -> Codes:
    interval, positive = _interval_of_every_sample(_ALAW_STEPS, _ALAW_SCALE)
    return ((interval | np.where(positive, _SIGN, 0)) ^ _EVEN_BITS).astype(np.uint8)


@cache
def _alaw_samples() -> Pcm:
    code = np.arange(256) ^ _EVEN_BITS
    middle = np.cumsum(_ALAW_STEPS) - _ALAW_STEPS // 2
    value = middle[code & _MAGNITUDE_BITS] * _ALAW_SCALE
    return np.asarray(np.where(code & _SIGN, value, -value), dtype=np.int16)


@cache
def _ulaw_codes() -> Codes:
    interval, positive = _interval_of_every_sample(_ULAW_STEPS, _ULAW_SCALE)
    return ((interval ^ _MAGNITUDE_BITS) | np.where(positive, _SIGN, 0)).astype(np.uint8)


@cache
def _ulaw_samples() -> Pcm:
    code = np.arange(256)
    middle = np.cumsum(_ULAW_STEPS) - _ULAW_STEPS // 2 - (_ULAW_STEPS == 1)  # the first value is 0, not a middle
    value = middle[(code & _MAGNITUDE_BITS) ^ _MAGNITUDE_BITS] * _ULAW_SCALE
    return np.asarray(np.where(code & _SIGN, value, -value), dtype=np.int16)


def _interval_of_every_sample(steps: Intervals, scale: int) -> tuple[Intervals, NDArray[np.bool_]]:
    """Interval number and sign of all 65 536 samples, in the order of their bits read as uint16."""
    sample = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int64)
    positive = sample >= 0
    magnitude = np.where(positive, sample, ~sample) // scale
    decision = np.cumsum(steps)
    return np.minimum(np.searchsorted(decision, magnitude, side="right"), len(steps) - 1), positive
