"""A recording as one age file: a stereo WAV, caller left and box right, that the public `age` tool opens."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyrage

from ivrbox.errors import SealError
from ivrbox.recordings.keys import parse_recipients, read_identities
from ivrbox.recordings.spool import SAMPLE_BYTES
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_CHANNELS = 2
_BITS = 16
_AGE = b"age-encryption.org/v1\n"


def wav_header(samples: int) -> bytes:
    """The 44 bytes before so many stereo samples of 16 bit at 8 kHz (RIFF WAVE, format 1 = PCM)."""
    size = samples * SAMPLE_BYTES
    shape = (1, _CHANNELS, SAMPLE_RATE, SAMPLE_RATE * SAMPLE_BYTES, SAMPLE_BYTES, _BITS)
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, *shape, b"data", size)


class _Pieces:
    """A readable file over pieces that are valid one at a time: no more than one read's worth is ever copied."""

    def __init__(self, header: bytes, pieces: Iterable[NDArray[np.int16]]) -> None:
        self._rest = memoryview(header)
        self._pieces: Iterator[NDArray[np.int16]] = iter(pieces)

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece.reshape(-1).view(np.uint8).data
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return bytes(taken)


def seal(content: Iterable[NDArray[np.int16]], samples: int, out: BinaryIO, recipients: Iterable[str]) -> None:
    """Write the content, stereo pieces of `samples` in all, as an age file.

    Raises:
        SealError: a recipient is not one, or the file could not be written.
    """
    source = _Pieces(wav_header(samples), content)
    try:
        pyrage.encrypt_io(source, out, parse_recipients(recipients))
    except (OSError, pyrage.EncryptError) as error:
        raise SealError(f"recording could not be sealed: {error}") from error


def is_sealed(path: Path) -> bool:
    """Whether there is a file that at least begins as an age file does; without the identity no more can be told."""
    try:
        with path.open("rb") as file:
            return file.read(len(_AGE)) == _AGE
    except OSError:
        return False


def unseal(sealed: Path, out: BinaryIO, identity: Path) -> None:
    """Write the WAV that an age file holds.

    Raises:
        SealError: the identity does not open it, or it is not what was sealed.
    """
    try:
        with sealed.open("rb") as source:
            pyrage.decrypt_io(source, out, read_identities(identity))
    except (OSError, pyrage.DecryptError) as error:
        raise SealError(f"{sealed.name}: {error}") from error
