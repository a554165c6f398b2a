"""The room where a call is recorded until nobody can opt out any more: memory only, and sealed even there.

    delay line ──one second at a time──▶ sealed chunk ──▶ room (one mapping) ──room full──▶ overflow, if allowed
                                            ▲
                                       key page: locked, undumpable, 32 bytes

Each chunk is ChaCha20-Poly1305 under a key that exists in one locked page and nowhere else. So the end of an hour of
sound is the end of 32 bytes: it takes microseconds on the smallest board, and from then on the rest is noise,
whether or not a page of it was ever swapped out. It is zeroed all the same, a slice at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.recordings import sodium
from ivrbox.recordings.memory import LockedMemory
from ivrbox.units import SAMPLE_RATE, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CHUNK_SAMPLES: Final = SAMPLE_RATE
"""Samples of a chunk: one second of both directions."""

SAMPLE_BYTES: Final = 4
"""Bytes of one stereo sample: caller left, box right, int16 each."""

SEALED_BYTES: Final = CHUNK_SAMPLES * SAMPLE_BYTES + sodium.TAG_BYTES

_PAGE = 4096
_SLICE_BYTES = 8 * 1024 * 1024  # zeroed and read back in about 6 ms on a Raspberry Pi 4, far less than a frame


class Spool:
    """Room for one call, made once and used for call after call.

    `seconds` of room cost `memory_bytes` (60 minutes: 115 MB), but only for the part that a call has filled.
    """

    def __init__(self, seconds: float = 3600, *, locked: bool = True) -> None:
        """Map the room and the key page.

        Raises:
            SealError: libsodium is not installed.
        """
        self.chunks_of_room = -(-seconds_to_samples(seconds) // CHUNK_SAMPLES)
        self._room = LockedMemory(self.chunks_of_room * SEALED_BYTES, locked=locked, name="recording spool")
        self._vault = LockedMemory(_PAGE + CHUNK_SAMPLES * SAMPLE_BYTES, locked=locked, name="recording key")
        self._sizes: list[int] = []
        self._swept = 0
        self._dirty = 0
        sodium.make_key(self._vault.address)

    @property
    def memory_bytes(self) -> int:
        """Memory that a full room takes."""
        return self._room.bytes.size + self._vault.bytes.size

    @property
    def warnings(self) -> tuple[str, ...]:
        """Protections that the system refused, in words."""
        return (*self._vault.warnings, *self._room.warnings)

    @property
    def is_full(self) -> bool:
        """True when no further chunk has room."""
        return len(self._sizes) >= self.chunks_of_room

    def renew(self) -> None:
        """Forget whatever was there and make a new key for a new call."""
        self.destroy()
        while self.sweep():
            pass
        sodium.make_key(self._vault.address)

    def write(self, samples: NDArray[np.int16]) -> None:
        """Seal a chunk, at most a second of contiguous stereo samples, straight into the room."""
        number = len(self._sizes)
        out = self._room.address + number * SEALED_BYTES
        sodium.seal(self._vault.address, number, samples.ctypes.data, samples.nbytes, out)
        self._sizes.append(samples.nbytes)
        self._dirty = max(self._dirty, number * SEALED_BYTES + samples.nbytes + sodium.TAG_BYTES)

    def chunks(self) -> Iterator[NDArray[np.int16]]:
        """Each chunk in the clear, shape (n, 2), in one locked scratch area that the next chunk overwrites.

        Raises:
            SealError: a chunk does not open.
        """
        for number, size in enumerate(self._sizes):
            sealed = self._room.address + number * SEALED_BYTES
            out = self._vault.address + _PAGE
            sodium.unseal(self._vault.address, number, sealed, size + sodium.TAG_BYTES, out)
            yield self._vault.bytes[_PAGE : _PAGE + size].view(np.int16).reshape(-1, 2)

    def destroy(self) -> bool:
        """End the key and all that is in the clear, at once; True when they read back as zeros."""
        self._sizes.clear()
        return self._vault.wipe(0, self._vault.bytes.size)

    def sweep(self) -> bool:
        """Zero the next slice of what a destroyed key has left unreadable; True while more is to be zeroed."""
        stop = min(self._swept + _SLICE_BYTES, self._dirty)
        self._room.wipe(self._swept, stop)
        self._swept = stop
        if stop < self._dirty:
            return True
        self._swept = self._dirty = 0
        return False
