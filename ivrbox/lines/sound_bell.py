"""The bell of a line without one: a sound that comes while the line is on-hook rings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ivrbox.dsp.level import level_dbm0

if TYPE_CHECKING:
    from ivrbox.lines.line import Frame

LOUD_DBM0: Final = -40.0
LOUD_FRAMES: Final = 2
"""A key is held for 40 ms at least; a click is shorter."""

QUIET_FRAMES: Final = 10
"""After 200 ms of quiet the next sound rings anew."""


class SoundBell:
    """Counts a ring for each sound louder than -40 dBm0 that lasts 40 ms, after 200 ms of quiet."""

    def __init__(self) -> None:
        """Start in quiet."""
        self._loud = 0
        self._quiet = QUIET_FRAMES

    def push(self, heard: Frame) -> int:
        """Take one frame, int16 (160,); give 1 where it rings, else 0."""
        if level_dbm0(heard) < LOUD_DBM0:
            self._loud = 0
            self._quiet += 1
            return 0
        self._loud += 1
        rings = self._loud == LOUD_FRAMES and self._quiet >= QUIET_FRAMES
        if self._loud >= LOUD_FRAMES:
            self._quiet = 0
        return int(rings)
