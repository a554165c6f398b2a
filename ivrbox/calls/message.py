"""A message that a caller leaves on purpose: taken beside the call's recording, kept or dropped as the caller says."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.dialog.events import SilenceHeard
from ivrbox.dsp.level import level_dbm0
from ivrbox.units import FRAME_SAMPLES, ms_to_samples, samples_to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ivrbox.recordings import Recorder

QUIETEST_VOICE_DBM0 = -48.0
"""Below this nothing counts as a voice: 30 dB under the level that telephone speech has on average (ITU-T P.56)."""

ABOVE_FLOOR_DB = 8.0
"""A voice stands this far above the line's noise."""

FLOOR_RISES_DB = 0.06
"""How much the noise floor may rise in a frame (3 dB/s): slower than any pause for breath comes round."""

SHORTEST_WORD = ms_to_samples(200)
"""A sound that began so shortly before the caller had left is their handset, or the exchange's tone."""

LOOK_BACK_FRAMES = 4
"""Frames remembered: what is asked for `since` a moment ago is taken from its first sample."""


class SilenceWatch:
    """Tells when a voice has paused for long enough."""

    def __init__(self, silence: int) -> None:
        """Watch for `silence` samples without a voice; `spoke_at` tells when one was first heard, if ever."""
        self._silence = silence
        self._quiet = 0
        self._floor = QUIETEST_VOICE_DBM0 - ABOVE_FLOOR_DB
        self.spoke_at: int | None = None

    def push(self, frame: NDArray[np.int16], end: int) -> SilenceHeard | None:
        """Take a frame that ends at sample `end`; the event comes once for each silence."""
        level = level_dbm0(frame)
        is_voice = level > max(QUIETEST_VOICE_DBM0, self._floor + ABOVE_FLOOR_DB)
        self._floor = max(-90.0, min(level, self._floor + FLOOR_RISES_DB))
        if is_voice and self.spoke_at is None:
            self.spoke_at = end
        before, self._quiet = self._quiet, 0 if is_voice else self._quiet + FRAME_SAMPLES
        if before < self._silence <= self._quiet:
            return SilenceHeard(end, self.spoke_at is not None)
        return None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that the caller wants kept: the step that took it (`flow.step`), and its sound, still in memory."""

    box: str
    recorder: Recorder
    length_s: float


class MessageTaker:
    """Takes one message after another. Until a call has ended, they too exist in memory only."""

    def __init__(self, new_recorder: Callable[[], Recorder]) -> None:
        """Record into what `new_recorder` makes, which is asked only when a message begins."""
        self._new_recorder = new_recorder
        self._recent: deque[tuple[int, NDArray[np.int16]]] = deque(maxlen=LOOK_BACK_FRAMES)
        self._recorder: Recorder | None = None
        self._watch: SilenceWatch | None = None
        self._began = 0
        self._length = 0
        self._was_spoken = False
        self._left_at: int | None = None
        self.kept: list[Message] = []

    def start(self, since: int, silence: int) -> None:
        """Begin a message at sample `since`, at most 80 ms ago; one that was not decided on is dropped."""
        self.drop()
        self._recorder = self._new_recorder()
        self._watch = SilenceWatch(silence)
        self._began = since
        for at, frame in self._recent:
            self._record(at, frame)

    def push(self, frame: NDArray[np.int16], at: int) -> SilenceHeard | None:
        """Take a frame of the caller's, int16 (160,), that began at sample `at`."""
        self._recent.append((at, frame))
        if self._watch is None:
            return None
        self._record(at, frame)
        return self._watch.push(frame, at + FRAME_SAMPLES)

    def far_end_left(self, at: int) -> None:
        """From sample `at` on nobody was there: what was heard since, busy tone or silence, is no part of a message."""
        self._left_at = at

    def stop(self, until: int) -> None:
        """End the message at sample `until`; whatever was taken after it is cut off."""
        if self._recorder is not None and self._watch is not None:
            spoke_at, self._watch = self._watch.spoke_at, None
            end = until if self._left_at is None else min(until, self._left_at)
            self._length = max(0, end - self._began)
            self._was_spoken = spoke_at is not None and end - spoke_at >= SHORTEST_WORD
            self._recorder.trim(max(0, self._recorder.position - self._length))

    def keep(self, box: str, *, if_spoken: bool = False) -> None:
        """Put the message aside, to be stored when the call has ended; `if_spoken`: one without a voice is dropped."""
        if if_spoken and not self._was_spoken:
            self.drop()
        elif self._recorder is not None:
            self.kept.append(Message(box, self._recorder, samples_to_seconds(self._length)))
            self._recorder = self._watch = None

    def drop(self) -> None:
        """Destroy the message; nothing of it has reached storage."""
        if self._recorder is not None:
            self._recorder.discard()
            self._recorder = self._watch = None

    def _record(self, at: int, frame: NDArray[np.int16]) -> None:
        wanted = frame[max(0, self._began - at) :]
        if self._recorder is not None and wanted.size:
            self._recorder.push(wanted, np.zeros_like(wanted))
