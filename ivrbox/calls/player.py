"""The player: what is being said, frame by frame, without gaps between clips and without waiting for any."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.units import FRAME_SAMPLES, ms_to_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ivrbox.prompts.clip import Clip

FADE = ms_to_samples(5)
"""A prompt that is cut fades over 5 ms: a hard edge is a click, and a click is broadband energy at the ear."""

_FADE_OUT = np.linspace(1.0, 0.0, FADE, endpoint=False)
_NOTHING = np.zeros(0, dtype=np.int16)


@dataclass(eq=False, slots=True)
class Slot:
    """A place in the queue: a clip, one that is still in the making, or a mark for something that is no sound."""

    clip: Clip | None = None
    is_mark: bool = False


class Player:
    """A queue of clips, said one sample after the other.

    `next_frame()` never waits: where a clip is still being made, or while `is_held` is set, it says silence.
    """

    def __init__(self) -> None:
        """Start with nothing to say."""
        self._queue: deque[Slot] = deque()
        self._position = 0
        self._fading = _NOTHING
        self.is_held = False
        self.marks_passed = 0

    @property
    def is_idle(self) -> bool:
        """Whether everything that was asked for has been said."""
        return not self._queue

    def say(self, clip: Clip) -> None:
        """Say a clip after what is being said."""
        self._queue.append(Slot(clip))

    def reserve(self) -> Slot:
        """Keep a place in the queue for a clip that is still being made; fill it with `fill` or give it up."""
        slot = Slot()
        self._queue.append(slot)
        return slot

    def mark(self) -> None:
        """Set a mark after what is being said: `marks_passed` counts it once everything before it has been said."""
        self._queue.append(Slot(is_mark=True))

    def fill(self, slot: Slot, clip: Clip | None) -> None:
        """Put the finished clip in its place; None gives the place up. A slot that was hushed meanwhile is ignored."""
        if slot not in self._queue:
            return
        if clip is None:
            self._queue.remove(slot)
        else:
            slot.clip = clip

    def next_frame(self) -> tuple[NDArray[np.int16], int]:
        """Take the next 160 samples to say, int16, and how many of them belong to clips (the rest is silence)."""
        frame = np.zeros(FRAME_SAMPLES, dtype=np.int16)
        filled = self._fading.size
        frame[:filled] = self._fading
        self._fading = _NOTHING
        while filled < FRAME_SAMPLES and (clip := self._next_clip()) is not None:
            filled += self._copy(clip, frame[filled:])
        if self._queue and self._queue[0].is_mark and not self.is_held:
            self._queue.popleft()
            self.marks_passed += 1
        return frame, filled

    def hush(self) -> None:
        """Stop at once and forget the queue; the clip that is cut fades over its next 5 ms."""
        if self._queue and (clip := self._queue[0].clip) is not None and self._position:
            cut = clip.samples[self._position : self._position + FADE]
            self._fading = (cut * _FADE_OUT[: cut.size]).astype(np.int16)
        self._queue.clear()
        self._position = 0

    def _next_clip(self) -> Clip | None:
        return self._queue[0].clip if self._queue and not self.is_held else None

    def _copy(self, clip: Clip, room: NDArray[np.int16]) -> int:
        piece = clip.samples[self._position : self._position + room.size]
        room[: piece.size] = piece
        self._position += piece.size
        if self._position >= clip.samples.size:
            self._queue.popleft()
            self._position = 0
        return int(piece.size)
