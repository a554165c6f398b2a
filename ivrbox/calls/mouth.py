"""The mouth of a call: says what the dialog asks for, in order, and tells when all of it has been said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.calls.player import Player
from ivrbox.dialog.events import PromptEnded
from ivrbox.prompts.clip import Clip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.calls.agenda import Agenda
    from ivrbox.calls.backstage import Backstage
    from ivrbox.calls.player import Slot
    from ivrbox.dialog.effects import Say


class Mouth:
    """Words become clips, from memory or made backstage, and clips become frames. It never waits.

    `began` and `ended` are the samples at which the last that was said without a pause began, and ended.
    """

    def __init__(self, backstage: Backstage, agenda: Agenda) -> None:
        """Take clips from `backstage`, and put `PromptEnded` into `agenda`."""
        self._backstage = backstage
        self._agenda = agenda
        self._player = Player()
        self._being_made: dict[int, Slot] = {}
        self._has_more = False
        self.ended = 0
        self._is_silent = True
        self.began = 0

    def say(self, effect: Say) -> None:
        """Say words after what is being said."""
        self._begin()
        clip = self._backstage.ready(effect.text, effect.wav, effect.language)
        if clip is not None:
            self._player.say(clip)
        else:
            ticket = self._backstage.make(effect.text, effect.wav, effect.language, secret=effect.secret)
            self._being_made[ticket] = self._player.reserve()

    def play(self, samples: NDArray[np.int16]) -> None:
        """Play sound that is no words, int16 (n,), after what is being said."""
        self._begin()
        self._player.say(Clip(samples, ""))

    def mark(self) -> None:
        """Remember this place in what is said: `passes_mark` tells once it has been reached."""
        self._begin()
        self._player.mark()

    def passes_mark(self) -> bool:
        """Whether a mark has been reached; each is told once."""
        if not self._player.marks_passed:
            return False
        self._player.marks_passed -= 1
        return True

    def hush(self, now: int) -> None:
        """Stop at sample `now` and forget what was still to be said; no `PromptEnded` will come for it."""
        self._forget_end()
        self._has_more = False
        self.ended = now
        self._player.hush()

    def hold(self) -> None:
        """Say nothing more until `release`: something must be true before the caller is told so."""
        self._player.is_held = True

    def release(self) -> None:
        """Go on speaking."""
        self._player.is_held = False

    def clip_made(self, ticket: int, clip: Clip | None) -> None:
        """Take a clip that was made backstage; None where it could not be."""
        self._player.fill(self._being_made.pop(ticket), clip)

    def next_frame(self, now: int) -> NDArray[np.int16]:
        """Take the frame to say from sample `now` on, int16 (160,)."""
        frame, filled = self._player.next_frame()
        if filled and self._is_silent:
            self.began = now
        self._is_silent = filled < frame.size
        if self._has_more and self._player.is_idle:
            self._has_more = False
            self.ended = now + filled
            self._agenda.put(PromptEnded(self.ended))
        return frame

    def is_speaking(self, now: int) -> bool:
        """Whether something is being said at sample `now`, or waits to be."""
        return self._has_more or now < self.ended

    @property
    def is_waiting(self) -> bool:
        """Whether something is under way backstage that it waits for."""
        return self._player.is_held or bool(self._being_made)

    def _begin(self) -> None:
        self._forget_end()
        self._has_more = True

    def _forget_end(self) -> None:
        self._agenda.drop(lambda event: isinstance(event, PromptEnded))
