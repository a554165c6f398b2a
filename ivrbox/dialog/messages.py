"""Taking a message: prompt, beep, what the caller says, and what shall become of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.dialog.choice import Choice
from ivrbox.dialog.effects import (
    DropMessage,
    KeepMessage,
    PlayTone,
    StartMessage,
    StartTimer,
    StopMessage,
    StopTimer,
)
from ivrbox.dialog.events import KeyPressed, PromptEnded, SilenceHeard, Timer, TimerFired
from ivrbox.dialog.turns import Outcome, Turn
from ivrbox.units import seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.dialog.events import Event
    from ivrbox.dialog.talk import Talk
    from ivrbox.flows.message import MessageSpec, ReviewSpec
    from ivrbox.flows.prompt import PromptSpec

MESSAGE = "(message)"
"""How a message stands in the turns; what was said in it is nowhere but in its sound."""


class Messaging:
    """A message being taken; `done` is called when it is kept or discarded, `silent` when nothing was said."""

    def __init__(
        self, talk: Talk, spec: MessageSpec, box: str, done: Callable[[], None], silent: Callable[[], None]
    ) -> None:
        """`box` is the step that takes the message."""
        self._talk = talk
        self._spec = spec
        self._box = box
        self._done = done
        self._silent = silent
        self._deadline: int | None = None  # while the message is being spoken
        self._choice: Choice | None = None  # while it waits to be kept

    def begin(self, prompt: PromptSpec | None) -> None:
        """Say the prompt, which no key interrupts; the message begins after the beep."""
        self._choice = None
        self._talk.keys.ahead_allowed = False
        self._talk.keys.ahead.clear()
        self._talk.say(prompt)
        if self._spec.beep:
            self._talk.emit(PlayTone("beep"))
        if not self._talk.speaking:
            self._start(self._talk.now)

    def handle(self, event: Event) -> None:
        """Go on from an event."""
        if self._choice is not None:
            self._choice.handle(event)
        elif self._deadline is None:
            if isinstance(event, PromptEnded):
                self._start(event.at)
        else:
            self._listen(event)

    def broken_off(self, at: int, *, keep: bool) -> None:
        """End it from outside: a caller who hangs up has left the message, one who opts out has not."""
        is_unfinished = self._deadline is not None
        if is_unfinished:
            self._stop(at)
        elif self._choice is None:
            return
        self._talk.emit(KeepMessage(self._box, if_spoken=is_unfinished) if keep else DropMessage())
        self._choice = None

    def _listen(self, event: Event) -> None:
        match event:
            case KeyPressed(digit, at) if digit in self._spec.stopping:
                self._ended(at)
            case TimerFired(Timer.MESSAGE_LENGTH, at) if at == self._deadline:
                self._ended(at)
            case SilenceHeard(at, spoke=True):
                self._ended(at)
            case SilenceHeard(at, spoke=False):
                self._stop(at, Outcome.NO_INPUT)
                self._talk.emit(DropMessage())
                self._silent()

    def _start(self, at: int) -> None:
        self._deadline = at + seconds_to_samples(self._spec.max_length)
        self._talk.emit(StartMessage(at, seconds_to_samples(self._spec.silence)))
        self._talk.emit(StartTimer(Timer.MESSAGE_LENGTH, self._deadline))

    def _stop(self, at: int, outcome: Outcome = Outcome.COMPLETE) -> None:
        self._deadline = None
        self._talk.emit(StopTimer(Timer.MESSAGE_LENGTH), StopMessage(at))
        self._talk.turns.append(Turn("user", MESSAGE if outcome is Outcome.COMPLETE else "", outcome, at))

    def _ended(self, at: int) -> None:
        self._stop(at)
        if self._spec.review is None:
            self._keep()
        else:
            self._ask(self._spec.review)

    def _ask(self, review: ReviewSpec) -> None:
        answers = {review.keep: self._keep, review.again: self._again, review.discard: self._discard}
        self._choice = Choice(self._talk, review.prompt, answers, failed=self._keep)
        self._choice.begin()

    def _keep(self) -> None:
        self._close(KeepMessage(self._box), self._spec.review.kept if self._spec.review else None)

    def _discard(self) -> None:
        self._close(DropMessage(), self._spec.review.discarded if self._spec.review else None)

    def _close(self, effect: KeepMessage | DropMessage, words: PromptSpec | None) -> None:
        self._talk.emit(effect)
        self._talk.say(words)
        self._done()

    def _again(self) -> None:
        self._talk.emit(DropMessage())
        self.begin(None)
