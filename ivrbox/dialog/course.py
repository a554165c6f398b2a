"""The course of a call through its flows: where it is, what it does there, and where it goes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ivrbox.dialog.activities import LastWords, Nothing, Waiting
from ivrbox.dialog.effects import Dial, Discard, Flash, HangUp, PlayTone, Run
from ivrbox.dialog.events import Answered
from ivrbox.dialog.functions import FunctionKind, FunctionReply, FunctionRequest, Move, MoveKind
from ivrbox.dialog.talk import Talk
from ivrbox.dialog.visit import Visit
from ivrbox.errors import UnknownName
from ivrbox.flows.actions import ActionsSpec
from ivrbox.flows.hours import holds
from ivrbox.units import samples_to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ivrbox.dialog.activities import Activity
    from ivrbox.dialog.turns import Turn
    from ivrbox.errors import IvrboxError
    from ivrbox.flows.book import FlowBook
    from ivrbox.flows.prompt import PromptSpec

MOST_STEPS_AT_ONCE = 50
"""Steps that may follow each other without a word or a key between them, before they are taken for a loop."""

MOST_CALLERS = 8
"""Flows that may wait for each other to come back."""


@dataclass(frozen=True)
class Manners:
    """How every call begins and ends: its first flow, its ordinary one, and the box's own words."""

    entry: str
    main: str | None
    apology: PromptSpec
    goodbye: PromptSpec


class Course:
    """Where a call stands in its flows, and every way to go on from there.

    `doing` is what handles the next event; `visit` is the step that the call is at, also while a function runs for it.
    """

    def __init__(self, book: FlowBook, manners: Manners) -> None:
        """Stand before the first step of the entry flow."""
        self.talk = Talk()
        self.path: list[str] = []
        self.performed: list[ActionsSpec] = []
        self.manners = manners
        self.answered = Answered(0)
        self.doing: Activity = Nothing()
        self.visit: Visit | None = None
        self.flow, self.step = manners.entry, book[manners.entry].first_step
        self.state = b""
        self.steps_at_once = 0
        self._book = book
        self._callers: list[tuple[str, str]] = []  # flows that called others, and the steps to come back to

    @property
    def at_step(self) -> Visit | None:
        """The step that would handle the next event; None while something else does."""
        return self.visit if self.doing is self.visit else None

    # Movements

    def goto(self, step: str) -> None:
        """Visit a step of this flow."""
        self.steps_at_once += 1
        if self.steps_at_once > MOST_STEPS_AT_ONCE:
            self._break_loop(step)
            return
        flow = self._book[self.flow]
        spec = flow.steps[step]
        self.step = step
        if spec.when is None or spec.otherwise is None or self._holds(spec.when):
            self.path.append(f"{self.flow}.{step}")
            Visit(self, flow, spec, self.path[-1]).begin()
        else:
            self.perform(spec.otherwise, otherwise=self.leave)

    def attend(self, visit: Visit) -> None:
        """Be at a step, from now on or again: what happens next is for it to handle."""
        self.doing = self.visit = visit

    def goto_flow(self, flow: str) -> None:
        """Enter a flow at its first step."""
        self.flow = flow
        self.goto(self._book[flow].first_step)

    def leave(self, reason: str = "completed") -> None:
        """Go back to the flow that called this one; where none did, leave it."""
        if self._callers:
            self.flow, step = self._callers.pop()
            self.goto(step)
        else:
            self.exit_flow(reason)

    def exit_flow(self, reason: str = "completed") -> None:
        """Go to the main flow; from there, or where there is none, end the call politely."""
        self._callers.clear()
        if self.manners.main is not None and self.flow != self.manners.main:
            self.goto_flow(self.manners.main)
            return
        if not self.talk.speaking:
            self.talk.say(self.manners.goodbye)
        self.hang_up(reason)

    def give_up(self, reason: str) -> None:
        """End the call with a goodbye."""
        self.talk.say(self.manners.goodbye)
        self.hang_up(reason)

    def hang_up(self, reason: str) -> None:
        """End the call once all has been said."""
        self.doing = LastWords(self, reason)
        if not self.talk.speaking:
            self.over(reason)

    def over(self, reason: str) -> None:
        """End the call now."""
        self.talk.emit(HangUp(reason))
        self.doing = Nothing()

    def transfer_failed(self, reason: str) -> None:
        """Apologise to a caller who is still here, and take the step's failure path."""
        self.talk.note("transfer_failed", reason)
        self.talk.hush()
        self.talk.say(self.manners.apology)
        if self.visit is not None:
            self.visit.fail("transfer_failed", by_default=self.exit_flow)

    def _transfer(self, number: str) -> None:
        self.talk.emit(Flash(), Dial(number))
        self.hang_up("transferred")

    def _call_flow(self, flow: str, return_to: str) -> None:
        """Enter a flow that comes back."""
        if len(self._callers) >= MOST_CALLERS:
            self._break_loop(return_to)
            return
        self._callers.append((self.flow, return_to))
        self.goto_flow(flow)

    def _break_loop(self, step: str) -> None:
        self.talk.note("loop", f"{self.flow}.{step}")
        self.talk.say(self.manners.apology)
        self.hang_up("flow_failed")

    def _holds(self, when: str) -> bool:
        """Whether a condition holds by the wall clock of the call; with none, the house is open."""
        if self.answered.clock is None:
            return when == "open"
        passed = timedelta(seconds=samples_to_seconds(self.talk.now - self.answered.at))
        return holds(when, self._book[self.flow].hours, self.answered.clock + passed)

    # Actions

    def perform(self, actions: ActionsSpec, otherwise: Callable[[], None]) -> None:
        """Do what a table of actions says, in its order; `otherwise` where it makes no movement."""
        self.performed.append(actions)
        if actions.discard_recording:
            self.talk.emit(Discard())
        self.talk.language = actions.language or self.talk.language
        self.talk.say(actions.say)
        if actions.tone is not None:
            self.talk.emit(PlayTone(actions.tone))
        if actions.do is None:
            self._move(actions, otherwise)
        else:
            self.run_step_function(actions.do, self.talk.turns, then=lambda _: self._move(actions, otherwise))

    def _move(self, actions: ActionsSpec, otherwise: Callable[[], None]) -> None:
        match actions:
            case ActionsSpec(goto=str(step)):
                self.goto(step)
            case ActionsSpec(goto_flow=str(flow)):
                self.goto_flow(flow)
            case ActionsSpec(call_flow=str(flow), return_to=str(step)):
                self._call_flow(flow, step)
            case ActionsSpec(transfer=str(number)):
                self._transfer(number)
            case ActionsSpec(return_=True):
                self.leave()
            case ActionsSpec(exit_flow=True):
                self.exit_flow()
            case ActionsSpec(hangup=True):
                self.hang_up("completed")
            case ActionsSpec(repeat=True) if self.visit is not None:
                self.visit.begin()
            case ActionsSpec(retry=True) if self.visit is not None:
                self.visit.retry()
            case _:
                otherwise()

    # Functions

    def defines(self, flow: str, name: str) -> bool:
        """Whether a flow's functions include this one."""
        return self._book.defines(flow, name)

    def run_step_function(self, name: str, history: Iterable[Turn], then: Callable[[FunctionReply], None]) -> None:
        """Run a function of the current flow; `then` where it asks for no movement."""
        self.run(FunctionKind.STEP, name, self.flow, history, then=then, failed=self._step_failed)

    def run(  # noqa: PLR0913  # keywords: both ways on from a function
        self,
        kind: FunctionKind,
        name: str,
        flow: str,
        history: Iterable[Turn] = (),
        *,
        then: Callable[[FunctionReply], None],
        failed: Callable[[], None],
    ) -> None:
        """Run a function: go where it says, `then` where it says nowhere, `failed` after it has failed."""

        def raised(error: IvrboxError) -> None:
            self.talk.note("function_failed", f"{name}: {error}")
            self.talk.say(self.manners.apology)
            failed()

        self.doing = Waiting(self.talk, lambda reply: self._follow(reply, then), raised)
        self.talk.emit(Run(self.request(kind, name, flow, history)))

    def request(self, kind: FunctionKind, name: str, flow: str, history: Iterable[Turn]) -> FunctionRequest:
        """One run of a function, with all that it may look at.

        Raises:
            UnknownName: the flow has no functions at all.
        """
        source = self._book.source_of(flow)
        if source is None:
            raise UnknownName(f"flow {flow!r} has no function file for {name!r}")
        return FunctionRequest(
            kind=kind,
            name=name,
            source=source,
            history=tuple(history),
            state=self.state,
            caller_number=self.answered.caller_number,
            current_flow=self.flow,
            current_step=self.step,
            steps=tuple(self._book[self.flow].steps),
            flows=tuple(self._book),
            values={name: value.text for name, value in self.talk.values.items()},
        )

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
        if move.kind is MoveKind.EXIT:
            self.exit_flow()
        elif move.kind is MoveKind.STEP and move.target in self._book[self.flow].steps:
            self.goto(move.target)
        elif move.kind is MoveKind.FLOW and move.target in self._book:
            self.goto_flow(move.target)
        else:
            self.talk.note("unknown_target", f"{move.kind} {move.target!r} in {self.flow}")
            self.talk.say(self.manners.apology)
            self._step_failed()

    def _step_failed(self) -> None:
        if self.visit is None:  # it was the start function, and the call goes on without it
            self.goto(self.step)
        else:
            self.visit.fail("flow_failed", by_default=self.exit_flow)
