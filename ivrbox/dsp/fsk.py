"""Bytes out of 1200 bit/s frequency-shift keying, the modem of caller ID: Bell 202 and ITU-T V.23.

    sound --> energy at mark minus energy at space, over one bit --> start bit found at the crossing --> 8-N-1 bytes

A byte is a start bit (space), eight data bits, the lowest first, and a stop bit (mark). Its bits are read in their
middles, counted from the crossing that began it, so that each byte sets its own clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.units import SAMPLE_RATE, dbm0_to_amplitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

BIT_SAMPLES: Final = SAMPLE_RATE / 1200
_WINDOW: Final = 7  # samples: the whole number nearest to a bit
_MIDDLES: Final = (np.arange(10) + 0.5) * BIT_SAMPLES
_FLOOR: Final = dbm0_to_amplitude(-50.0) * _WINDOW / 2
"""What a tone of -50 dBm0 leaves of itself in the window: a quieter line is not searched for start bits."""

_BYTE_SAMPLES: Final = int(np.ceil(10 * BIT_SAMPLES)) + 1


@dataclass(frozen=True)
class FskStandard:
    """The two frequencies in Hz: mark is one, and idle; space is zero."""

    mark: float
    space: float


BELL_202: Final = FskStandard(1200, 2200)
V23: Final = FskStandard(1300, 2100)
EITHER: Final = FskStandard(1250, 2150)
"""Between the two: a filter as short as a bit is 1200 Hz wide, so being 50 Hz off costs either less than 1 dB."""


@dataclass(frozen=True, slots=True)
class FskByte:
    """A byte, and the sample at which its start bit began."""

    value: int
    at: int


class FskReceiver:
    """Bytes from a stream of int16 samples; noise gives bytes too, which only a checksum tells from real ones."""

    def __init__(self, standard: FskStandard) -> None:
        """Listen for one standard."""
        turns = -2j * np.pi / SAMPLE_RATE * np.arange(_WINDOW)
        waves = [np.exp(turns * standard.mark), np.exp(turns * standard.space)]
        self._waves = np.stack([part for wave in waves for part in (wave.real, wave.imag)], axis=1)
        self._held = np.zeros(_WINDOW - 1)
        self._soft = np.zeros(0)
        self._first = 0  # the sample that self._soft[0] stands for

    def push(self, samples: NDArray[np.int16]) -> list[FskByte]:
        """Take samples of shape (n,), n from 0; give the bytes that ended in them."""
        stream = np.concatenate([self._held, samples.astype(np.float64)])
        self._held = stream[samples.size :]
        windows = np.lib.stride_tricks.sliding_window_view(stream, _WINDOW)
        parts = (windows @ self._waves) ** 2
        energies = np.sqrt(parts[:, ::2] + parts[:, 1::2])
        self._soft = np.concatenate([self._soft, energies[:, 0] - energies[:, 1]])
        return self._read_bytes()

    def skip(self, samples: int) -> None:
        """So many samples were lost, and whatever byte was under way."""
        self._first += self._soft.size + samples
        self._soft, self._held = np.zeros(0), np.zeros(_WINDOW - 1)

    def _read_bytes(self) -> list[FskByte]:
        is_space = self._soft < -_FLOOR
        crossings = np.flatnonzero(is_space[1:] & ~is_space[:-1])
        bytes_: list[FskByte] = []
        free = 0.0
        for before in crossings.tolist():
            if before < free:
                continue
            if before + _BYTE_SAMPLES + 1 >= self._soft.size:
                self._drop(before)
                return bytes_
            start = self._crossing(before)
            value = self._byte_from(start)
            if value is not None:
                bytes_.append(FskByte(value, self._first + before))
                free = start + _MIDDLES[9]
        self._drop(max(int(free), self._soft.size - 1))
        return bytes_

    def _crossing(self, before: int) -> float:
        """Where the line through the last sample of mark and the first of space crosses zero: at most a sample ago."""
        mark, space = float(self._soft[before]), float(self._soft[before + 1])
        return before + max(-1.0, mark / (mark - space))

    def _byte_from(self, start: float) -> int | None:
        places = start + _MIDDLES
        left = places.astype(np.int64)
        part = places - left
        levels = self._soft[left] * (1 - part) + self._soft[left + 1] * part
        bits = levels > 0
        if bits[0] or not bits[9]:
            return None
        return int(np.packbits(bits[1:9], bitorder="little")[0])

    def _drop(self, count: int) -> None:
        self._soft = self._soft[count:]
        self._first += count
