"""The dialog: flows brought to life. Events in, effects out; it never waits and knows no sound.

              Answered                FunctionReturned
    (silent) ──────────► start function ──────────► a visit to a step ◄──┐ goto, goto_flow, exit_flow
                                                     │  ▲                │
                                       entry made    ▼  │ asked again    │
                                                    function or actions ─┘
                                                     │ hangup, on_fail, nothing left to do
                                                     ▼
                                        the last words, then HangUp

What the dialog is `doing` at a time is one of four things: nothing, a `Visit` to a step, waiting for a function, or
saying its last words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.dialog.effects import Discard, HangUp, Run, StartTimer, StopTimer
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
from ivrbox.dialog.functions import FunctionKind, FunctionReply, FunctionRequest, Move, MoveKind
from ivrbox.dialog.masks import Reason
from ivrbox.dialog.talk import Talk
from ivrbox.dialog.visit import Visit
from ivrbox.errors import UnknownName
from ivrbox.units import seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from ivrbox.dialog.effects import Effect, Note
    from ivrbox.dialog.events import Event
    from ivrbox.dialog.turns import Turn
    from ivrbox.flows.actions import ActionsSpec
    from ivrbox.flows.book import FlowBook
    from ivrbox.flows.prompt import PromptSpec

    class Activity(Protocol):
        """What the dialog is doing."""

        def handle(self, event: Event) -> None: ...


START_FUNCTION = "start_function"
END_FUNCTION = "end_function"

MOST_STEPS_AT_ONCE = 50
"""Steps that may follow each other without a word or a key between them, before they are taken for a loop."""


class Dialog:
    """One call's conversation. `main` is the flow that `exit_flow` leads to; None: the call then ends.

    `turns`, `path` (`["consent.ask", ...]`) and `notes` tell what has happened so far. The start and end functions of
    a call are those of its entry flow; flows that are entered later keep theirs to themselves.
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
        self.talk = Talk()
        self.path: list[str] = []
        self.goodbye = goodbye
        self._book = book
        self._entry, self._main = entry, main
        self._apology = apology
        self._max_call = seconds_to_samples(max_call_s)
        self._flow, self._step = entry, book[entry].first_step
        self._caller_number: str | None = None
        self._state = b""
        self._doing: Activity = _Nothing()
        self._visit: Visit | None = None
        self._steps_at_once = 0
        self._listening_since: int | None = None
        self._keys_not_taken = 0

    @property
    def turns(self) -> list[Turn]:
        """What was said and keyed, in order; the agent's words as they were asked for."""
        return self.talk.turns

    @property
    def notes(self) -> list[Note]:
        """Facts for the trace."""
        return self.talk.notes

    @property
    def pii_now(self) -> bool:
        """Whether keys pressed now are secret."""
        return self._doing is self._visit is not None and self._visit.pii

    def handle(self, event: Event) -> list[Effect]:
        """Go on from an event; the effects are to be carried out in order, before the next event."""
        self.talk.now = event.at
        if not isinstance(event, FunctionReturned | FunctionRaised):
            self._steps_at_once = 0
        match event:
            case Answered():
                self._answered(event)
            case HungUp():
                self._hung_up(event)
            case TimerFired(Timer.CALL_LENGTH):
                self._too_long()
            case KeyPressed():
                self._key_pressed(event)
            case _:
                self._note_progress(event)
                self._doing.handle(event)
        return self.talk.taken()

    def end_request(self) -> FunctionRequest | None:
        """The end function's run, for after the call; None where the entry flow has no such function."""
        if not self._book.defines(self._entry, END_FUNCTION):
            return None
        return self._request(FunctionKind.END, END_FUNCTION, self._entry)

    # Events

    def _answered(self, event: Answered) -> None:
        self._caller_number = event.caller_number
        self.talk.emit(StartTimer(Timer.CALL_LENGTH, event.at + self._max_call))
        if self._book.defines(self._entry, START_FUNCTION):
            request = self._request(FunctionKind.START, START_FUNCTION, self._entry)
            self._run(request, then=self._greet, failed=self._begin)
        else:
            self._begin()

    def _greet(self, reply: FunctionReply) -> None:
        self._listen()
        self._follow(reply, otherwise=lambda _: self._begin())

    def _begin(self) -> None:
        self._listen()
        self.goto(self._book[self._entry].first_step)

    def _listen(self) -> None:
        """From now on keys are taken (rule 6)."""
        if self._listening_since is None:
            self._listening_since = self.talk.now
        if self._keys_not_taken:
            self.talk.note("keys_not_taken", f"{self._keys_not_taken} before the start function returned")
            self._keys_not_taken = 0

    def _key_pressed(self, event: KeyPressed) -> None:
        if self._listening_since is None or event.at < self._listening_since:
            self._keys_not_taken += 1
            return
        if not self.talk.keys.swallows(self.talk.keys.pressed(event.digit, event.at)):
            self._doing.handle(event)

    def _note_progress(self, event: Event) -> None:
        if isinstance(event, PromptEnded):
            self.talk.spoken(event.at)
        elif isinstance(event, KeyReleased):
            self.talk.keys.released(event.at)
            self.talk.uncover(Reason.KEY, event.at)

    def _hung_up(self, event: HungUp) -> None:
        if self._visit is not None and self._doing is self._visit:
            self._visit.hung_up(event.at)
        self.talk.emit(StopTimer(Timer.CALL_LENGTH))
        self._doing = _Nothing()

    def _too_long(self) -> None:
        self.talk.note("call_too_long")
        self.talk.hush()
        self.talk.say(self.goodbye)
        self.hang_up("too_long")

    # Movements

    def goto(self, step: str) -> None:
        """Visit a step of this flow."""
        self._steps_at_once += 1
        if self._steps_at_once > MOST_STEPS_AT_ONCE:
            self.talk.note("loop", f"{self._flow}.{step}")
            self.talk.say(self._apology)
            self.hang_up("flow_failed")
            return
        self._step = step
        self.path.append(f"{self._flow}.{step}")
        Visit(self, self._book[self._flow].steps[step]).begin()

    def attend(self, visit: Visit) -> None:
        """Be at a step, from now on or again: what happens next is for it to handle."""
        self._doing = self._visit = visit

    def goto_flow(self, flow: str) -> None:
        """Enter a flow at its first step."""
        self._flow = flow
        self.goto(self._book[flow].first_step)

    def leave(self, reason: str = "completed") -> None:
        """Leave the flow for the main one; from there, or where there is none, end the call politely."""
        if self._main is not None and self._flow != self._main:
            self.goto_flow(self._main)
            return
        if not self.talk.speaking:
            self.talk.say(self.goodbye)
        self.hang_up(reason)

    def hang_up(self, reason: str) -> None:
        """End the call once all has been said."""
        self._doing = _LastWords(self, reason)
        if not self.talk.speaking:
            self.over(reason)

    def over(self, reason: str) -> None:
        """End the call now."""
        self.talk.emit(HangUp(reason))
        self._doing = _Nothing()

    # Actions and functions

    def perform(self, actions: ActionsSpec, otherwise: Callable[[], None]) -> None:
        """Do what a table of actions says, in its order; `otherwise` where it makes no movement."""
        if actions.discard_recording:
            self.talk.emit(Discard())
        self.talk.say(actions.say)
        if actions.do is None:
            self._move(actions, otherwise)
        else:
            self.run_step_function(actions.do, then=lambda _: self._move(actions, otherwise))

    def run_step_function(self, name: str, then: Callable[[FunctionReply], None]) -> None:
        """Run a function of the current flow; `then` where it asks for no movement."""
        request = self._request(FunctionKind.STEP, name, self._flow)
        self._run(request, then=lambda reply: self._follow(reply, then), failed=self._step_failed)

    def _move(self, actions: ActionsSpec, otherwise: Callable[[], None]) -> None:
        if actions.goto is not None:
            self.goto(actions.goto)
        elif actions.goto_flow is not None:
            self.goto_flow(actions.goto_flow)
        elif actions.exit_flow:
            self.leave()
        elif actions.hangup:
            self.hang_up("completed")
        else:
            otherwise()

    def _follow(self, reply: FunctionReply, otherwise: Callable[[FunctionReply], None]) -> None:
        for text in reply.says:
            self.talk.speak(text)
        if reply.hangup:
            self.hang_up("completed")
        elif reply.move is None:
            otherwise(reply)
        else:
            self._make(reply.move)

    def _make(self, move: Move) -> None:
        flow = self._book[self._flow]
        if move.kind is MoveKind.EXIT:
            self.leave()
        elif move.kind is MoveKind.STEP and move.target in flow.steps:
            self.goto(move.target)
        elif move.kind is MoveKind.FLOW and move.target in self._book:
            self.goto_flow(move.target)
        else:
            self.talk.note("unknown_target", f"{move.kind} {move.target!r} in {self._flow}")
            self.talk.say(self._apology)
            self._step_failed()

    def _run(
        self, request: FunctionRequest, *, then: Callable[[FunctionReply], None], failed: Callable[[], None]
    ) -> None:
        def returned(reply: FunctionReply) -> None:
            self._state = reply.state
            then(reply)

        def raised(error: Exception) -> None:
            self.talk.note("function_failed", f"{request.name}: {error}")
            self.talk.say(self._apology)
            failed()

        self._doing = _Waiting(self.talk, returned, raised)
        self.talk.emit(Run(request))

    def _step_failed(self) -> None:
        if self._visit is not None:
            self._visit.function_failed()
        else:
            self._begin()

    def _request(self, kind: FunctionKind, name: str, flow: str) -> FunctionRequest:
        source = self._book.source_of(flow)
        if source is None:
            raise UnknownName(f"flow {flow!r} has no function file for {name!r}")
        return FunctionRequest(
            kind=kind,
            name=name,
            source=source,
            history=tuple(self.turns),
            state=self._state,
            caller_number=self._caller_number,
            current_flow=self._flow,
            current_step=self._step,
            steps=tuple(self._book[self._flow].steps),
            flows=tuple(self._book),
        )


class _Nothing:
    """Before the call and after it."""

    def handle(self, event: Event) -> None:
        """Let it pass."""


class _Waiting:
    """A function is running; keys are typed ahead."""

    def __init__(
        self, talk: Talk, returned: Callable[[FunctionReply], None], raised: Callable[[Exception], None]
    ) -> None:
        self._talk = talk
        self._returned = returned
        self._raised = raised

    def handle(self, event: Event) -> None:
        """Go on when the function has answered."""
        keys = self._talk.keys
        match event:
            case FunctionReturned(reply):
                self._returned(reply)
            case FunctionRaised(error):
                self._raised(error)
            case KeyPressed() if keys.last is not None and keys.ahead_allowed and not keys.type_ahead(keys.last):
                self._talk.note("typed_ahead_too_far")


class _LastWords:
    """The call ends when all has been said."""

    def __init__(self, dialog: Dialog, reason: str) -> None:
        self._dialog = dialog
        self._reason = reason

    def handle(self, event: Event) -> None:
        """Hang up after the last word."""
        if isinstance(event, PromptEnded):
            self._dialog.over(self._reason)
