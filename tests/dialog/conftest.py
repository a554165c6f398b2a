"""A call without sound: `phone` drives a dialog by the sample, with its timers, its prompts and its functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivrbox.dialog.effects import Dial, Discard, Effect, HangUp, Hush, PlayTone, Run, Say, StartTimer, StopTimer
from ivrbox.dialog.events import (
    Answered,
    Event,
    FunctionRaised,
    FunctionReturned,
    HungUp,
    KeyPressed,
    KeyReleased,
    PromptEnded,
    Timer,
    TimerFired,
)
from ivrbox.dialog.functions import FunctionReply, FunctionRequest
from ivrbox.dialog.interpreter import Dialog
from ivrbox.errors import IvrboxError
from ivrbox.flows.book import FlowBook, FunctionFile
from ivrbox.flows.documents import parse_toml, validate
from ivrbox.flows.prompt import PromptSpec
from ivrbox.flows.spec import FlowSpec
from ivrbox.units import seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

PROMPT_S = 2.0
KEY_S = 0.1
MS_10 = 80

Answer = FunctionReply | IvrboxError | None


def book_of(flows: dict[str, str], functions: dict[str, set[str]] | None = None) -> FlowBook:
    """A book of flows written in a test; `functions` are the names that each flow's file defines."""
    specs = {name: validate(FlowSpec, parse_toml(text, f"{name}.toml")) for name, text in flows.items()}
    files = {flow: FunctionFile(Path(f"{flow}.py"), frozenset(names)) for flow, names in (functions or {}).items()}
    return FlowBook(specs, files)


@dataclass
class Phone:
    """The other end of a dialog: everything happens at a sample, in order."""

    dialog: Dialog
    answers: dict[str, Answer | Callable[[FunctionRequest], Answer]] = field(default_factory=dict)
    run: Callable[[FunctionRequest], Answer] | None = None
    now: int = 0
    effects: list[Effect] = field(default_factory=list)
    requests: list[FunctionRequest] = field(default_factory=list)
    timers: dict[Timer, int] = field(default_factory=dict)
    prompt_ends: int | None = None
    ended: str | None = None

    def handle(self, event: Event) -> list[Effect]:
        effects = self.dialog.handle(event)
        self.effects += effects
        for effect in effects:
            self._carry_out(effect)
        return effects

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Say() | PlayTone() | Dial():
                self.prompt_ends = (self.prompt_ends or self.now) + seconds_to_samples(PROMPT_S)
            case Hush():
                self.prompt_ends = None
            case StartTimer(timer, deadline):
                self.timers[timer] = deadline
            case StopTimer(timer):
                self.timers.pop(timer, None)
            case Run(request):
                self.requests.append(request)
                self._answer(request)
            case HangUp(reason):
                self.ended = reason

    def _answer(self, request: FunctionRequest) -> None:
        answer = self.answers.get(request.name, self.run or FunctionReply())
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, IvrboxError):
            self.handle(FunctionRaised(answer, self.now))
        elif answer is not None:  # None: it has not returned yet
            self.handle(FunctionReturned(answer, self.now))

    def calls(self, clock: datetime | None = None) -> Phone:
        self.handle(Answered(self.now, "0301234", clock))
        return self

    def waits_until(self, sample: int) -> Phone:
        """Let time go by up to a sample, itself included; a timer comes before a prompt's end."""
        while (due := min(self._due(), default=sample + 1)) <= sample and self.ended is None:
            self.now = due
            timer = next((timer for timer, deadline in self.timers.items() if deadline == due), None)
            if timer is not None:
                del self.timers[timer]
                self.handle(TimerFired(timer, due))
            else:
                self.prompt_ends = None
                self.handle(PromptEnded(due))
        self.now = sample
        return self

    def _due(self) -> list[int]:
        return [*self.timers.values(), *([self.prompt_ends] if self.prompt_ends is not None else [])]

    def waits(self, seconds: float) -> Phone:
        return self.waits_until(self.now + seconds_to_samples(seconds))

    def hears_out(self) -> Phone:
        """Wait for the end of what is being said."""
        while self.prompt_ends is not None and self.ended is None:
            self.waits_until(self.prompt_ends)
        return self

    def presses(self, keys: str, hold_s: float = KEY_S, gap_s: float = KEY_S) -> Phone:
        for key in keys:
            self.goes_down(key).waits(hold_s).goes_up(key).waits(gap_s)
        return self

    def goes_down(self, key: str) -> Phone:
        self.handle(KeyPressed(key, self.now))
        return self

    def goes_up(self, key: str) -> Phone:
        self.handle(KeyReleased(key, self.now))
        return self

    def hangs_up(self) -> Phone:
        self.handle(HungUp("caller", self.now))
        self.ended = "caller"
        return self

    @property
    def said(self) -> list[str]:
        return [turn.shown for turn in self.dialog.turns if turn.role == "agent"]

    @property
    def keyed(self) -> list[tuple[str, str]]:
        return [(turn.text, str(turn.outcome)) for turn in self.dialog.turns if turn.role == "user"]

    def has_discarded(self) -> bool:
        return any(isinstance(effect, Discard) for effect in self.effects)


@pytest.fixture
def phone() -> Callable[..., Phone]:
    """Ring up a dialog: `phone(toml)` or `phone({name: toml, ...}, answers={function: reply})`, already answered."""

    def ring(  # noqa: PLR0913  # what a test may vary
        flows: str | dict[str, str],
        *,
        answers: dict[str, Answer | Callable[[FunctionRequest], Answer]] | None = None,
        functions: dict[str, set[str]] | None = None,
        main: str | None = None,
        max_call_s: float = 600.0,
        at: int = 0,
        clock: datetime | None = None,
    ) -> Phone:
        written = {"f": flows} if isinstance(flows, str) else flows
        names = set(answers or {})
        book = book_of(
            written, functions if functions is not None else (dict.fromkeys(written, names) if names else {})
        )
        dialog = Dialog(
            book,
            entry=next(iter(written)),
            main=main,
            apology=PromptSpec(text="Sorry."),
            goodbye=PromptSpec(text="Goodbye."),
            max_call_s=max_call_s,
        )
        return Phone(dialog, answers or {}, now=at).calls(clock)

    return ring


@pytest.fixture
def dial() -> Callable[..., Phone]:
    """Ring up any dialog; `run` answers for its functions: `dial(dialog, run, clock=...)`."""

    def ring(
        dialog: Dialog, run: Callable[[FunctionRequest], Answer] | None = None, *, clock: datetime | None = None
    ) -> Phone:
        return Phone(dialog, run=run).calls(clock)

    return ring
