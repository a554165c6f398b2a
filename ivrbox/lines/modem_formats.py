"""How a modem writes a sample as bytes (`+VSM`), to and from int16. ADPCM is left to those who need half the bytes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.dsp import g711

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]


_STEP = np.int16(256)
"""A step of 8-bit coding, in steps of 16 bits."""


class Coding(StrEnum):
    """What the bytes of a sample mean."""

    UNSIGNED8 = "unsigned8"  # centre 0x80, as in an 8-bit WAV file
    SIGNED8 = "signed8"
    LINEAR16 = "linear16"  # low byte first
    ULAW = "ulaw"
    ALAW = "alaw"

    @property
    def width(self) -> int:
        """Bytes of a sample."""
        return 2 if self is Coding.LINEAR16 else 1


def encode(samples: Samples, coding: Coding) -> bytes:
    """Bytes of int16 samples; to 8 bits by rounding, so that silence is exactly the centre."""
    match coding:
        case Coding.UNSIGNED8:
            return (_to_8_bits(samples) + 128).astype(np.uint8).tobytes()
        case Coding.SIGNED8:
            return _to_8_bits(samples).astype(np.int8).tobytes()
        case Coding.LINEAR16:
            return samples.astype("<i2").tobytes()
        case Coding.ULAW:
            return g711.encode_ulaw(samples).tobytes()
        case Coding.ALAW:
            return g711.encode_alaw(samples).tobytes()


def decode(data: bytes, coding: Coding) -> Samples:
    """int16 samples of bytes; their number must be a whole number of samples."""
    codes = np.frombuffer(data, dtype=np.uint8)
    match coding:
        case Coding.UNSIGNED8:
            return (codes.astype(np.int16) - 128) * _STEP
        case Coding.SIGNED8:
            return codes.view(np.int8).astype(np.int16) * _STEP
        case Coding.LINEAR16:
            return np.frombuffer(data, dtype="<i2").astype(np.int16)
        case Coding.ULAW:
            return g711.decode_ulaw(codes)
        case Coding.ALAW:
            return g711.decode_alaw(codes)


def _to_8_bits(samples: Samples) -> Samples:
    return np.asarray(np.minimum((samples.astype(np.int32) + _STEP // 2) // _STEP, 127), dtype=np.int16)
