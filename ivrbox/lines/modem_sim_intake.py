"""What a computer sends to a simulated modem while a stream is on: sound, shielded, and orders between."""

from __future__ import annotations

from typing import NamedTuple

from ivrbox.lines.modem_codec import DLE, SUB


class Order(NamedTuple):
    """A shielded code, and how many DLE stood before it: firmware differs in how many it wants."""

    code: int
    dles: int


class Piece(NamedTuple):
    """A piece of what came: where the next one begins, the sound in it, and the order that ended it."""

    end: int
    sound: bytes = b""
    order: Order | None = None


class Intake:
    """Takes the stream apart. A run of n DLE is n // 2 samples; one left over shields the byte that follows."""

    def __init__(self) -> None:
        """Begin outside of any run."""
        self._dles = 0

    def next(self, data: bytes, at: int, most: int) -> Piece:
        """The piece that begins at `at`: at most `most` bytes of plain sound, or one byte of a shielded pair."""
        if data[at] == DLE:
            self._dles += 1
            return Piece(at + 1)
        if self._dles:
            return self._after_run(data[at], at + 1)
        end = data.find(DLE, at)
        end = min(at + most, len(data) if end < 0 else end)
        return Piece(end, data[at:end])

    def _after_run(self, byte: int, end: int) -> Piece:
        dles, self._dles = self._dles, 0
        samples = bytes([DLE]) * (dles // 2)
        if dles % 2 == 0:
            return Piece(end, samples + bytes([byte]))
        if byte == SUB:
            return Piece(end, samples + bytes([DLE, DLE]))
        return Piece(end, samples, Order(byte, dles))
