"""Anonymous memory that is kept out of swap, core dumps and child processes, and that can be wiped and read back."""

from __future__ import annotations

import ctypes
import mmap
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAGE: Final = mmap.PAGESIZE

# Numbers of the Linux ABI (mman.h) that Python has no names for.
_MLOCK_ONFAULT = 1  # a page is locked when it is first touched, so room that is not used costs no memory
_MADV_DONTNEED_LOCKED = 24  # give pages back although they are locked; since Linux 5.18


class LockedMemory:
    """One preallocated, zeroed mapping of whole pages, `bytes`, filled in place.

    `warnings` says in words which protection the system refused; the memory works without it, and the owner is
    told by the log and `ivrbox doctor`.
    """

    def __init__(self, size: int, *, name: str, locked: bool = True) -> None:
        """Map at least `size` bytes; `name` is what warnings call them."""
        self._map = mmap.mmap(-1, pages(size), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.bytes: NDArray[np.uint8] = np.frombuffer(self._map, dtype=np.uint8)
        self.address: int = self.bytes.ctypes.data
        self.warnings: list[str] = []
        self._name = name
        for advice in ("MADV_DONTDUMP", "MADV_DONTFORK"):
            self._protect(advice)
        with suppress(AttributeError, OSError):  # a kernel without huge pages needs no telling
            self._map.madvise(mmap.MADV_NOHUGEPAGE)  # or the first touch of each would clear 2 MB in a frame's time
        self.is_locked = locked and self._lock()

    def wipe(self, start: int, stop: int) -> bool:
        """Zero the bytes from start to stop and read them back; True when all of them are zero."""
        if stop <= start:
            return True
        ctypes.memset(self.address + start, 0, stop - start)
        return not self.bytes[start:stop].any()

    def give_back(self, start: int, stop: int) -> None:
        """Let the system have the whole pages from start to stop again; they come back as zeros when touched."""
        first = pages(start)
        try:
            self._map.madvise(_MADV_DONTNEED_LOCKED, first, stop // PAGE * PAGE - first)
        except (OSError, ValueError):
            return  # an old kernel, or not one whole page: they stay, zeroed and ours

    def _protect(self, advice: str) -> None:
        try:
            self._map.madvise(getattr(mmap, advice))
        except (AttributeError, OSError) as error:
            self.warnings.append(f"{self._name}: {advice} is not to be had here: {error}")

    def _lock(self) -> bool:
        size = self.bytes.size
        try:
            refused = _mlock2(self.address, size)
        except AttributeError:
            self.warnings.append(f"{self._name}: this system cannot lock memory page by page; it may be swapped out")
            return False
        if refused:
            self.warnings.append(
                f"{self._name}: {size} bytes could not be locked ({os.strerror(refused)}) and may be swapped out; "
                "raise the limit (LimitMEMLOCK= in the unit, or ulimit -l)"
            )
        return not refused


def pages(size: int) -> int:
    """The size rounded up to whole pages."""
    return -(-size // PAGE) * PAGE


def _mlock2(address: int, size: int) -> int:
    """Lock pages as they are touched; 0, or the errno."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlock2(ctypes.c_void_p(address), ctypes.c_size_t(size), _MLOCK_ONFAULT):
        return ctypes.get_errno()
    return 0
