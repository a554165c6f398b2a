"""The dialog: flows brought to life. Events in, effects out; it never waits and knows no sound.

              Answered                FunctionReturned
    (silent) ──────────► start function ──────────► a visit to a step ◄──┐ goto, goto_flow, exit_flow
                                                     │  ▲                │
                                       entry made    ▼  │ asked again    │
                                                    function or actions ─┘
                                                     │ hangup, on_fail, nothing left to do
                                                     ▼
                                        the last words, then HangUp

What the dialog is doing at a time is one of four things: nothing, a `Visit` to a step, waiting for a function, or
saying its last words. Here events are taken in; `Course` says where the call goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.dialog.activities import Nothing
from ivrbox.dialog.collector import Entry
from ivrbox.dialog.course import Course, Manners
from ivrbox.dialog.effects import Discard, StartTimer, StopTimer
from ivrbox.dialog.events import (
    Answered,
    FunctionRaised,
    FunctionReturned,
    HungUp,
    KeyPressed,
    KeyReleased,
    PromptEnded,
    Timer,
    TimerFired,
)
from ivrbox.dialog.functions import FunctionKind
from ivrbox.dialog.masks import Reason
from ivrbox.dialog.talk import Saved
from ivrbox.dialog.turns import Outcome
from ivrbox.flows.branches import branches_taken
from ivrbox.units import seconds_to_samples

if TYPE_CHECKING:
    from ivrbox.dialog.effects import Effect, Note
    from ivrbox.dialog.events import Event
    from ivrbox.dialog.functions import FunctionRequest
    from ivrbox.dialog.turns import Turn
    from ivrbox.flows.book import FlowBook
    from ivrbox.flows.prompt import PromptSpec

START_FUNCTION = "start_function"
END_FUNCTION = "end_function"


class Dialog:
    """One call's conversation. `main` is the flow that `exit_flow` leads to; None: the call then ends.

    The start and end functions of a call are those of its entry flow; flows that are entered later keep theirs to
    themselves.
    """

    def __init__(  # noqa: PLR0913  # keywords only: what a box sets once for all its calls
        self,
        book: FlowBook,
        *,
        entry: str,
        main: str | None,
        apology: PromptSpec,
        goodbye: PromptSpec,
        max_call_s: float,
    ) -> None:
        """Stand ready for `Answered`."""
        self._book = book
        self._entry = entry
        self._course = Course(book, Manners(entry, main, apology, goodbye))
        self._talk = self._course.talk
        self._max_call = seconds_to_samples(max_call_s)
        self._listening_since: int | None = None
        self._keys_not_taken = 0

    @property
    def turns(self) -> list[Turn]:
        """What was said and keyed, in order; the agent's words as they were asked for."""
        return self._talk.turns

    @property
    def path(self) -> list[str]:
        """The steps that were visited: `["recording-optout.consent", ...]`."""
        return self._course.path

    @property
    def taken(self) -> frozenset[str]:
        """The steps and branches that the call has taken: `front-desk.menu`, `front-desk.menu.on.1`."""
        performed = self._course.performed
        return frozenset(self.path).union(*(branches_taken(name, flow, performed) for name, flow in self._book.items()))

    @property
    def notes(self) -> list[Note]:
        """Facts for the trace."""
        return self._talk.notes

    @property
    def pii_now(self) -> bool:
        """Whether keys pressed now are secret."""
        at_step = self._course.at_step
        return at_step is not None and at_step.pii

    def end_request(self) -> FunctionRequest | None:
        """The end function's run, for after the call; None where the entry flow has no such function."""
        if not self._book.defines(self._entry, END_FUNCTION):
            return None
        return self._course.request(FunctionKind.END, END_FUNCTION, self._entry, self.turns)

    def handle(self, event: Event) -> list[Effect]:
        """Go on from an event; the effects are to be carried out in order, before the next event."""
        self._talk.now = event.at
        if not isinstance(event, FunctionReturned | FunctionRaised):
            self._course.steps_at_once = 0
        match event:
            case Answered():
                self._answered(event)
            case HungUp():
                self._hung_up(event)
            case TimerFired(Timer.CALL_LENGTH):
                self._too_long()
            case KeyPressed():
                self._key_pressed(event)
            case FunctionReturned() if isinstance(self._course.doing, Nothing):
                self._course.state = event.reply.state  # the caller has gone; the end function will want it
            case _:
                self._take_note_of(event)
                self._course.doing.handle(event)
        return self._talk.taken()

    def _take_note_of(self, event: Event) -> None:
        """What an event means whatever the dialog is doing."""
        if isinstance(event, FunctionReturned):
            self._course.state = event.reply.state
        if isinstance(event, FunctionReturned | FunctionRaised):
            self._listen(event.at)
        elif isinstance(event, PromptEnded):
            self._talk.spoken(event.at)
        elif isinstance(event, KeyReleased):
            self._talk.keys.released(event.at)
            self._talk.uncover(Reason.KEY, event.at)

    # The beginning and the end

    def _answered(self, event: Answered) -> None:
        talk = self._talk
        self._course.answered = event
        talk.values["caller"] = Saved(event.caller_number or "")
        talk.language = talk.ordinary_language = self._book[self._entry].language
        talk.emit(StartTimer(Timer.CALL_LENGTH, event.at + self._max_call))
        if self._book.defines(self._entry, START_FUNCTION):
            self._course.run(
                FunctionKind.START, START_FUNCTION, self._entry, then=lambda _: self._begin(), failed=self._begin
            )
        else:
            self._listen(event.at)
            self._begin()

    def _begin(self) -> None:
        self._course.goto(self._course.step)

    def _hung_up(self, event: HungUp) -> None:
        if self._course.at_step is not None:
            self._course.at_step.hung_up(event.at)
        self._talk.emit(StopTimer(Timer.CALL_LENGTH))
        self._course.doing = Nothing()

    def _too_long(self) -> None:
        self._talk.note("call_too_long")
        self._talk.hush()
        self._course.give_up("too_long")

    # Keys

    def _listen(self, at: int) -> None:
        """Take keys from now on, if not before: the start function, the first to run, has answered (rule 6)."""
        if self._listening_since is None:
            self._listening_since = at
            if self._keys_not_taken:
                self._talk.note("keys_not_taken", f"{self._keys_not_taken} before the start function returned")

    def _key_pressed(self, event: KeyPressed) -> None:
        key = self._talk.keys.pressed(event.digit, event.at)
        if self._book[self._course.flow].mask_keys:
            self._talk.cover(Reason.KEY, event.at)
        opt_out = self._book[self._course.flow].opt_out or self._book[self._entry].opt_out
        if opt_out is not None and event.digit == opt_out.key and self._may_opt_out(event.digit):
            self._opt_out(event, opt_out.say)
        elif self._listening_since is None or event.at < self._listening_since:
            self._keys_not_taken += 1
        elif not self._talk.keys.swallows(key):
            self._course.doing.handle(event)

    def _may_opt_out(self, key: str) -> bool:
        """Whether the opt-out key is one now: at any moment of the call, but for a step that uses it itself."""
        if self._course.at_step is not None:
            return not self._course.at_step.means(key)
        return not isinstance(self._course.doing, Nothing)

    def _opt_out(self, event: KeyPressed, words: PromptSpec | None) -> None:
        """Erase first, and only then say so."""
        self._talk.emit(Discard())
        self._talk.note("opted_out")
        self._talk.hear(Entry(Outcome.COMPLETE, event.digit, event.at), pii=False)
        if self._course.at_step is not None:
            self._course.at_step.opted_out(event.at, words)
        else:
            self._talk.say(words)
