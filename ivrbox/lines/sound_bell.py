"""The bell of a line without one: a sound that comes, and ends, while the line is on-hook rings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ivrbox.dsp.level import level_dbm0

if TYPE_CHECKING:
    from ivrbox.lines.line import Frame

LOUD_DBM0: Final = -40.0
LOUD_FRAMES: Final = 2
"""A key is held for 40 ms at least; a click is shorter."""

QUIET_FRAMES: Final = 5
"""100 ms of quiet end a sound. Only then it rings: a key that is held to ring must not be heard in the call, too."""


class SoundBell:
    """Counts a ring for each sound louder than -40 dBm0 that lasted 40 ms, once it is over."""

    def __init__(self) -> None:
        """Start in quiet."""
        self._loud = self._quiet = 0

    def push(self, heard: Frame) -> int:
        """Take one frame, int16 (160,); give 1 where it rings, else 0."""
        if level_dbm0(heard) >= LOUD_DBM0:
            self._loud += 1
            self._quiet = 0
            return 0
        self._quiet += 1
        if self._quiet < QUIET_FRAMES:
            return 0
        rings = self._loud >= LOUD_FRAMES
        self._loud = 0
        return int(rings)
