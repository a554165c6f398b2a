"""Where a recording goes when its room in memory is full, if the owner wants that: sealed chunks in a nameless file.

The file never has a name (O_TMPFILE), so a cut leaves nothing to find; its chunks were sealed under a key that lives
in locked memory only, so what the medium may remember of them is noise for ever.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class Overflow:
    """Chunks of one size, by number; the file is opened at the first."""

    def __init__(self, folder: Path, chunk_bytes: int) -> None:
        """Use a nameless file in `folder`, once there is something to put there."""
        self._folder = folder
        self._chunk_bytes = chunk_bytes
        self._file: int | None = None

    @property
    def is_used(self) -> bool:
        """True when something was put there."""
        return self._file is not None

    def put(self, number: int, sealed: NDArray[np.uint8]) -> None:
        """Write a sealed chunk.

        Raises:
            OSError: the medium is full or broken, or its file system knows no nameless files.
        """
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._folder, os.O_TMPFILE | os.O_RDWR, 0o600)
        if os.pwrite(self._file, sealed.data, number * self._chunk_bytes) < sealed.size:
            raise OSError(f"{self._folder}: the medium took only part of a chunk")

    def get(self, number: int, into: NDArray[np.uint8]) -> None:
        """Read a sealed chunk."""
        if self._file is not None:
            os.preadv(self._file, [into.data], number * self._chunk_bytes)

    def destroy(self) -> bool:
        """Truncate, sync and close; with that the nameless file is gone. False if the medium refuses."""
        if self._file is None:
            return True
        file, self._file = self._file, None
        try:
            os.ftruncate(file, 0)
            os.fsync(file)
        except OSError:
            return False
        finally:
            os.close(file)
        return True
