"""Caller ID as exchanges send it, made from sines: for tests of the receiver, and of the lines that it listens on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ivrbox.units import SAMPLE_RATE, dbm0_to_amplitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

BELL_202 = (1200.0, 2200.0)
V23 = (1300.0, 2100.0)


def mdmf(fields: dict[int, bytes]) -> bytes:
    """A multiple data message: type, length, fields, checksum."""
    return with_checksum(0x80, b"".join(bytes([kind, len(value)]) + value for kind, value in fields.items()))


def sdmf(number: bytes, stamp: bytes = b"01021504") -> bytes:
    """A single data message: month, day, hour, minute, number."""
    return with_checksum(0x04, stamp + number)


def with_checksum(kind: int, body: bytes) -> bytes:
    """Type, length, body, and the byte that makes them all add up to 0 modulo 256."""
    message = bytes([kind, len(body)]) + body
    return message + bytes([-sum(message) % 256])


def fsk(  # noqa: PLR0913 - each is a way in which real lines differ
    message: bytes,
    tones: tuple[float, float] = BELL_202,
    *,
    dbm0: float = -13.5,
    seizure: int = 30,
    mark_bits: int = 180,
    gap_bits: int = 0,
    twist_db: float = 0.0,
    bit_rate: float = 1200.0,
) -> NDArray[np.float64]:
    """The sound of a message: channel seizure (0x55), mark, message; phase without jumps. Float, to take noise on."""
    bits = _bits(b"\x55" * seizure, 0) + [1] * mark_bits + _bits(message, gap_bits) + [1] * 10
    ends = np.rint(np.arange(1, len(bits) + 1) * SAMPLE_RATE / bit_rate).astype(int)
    keyed = np.repeat(np.array(bits), np.diff(ends, prepend=0))
    hertz = np.where(keyed == 1, tones[0], tones[1])
    amplitude = np.where(keyed == 1, 1.0, 10 ** (twist_db / 20)) * dbm0_to_amplitude(dbm0)
    return np.asarray(amplitude * np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE))


def _bits(message: bytes, gap_bits: int) -> list[int]:
    bits = []
    for byte in message:
        bits += [0, *((byte >> place) & 1 for place in range(8)), 1] + [1] * gap_bits
    return bits
