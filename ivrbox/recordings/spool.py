"""The room where a call is recorded until nobody can opt out any more: memory only, and sealed even there.

    desk (delay line) ──a second at a time──▶ sealed chunk ──▶ room, one mapping ──full──▶ overflow, if wanted
                                                   ▲
                                              key: 32 bytes

Each chunk is ChaCha20-Poly1305 under a key that exists in one locked page and nowhere else. So the end of an hour of
sound is the end of 32 bytes: it takes microseconds on the smallest board, and from then on the rest is noise,
whether or not a page of it was ever swapped out. It is zeroed all the same, a slice at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.errors import SealError
from ivrbox.recordings import sodium
from ivrbox.recordings.memory import PAGE, LockedMemory, pages
from ivrbox.recordings.overflow import Overflow
from ivrbox.units import FRAME_SAMPLES, SAMPLE_RATE, samples_to_seconds, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

CHUNK_SAMPLES: Final = SAMPLE_RATE
"""Samples of a chunk: one second of both directions."""

SAMPLE_BYTES: Final = 4
"""Bytes of one stereo sample: caller left, box right, int16 each."""

MAX_DELAY: Final = CHUNK_SAMPLES - FRAME_SAMPLES
"""The longest delay line, in samples: what stays on the desk is moved down without overlap, so never copied aside."""

_SEALED_BYTES: Final = CHUNK_SAMPLES * SAMPLE_BYTES + sodium.TAG_BYTES
_SLICE_BYTES: Final = 4 * 1024 * 1024  # two minutes; to zero and read this much takes a ms here, a few on a small board

# The vault: key page | scratch, one chunk | desk. Everything in it may hold secrets in the clear.
_SCRATCH = PAGE
_DESK = _SCRATCH + pages(_SEALED_BYTES)
_VAULT_BYTES = _DESK + (MAX_DELAY + CHUNK_SAMPLES + FRAME_SAMPLES) * SAMPLE_BYTES


class Spool:
    """Room for one call at a time, made once and used for call after call.

    `seconds` of room take `memory_bytes` (60 minutes: 115 MB), but only as far as a call fills them, and until
    they are wiped. With `overflow`, a folder, a longer call goes on there; without, its recording stops.
    """

    def __init__(self, seconds: float = 3600, *, locked: bool = True, overflow: Path | None = None) -> None:
        """Map the room and the vault, the vault first: if only a little may be locked, it is what counts.

        Raises:
            SealError: libsodium is not installed.
        """
        self._chunks_of_room = -(-seconds_to_samples(seconds) // CHUNK_SAMPLES)
        self._vault = LockedMemory(_VAULT_BYTES, name="recording key", locked=locked)
        self._room = LockedMemory(self._chunks_of_room * _SEALED_BYTES, name="recording spool", locked=locked)
        self._scratch = self._vault.bytes[_SCRATCH : _SCRATCH + _SEALED_BYTES]
        self._overflow = Overflow(overflow, _SEALED_BYTES) if overflow else None
        self._sizes: list[int] = []
        self._swept = self._dirty = 0
        self._is_taken = False
        self.stopped = ""
        sodium.load()

    @property
    def memory_bytes(self) -> int:
        """Memory that a full room takes."""
        return self._room.bytes.size + self._vault.bytes.size

    @property
    def warnings(self) -> tuple[str, ...]:
        """Protections that the system refused, in words."""
        return (*self._vault.warnings, *self._room.warnings)

    @property
    def desk(self) -> NDArray[np.int16]:
        """Room for the delay line, shape (n, 2): it holds sound in the clear, so it stands in the vault."""
        return self._vault.bytes[_DESK:_VAULT_BYTES].view(np.int16).reshape(-1, 2)

    @property
    def samples(self) -> int:
        """Samples of each direction that are here."""
        return sum(self._sizes) // SAMPLE_BYTES

    @property
    def how_destroyed(self) -> str:
        """What `destroy` would do now, for a receipt."""
        if self._overflow and self._overflow.is_used:
            return "key destroyed, memory zeroed, overflow (sealed under that key) truncated and synced"
        return "key destroyed, memory zeroed; never stored"

    def take(self) -> None:
        """Take the spool for a call, under a new key.

        Raises:
            SealError: another call still has it.
        """
        if self._is_taken:
            raise SealError("recording spool: another call still has it; one spool serves one call at a time")
        self._is_taken, self.stopped = True, ""
        sodium.make_key(self._vault.address)

    def give_back(self) -> None:
        """The call is done with it: all is wiped, and another may take it."""
        self.destroy()
        while self.sweep():
            pass
        self._is_taken = False

    def write(self, samples: NDArray[np.int16]) -> None:
        """Seal a chunk: at most a second of stereo samples. Once `stopped` says why, nothing more is taken."""
        if self.stopped:
            return
        number = len(self._sizes)
        if number < self._chunks_of_room:
            self._seal(samples, number, self._room.address + number * _SEALED_BYTES)
            self._dirty = (number + 1) * _SEALED_BYTES
        elif not self._write_overflow(samples, number):
            return
        self._sizes.append(samples.nbytes)

    def chunks(self) -> Iterator[NDArray[np.int16]]:
        """Each chunk in the clear, shape (n, 2), in the one scratch area that the next chunk overwrites.

        Raises:
            SealError: a chunk does not open.
        """
        for number, size in enumerate(self._sizes):
            sealed = self._room.address + number * _SEALED_BYTES
            if self._overflow and number >= self._chunks_of_room:
                self._overflow.get(number - self._chunks_of_room, self._scratch[: size + sodium.TAG_BYTES])
                sealed = self._vault.address + _SCRATCH
            out = self._vault.address + _SCRATCH
            sodium.unseal(self._vault.address, number, sealed, size + sodium.TAG_BYTES, out)
            yield self._scratch[:size].view(np.int16).reshape(-1, 2)

    def destroy(self) -> bool:
        """End the key and all that stands in the clear, at once; True when they read back as zeros.

        Overflow is truncated and synced as well, which takes as long as the medium takes; False if it refuses.
        """
        self._sizes.clear()
        gone = self._vault.wipe(0, self._vault.bytes.size)
        return gone and (self._overflow is None or self._overflow.destroy())

    def sweep(self) -> bool:
        """Zero the next slice of what a destroyed key has left unreadable; True while more is to be zeroed."""
        if self._sizes:  # not destroyed: it is wanted yet
            return False
        stop = min(self._swept + _SLICE_BYTES, self._dirty)
        self._room.wipe(self._swept, stop)
        self._room.give_back(self._swept, stop)
        self._swept = stop
        if stop < self._dirty:
            return True
        self._swept = self._dirty = 0
        return False

    def _seal(self, samples: NDArray[np.int16], number: int, out: int) -> None:
        sodium.seal(self._vault.address, number, samples.ctypes.data, samples.nbytes, out)

    def _write_overflow(self, samples: NDArray[np.int16], number: int) -> bool:
        after = f"recording stopped after {samples_to_seconds(self.samples):.0f} s"
        if self._overflow is None:
            self.stopped = f"{after}: its room is full"
            return False
        self._seal(samples, number, self._vault.address + _SCRATCH)
        try:
            sealed = self._scratch[: samples.nbytes + sodium.TAG_BYTES]
            self._overflow.put(number - self._chunks_of_room, sealed)
        except OSError as error:
            self.stopped = f"{after}: {error}"
            return False
        return True
