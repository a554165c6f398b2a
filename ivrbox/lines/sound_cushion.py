"""What lies in a card's buffer when the next period comes: wanted, since the box may be late, and delay all the same.

    cushion    too thin          as wanted       too thick for half a second, or periods pile up
    period     silence + period  as it is        without frames that are silent

A period of it is wanted, and a frame more after each time that the card ran dry: this machine needs that. So much
silence goes before the first period. After a gap, what was held up mostly fills the cushion by itself; if not, silence
does in the next pause, or when the card is dry again. More gathers whenever card or box stalls, and would not go away.
"""

from __future__ import annotations

from typing import Final

LOOK_FRAMES: Final = 25
"""So many frames long, half a second, the cushion must have been too thick."""


class Cushion:
    """Shapes period after period so that the cushion stays as it is wanted; counts the times that the card ran dry."""

    def __init__(self, room: int, frame: int, frames: int) -> None:
        """Keep a buffer of `room` samples; a frame is so many samples, and a period so many frames."""
        self._room, self._frame, self._frames = room, frame, frames
        self._wanted = frames
        self._looks = -(-LOOK_FRAMES // frames)
        self._is_wet = False
        self._is_to_fill = True
        self._thinnest, self._looked = room, 0
        self.underruns = 0

    def shape(self, period: bytes, cushion: int, *, piles_up: bool = False) -> bytes:
        """The period as it shall be written where so many samples lie in the buffer; `piles_up`: others wait behind it.

        May be empty.
        """
        if self._has_run_dry(cushion):
            self._want_more()
            return period
        if self._is_to_fill:
            return self._filled(period, cushion)
        self._thinnest = min(cushion, self._thinnest)
        self._looked += 1
        return self._thinned(period, self._spare(cushion if piles_up else self._thinnest, at_once=piles_up))

    def _has_run_dry(self, cushion: int) -> bool:
        """Whether the card has played all that it had. One that never keeps anything has no clock, and cannot."""
        was_wet, self._is_wet = self._is_wet, cushion > 0
        return was_wet and not self._is_wet

    def _want_more(self) -> None:
        """One gap is better than another after each pause. A full buffer is no cushion."""
        self.underruns += 1
        self._wanted = min(self._wanted + 1, self._room // self._frame - self._frames)
        self._is_to_fill = True
        self._look_afresh()

    def _filled(self, period: bytes, cushion: int) -> bytes:
        lack = self._wanted * self._frame - cushion
        if lack > 0 and cushion > 0 and not _is_silent(period):
            return period
        self._is_to_fill = False
        sample = len(period) // (self._frames * self._frame)  # in bytes, of all channels
        return bytes(max(0, lack) * sample) + period

    def _spare(self, cushion: int, *, at_once: bool) -> int:
        """Frames that the cushion has too many of, if it had them for long enough, or if it is to be `at_once`."""
        spare = cushion // self._frame - self._wanted
        if spare > 0 and not at_once and self._looked < self._looks:
            return 0
        if spare <= 0 and self._looked >= self._looks:
            self._look_afresh()
        return max(0, spare)

    def _thinned(self, period: bytes, spare: int) -> bytes:
        """The period without so many of its frames, as far as they are silent."""
        if not spare:
            return period
        kept, size = [], len(period) // self._frames
        for frame in (period[at : at + size] for at in range(0, len(period), size)):
            if spare and _is_silent(frame):
                spare -= 1
                self._thinnest -= self._frame
            else:
                kept.append(frame)
        return b"".join(kept)

    def _look_afresh(self) -> None:
        self._thinnest, self._looked = self._room, 0


def _is_silent(raw: bytes) -> bool:
    return not raw.strip(b"\0")
