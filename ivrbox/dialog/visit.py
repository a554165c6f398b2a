"""One visit to a step: its prompt, its entries with their retries, and what is decided at the end.

A visit lasts until a movement leaves the step. Asking again stays within it, so that its counters go on counting.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ivrbox.dialog.collector import Collector, Entry
from ivrbox.dialog.events import KeyPressed, PromptEnded
from ivrbox.dialog.masks import Reason
from ivrbox.dialog.turns import Outcome
from ivrbox.flows.spec import DigitSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.dialog.events import Event
    from ivrbox.dialog.functions import FunctionReply
    from ivrbox.dialog.interpreter import Dialog
    from ivrbox.dialog.keys import Key
    from ivrbox.flows.spec import StepSpec

GOOD = frozenset({Outcome.COMPLETE, Outcome.END_KEY, Outcome.TIMEOUT_PARTIAL})
"""The outcomes of an entry that was made; the others are failures of one sort or another."""

MOST_SILENT_TURNS = 10
"""How often in a row a function may ask again without a key from the caller, before the step has failed."""

_KEEP_TYPED_AHEAD = frozenset({Outcome.COMPLETE, Outcome.END_KEY, Outcome.CANCELLED})


class Visit:
    """A stay at a step: what the dialog is doing while it speaks or collects there."""

    def __init__(self, dialog: Dialog, step: StepSpec) -> None:
        """Come to a step; `begin` asks it."""
        self._dialog = dialog
        self._talk = dialog.talk
        self._step = step
        self._spec = step.collects
        self._collector: Collector | None = None
        self._last_digit: Key | None = None
        self._failures: Counter[Outcome] = Counter()
        self._silent_turns = 0
        self._failing = False

    @property
    def pii(self) -> bool:
        """Whether what is keyed here is secret."""
        return self._spec is not None and self._spec.pii

    def begin(self, *, prompted: bool = False) -> None:
        """Ask the step: say its prompt, unless the caller has been `prompted` otherwise, and listen."""
        self._dialog.attend(self)
        keys = self._talk.keys
        keys.ahead_allowed = self._spec is not None and self._spec.collect_while_speaking
        if not keys.ahead_allowed:
            keys.ahead.clear()
        if self._spec is not None:
            self._collect(self._spec, prompted=prompted)
            return
        if not prompted:
            self._talk.say(self._step.prompt)
        if not self._talk.speaking:
            self._announced()

    def handle(self, event: Event) -> None:
        """Go on from an event."""
        if self._collector is None:
            if isinstance(event, PromptEnded):
                self._announced()
            return
        if isinstance(event, KeyPressed):
            self._last_digit = self._talk.keys.last
        self._cover(event)
        self._talk.emit(*self._collector.handle(event))
        self._settle()

    def hung_up(self, at: int) -> None:
        """Close the entry that was being made when the caller went."""
        if self._collector is not None and self._collector.entry is None:
            self._talk.hear(Entry(Outcome.HANGUP, self._collector.digits, at), pii=self.pii)

    def function_failed(self) -> None:
        """Take the failure path after an author's function has failed; by default, leave the flow."""
        self._fail("flow_failed", by_default=self._dialog.leave)

    # Collecting

    def _collect(self, spec: DigitSpec, *, prompted: bool) -> None:
        self._collector = Collector(spec, self._step.digits, self._meant())
        self._take_typed_ahead(self._collector)
        if not prompted and not self._collector.digits and self._collector.entry is None:
            self._talk.say(self._step.prompt)
        speaking = self._talk.speaking
        self._talk.emit(*self._collector.begin(self._talk.now, speaking=speaking, held=self._talk.keys.held))
        if self.pii and not speaking:
            self._talk.cover(Reason.ENTRY, self._talk.now)
        self._settle()

    def _meant(self) -> tuple[str, ...]:
        """All the entries that can be meant, where the author has not said how many digits, nor who takes the rest."""
        takes_any = self._step.function or self._step.then or (self._spec and self._spec.digits)
        return () if takes_any else self._step.key_branches

    def _take_typed_ahead(self, collector: Collector) -> None:
        ahead = self._talk.keys.ahead
        while ahead and collector.entry is None:
            self._last_digit = ahead.popleft()
            if self.pii:
                self._talk.cover(Reason.ENTRY, self._last_digit.at)
            self._talk.emit(*collector.take(self._last_digit.digit, self._last_digit.at))

    def _cover(self, event: Event) -> None:
        """Keep secret tones out of the recording, even those of keys that are not taken."""
        if self.pii and isinstance(event, PromptEnded | KeyPressed):
            self._talk.cover(Reason.ENTRY, event.at)
            if isinstance(event, KeyPressed):
                self._talk.cover(Reason.KEY, event.at)

    def _settle(self) -> None:
        entry = self._collector.entry if self._collector else None
        if entry is None:
            return
        self._collector = None
        keys = self._talk.keys
        if entry.outcome is Outcome.COMPLETE and self._spec is not None:
            keys.forgive(self._spec.end_key, self._last_digit)
        self._talk.uncover(Reason.ENTRY, self._talk.now)
        entry = self._judged(entry)
        if entry.outcome not in _KEEP_TYPED_AHEAD:
            keys.ahead.clear()
        self._silent_turns = 0 if entry.digits else self._silent_turns
        self._talk.hear(entry, pii=self.pii)
        self._decide(entry)

    def _judged(self, entry: Entry) -> Entry:
        """The entry as it stands; invalid where there are only keys to choose from and it is none of them."""
        step = self._step
        open_ended = not step.key_branches or step.function or step.then or entry.outcome in step.on
        if entry.outcome not in GOOD or open_ended or entry.digits in step.on:
            return entry
        return Entry(Outcome.INVALID, entry.digits, entry.at)

    # Deciding

    def _announced(self) -> None:
        if self._step.function is not None:
            self._run(self._step.function, Outcome.COMPLETE)
        else:
            self._go_on()

    def _go_on(self) -> None:
        if self._step.then is not None:
            self._dialog.perform(self._step.then, otherwise=self._dialog.leave)
        else:
            self._dialog.leave()

    def _decide(self, entry: Entry) -> None:
        """Look up what follows: the digits' branch, the outcome's branch, the function, `then`, and else a retry."""
        step, good = self._step, entry.outcome in GOOD
        if good and entry.digits in step.on:
            self._dialog.perform(step.on[entry.digits], otherwise=self._ask_afresh)
        elif entry.outcome in step.on:
            self._dialog.perform(step.on[entry.outcome], otherwise=lambda: self._branch_ended(entry.outcome))
        elif step.function is not None:
            self._run(step.function, entry.outcome)
        elif good:
            self._go_on()
        else:
            self._retry(entry.outcome)

    def _branch_ended(self, outcome: Outcome) -> None:
        if outcome in GOOD:
            self._ask_afresh()
        else:
            self._retry(outcome)

    def _run(self, function: str, outcome: Outcome) -> None:
        self._dialog.run_step_function(function, then=lambda reply: self._function_stayed(reply, outcome))

    def _function_stayed(self, reply: FunctionReply, outcome: Outcome) -> None:
        """The function has asked for no movement: what it said stands for the prompt, or nothing was decided."""
        if self._spec is None or (not reply.says and self._step.then is not None and outcome in GOOD):
            self._go_on()
        elif not reply.says:
            self._retry(outcome)
        elif self._silent_turns >= MOST_SILENT_TURNS:
            self._fail("retries_spent", by_default=self._give_up)
        else:
            self._silent_turns += 1
            self.begin(prompted=True)

    # Asking again

    def _ask_afresh(self) -> None:
        self._failures.clear()
        self.begin()

    def _retry(self, outcome: Outcome) -> None:
        """Ask again, counting silence apart from all that was keyed wrongly (rule 7)."""
        kind = Outcome.NO_INPUT if outcome is Outcome.NO_INPUT else Outcome.INVALID
        self._failures[kind] += 1
        if self._failures[kind] > (self._spec or DigitSpec()).retries:
            self._fail("retries_spent", by_default=self._give_up)
            return
        self._talk.keys.ahead.clear()
        prompts = self._step.no_input if kind is Outcome.NO_INPUT else self._step.invalid
        if prompts:
            self._talk.say(prompts[min(self._failures[kind], len(prompts)) - 1])
        self.begin()

    def _fail(self, reason: str, by_default: Callable[[str], None]) -> None:
        if self._failing:  # the failure path itself has failed
            self._dialog.hang_up(reason)
            return
        self._failing = True
        if self._step.on_fail is None:
            by_default(reason)
        else:
            self._dialog.perform(self._step.on_fail, otherwise=lambda: self._dialog.hang_up(reason))

    def _give_up(self, reason: str) -> None:
        self._talk.say(self._dialog.goodbye)
        self._dialog.hang_up(reason)
