"""Anonymous memory that is kept out of swap, core dumps and child processes, and that can be wiped and read back."""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MLOCK_ONFAULT = 1  # linux/mman.h: a page is locked when it is first touched, so room not used costs no memory


class LockedMemory:
    """One preallocated, zeroed mapping.

    `warnings` holds, in words, each protection that the system refused; the memory works without it, and the
    owner is told (`ivrbox check`).
    """

    def __init__(self, size: int, *, locked: bool = True, name: str = "memory") -> None:
        """Map `size` bytes; no page costs memory until it is touched."""
        self._map = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.bytes: NDArray[np.uint8] = np.frombuffer(self._map, dtype=np.uint8)
        self.warnings: list[str] = []
        self._keep_from_dumps_and_children(name)
        self.locked = locked and self._lock(name)

    @property
    def address(self) -> int:
        """Where the mapping begins, for C functions that work in place."""
        return self.bytes.ctypes.data

    def wipe(self, start: int, stop: int) -> bool:
        """Zero the bytes from start to stop and read them back; True when all of them are zero."""
        if stop <= start:
            return True
        ctypes.memset(self.address + start, 0, stop - start)
        return not self.bytes[start:stop].any()

    def _keep_from_dumps_and_children(self, name: str) -> None:
        for advice in ("MADV_DONTDUMP", "MADV_DONTFORK"):
            try:
                self._map.madvise(getattr(mmap, advice))
            except (AttributeError, OSError) as error:
                self.warnings.append(f"{name}: {advice} refused: {error}")

    def _lock(self, name: str) -> bool:
        libc = ctypes.CDLL(None, use_errno=True)
        arguments = ctypes.c_void_p(self.address), ctypes.c_size_t(self.bytes.size), _MLOCK_ONFAULT
        try:
            refused = libc.mlock2(*arguments)
        except AttributeError:
            self.warnings.append(f"{name}: this system has no mlock2; the memory may be swapped out")
            return False
        if refused:
            reason = os.strerror(ctypes.get_errno())
            self.warnings.append(
                f"{name}: {self.bytes.size} bytes could not be locked ({reason}); raise RLIMIT_MEMLOCK "
                "(LimitMEMLOCK= in the unit)"
            )
        return not refused
