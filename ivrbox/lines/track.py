"""Two small stores of samples: a queue of what is still to be heard, and a track of what was said so far."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]


class SoundQueue:
    """Sound in the order it was put; `take` gives as many samples as are asked for, silence where none are left."""

    def __init__(self) -> None:
        """Start empty."""
        self._parts: deque[Samples] = deque()
        self._left = 0

    def __len__(self) -> int:
        return self._left

    def put(self, samples: Samples) -> None:
        """Append a copy of these samples."""
        if samples.size:
            self._parts.append(samples.copy())
            self._left += samples.size

    def take(self, count: int) -> Samples:
        """The next `count` samples, filled up with silence."""
        taken = np.zeros(count, dtype=np.int16)
        filled = 0
        while filled < count and self._parts:
            part = self._parts.popleft()
            step = min(part.size, count - filled)
            taken[filled : filled + step] = part[:step]
            filled += step
            if step < part.size:
                self._parts.appendleft(part[step:])
        self._left -= filled
        return taken

    def clear(self) -> None:
        """Forget what was not taken."""
        self._parts.clear()
        self._left = 0


class Track:
    """Samples in the order they came, in an array that doubles when it is full."""

    def __init__(self, seconds: float = 60.0) -> None:
        """Make room for so many seconds; more is made when needed."""
        self._store = np.zeros(max(1, round(seconds * SAMPLE_RATE)), dtype=np.int16)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def append(self, samples: Samples) -> None:
        """Add samples at the end."""
        end = self._used + samples.size
        while end > self._store.size:
            self._store = np.concatenate([self._store, np.zeros_like(self._store)])
        self._store[self._used : end] = samples
        self._used = end

    @property
    def samples(self) -> Samples:
        """A copy of all samples so far."""
        return self._store[: self._used].copy()

    def clear(self) -> None:
        """Start again at the beginning; the room stays."""
        self._used = 0
