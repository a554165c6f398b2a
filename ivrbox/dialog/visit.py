"""One visit to a step: its prompt, its entries with their retries, and what is decided at the end.

A visit lasts until a movement leaves the step. Asking again stays within it, so that its counters go on counting.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from ivrbox.dialog.choice import Choice
from ivrbox.dialog.collector import Entry
from ivrbox.dialog.events import PromptEnded
from ivrbox.dialog.listening import Listening
from ivrbox.dialog.messages import Messaging
from ivrbox.dialog.talk import Saved
from ivrbox.dialog.turns import Outcome
from ivrbox.flows.digits import DigitSpec
from ivrbox.flows.pattern import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ivrbox.dialog.course import Course
    from ivrbox.dialog.events import Event
    from ivrbox.dialog.functions import FunctionReply
    from ivrbox.flows.actions import ActionsSpec
    from ivrbox.flows.message import ConfirmSpec
    from ivrbox.flows.prompt import PromptSpec
    from ivrbox.flows.spec import FlowSpec, StepSpec

GOOD = frozenset({Outcome.COMPLETE, Outcome.END_KEY, Outcome.TIMEOUT_PARTIAL})
"""The outcomes of an entry that was made; the others are failures of one sort or another."""

MOST_SILENT_TURNS = 10
"""How often in a row a function may ask again without a key from the caller, before the step has failed."""


class Visit:
    """A stay at a step: what the dialog is doing while it speaks, collects or takes a message there."""

    def __init__(self, course: Course, flow: FlowSpec, step: StepSpec, place: str) -> None:
        """Come to a step of a flow, `place` being its name in full; `begin` asks it."""
        self._course = course
        self._talk = course.talk
        self._flow = flow
        self._step = step
        self._place = place
        self._spec = step.collects
        self._doing: Listening | Choice | Messaging | None = None
        self._failures: Counter[Outcome] = Counter()
        self._last_outcome = Outcome.COMPLETE
        self._silent_turns = 0
        self._turns_so_far = 0
        self._failing = False

    @property
    def pii(self) -> bool:
        """Whether what is keyed here is secret."""
        return self._spec is not None and self._spec.pii

    def begin(self, *, prompted: bool = False) -> None:
        """Ask the step: say its prompt, unless the caller has been `prompted` otherwise, and listen."""
        self._course.attend(self)
        prompt = None if prompted else self._step.prompt
        if self._step.record_message is not None:
            self._doing = Messaging(
                self._talk, self._step.record_message, self._place, self._go_on, lambda: self._retry(Outcome.NO_INPUT)
            )
            self._doing.begin(prompt)
        elif self._spec is not None:
            self._listen(self._spec, prompt)
        else:
            self._announce(prompt)

    def handle(self, event: Event) -> None:
        """Go on from an event."""
        if self._doing is not None:
            self._doing.handle(event)
        elif isinstance(event, PromptEnded):
            self._announced()

    def hung_up(self, at: int) -> None:
        """Close what was being made when the caller went."""
        if isinstance(self._doing, Messaging):
            self._doing.broken_off(at, keep=True)
        elif isinstance(self._doing, Listening):
            self._talk.hear(self._doing.broken_off(Outcome.HANGUP, at), pii=self.pii)

    def opted_out(self, at: int, words: PromptSpec | None) -> None:
        """Drop what was being made when the caller opted out, say so, and ask again."""
        if isinstance(self._doing, Messaging):
            self._doing.broken_off(at, keep=False)
        elif isinstance(self._doing, Listening) and (entry := self._doing.broken_off(Outcome.CANCELLED, at)).digits:
            self._talk.hear(entry, pii=self.pii)
        self._talk.hush()
        self._talk.say(words)
        self.begin()

    def means(self, key: str) -> bool:
        """Whether a key pressed now may be meant for this step: its own keys, and the digits of a long entry."""
        confirm = self._step.confirm if isinstance(self._doing, Choice) else None
        return self._takes(key) or (confirm is not None and key in (confirm.yes, confirm.no))

    def retry(self) -> None:
        """Ask the step once more, which counts as a failure."""
        self._retry(self._last_outcome)

    # Asking

    def _announce(self, prompt: PromptSpec | None) -> None:
        self._doing = None
        self._talk.keys.ahead_allowed = False
        self._talk.keys.ahead.clear()
        self._talk.say(prompt)
        if not self._talk.speaking:
            self._announced()

    def _listen(self, spec: DigitSpec, prompt: PromptSpec | None) -> None:
        listening = Listening(
            self._talk,
            spec,
            self._made,
            digits=self._step.digits,
            branches=self._meant(),
            reserved=[key for key, _ in self._keys_of_flow() if not self._takes(key)],
        )
        self._doing = listening
        listening.begin(prompt)

    def _meant(self) -> tuple[str, ...]:
        """All the entries that can be meant, where the author has not said how many digits, nor who takes the rest."""
        takes_any = self._step.function or self._step.then or (self._spec and self._spec.most)
        return () if takes_any else self._step.key_branches

    def _keys_of_flow(self) -> Iterable[tuple[str, ActionsSpec]]:
        """The keys that have a meaning of the flow's own here."""
        return self._flow.keys.items() if self._step.keys else ()

    def _takes(self, key: str) -> bool:
        """Whether an entry of this step may hold the key, or end with it."""
        if self._spec is None:
            return False
        own = {self._spec.end_key, self._spec.cancel_key}.union(*self._step.key_branches, *self._spec.pattern)
        return key in own or (key.isdigit() and self._step.digits > 1)

    # An entry has been made

    def _made(self, entry: Entry) -> None:
        self._doing = None
        if entry.reserved is not None:
            self._talk.hear(entry, pii=self.pii and entry.outcome is Outcome.CANCELLED)
            self._course.perform(self._flow.keys[entry.reserved], otherwise=self.begin)
            return
        entry = self._judged(entry)
        self._talk.hear(entry, pii=self.pii)
        self._turns_so_far = len(self._talk.turns)
        self._silent_turns = 0 if entry.digits else self._silent_turns
        self._talk.values["digits"] = Saved(entry.digits, self.pii)
        if self._step.confirm is not None and entry.outcome in GOOD and entry.digits not in self._step.branches:
            self._read_back(self._step.confirm, entry)
        else:
            self._accept(entry)

    def _judged(self, entry: Entry) -> Entry:
        """The entry as it stands; invalid where it fits no pattern, or is none of the keys to choose from."""
        step, patterns = self._step, self._spec.pattern if self._spec else ()
        if entry.outcome not in GOOD or entry.digits in step.branches:
            return entry
        fits = not patterns or any(matches(pattern, entry.digits) for pattern in patterns)
        open_ended = not step.key_branches or patterns or step.function or step.then or entry.outcome in step.on
        return entry if fits and open_ended else Entry(Outcome.INVALID, entry.digits, entry.at)

    def _read_back(self, confirm: ConfirmSpec, entry: Entry) -> None:
        answers: dict[str, Callable[[], None]] = {
            key: partial(self._course.perform, actions, self.begin) for key, actions in self._keys_of_flow()
        }
        answers |= {confirm.yes: lambda: self._accept(entry), confirm.no: self.begin}
        choice = Choice(self._talk, confirm.prompt, answers, failed=self._spend_retries, spec=self._spec)
        self._doing = choice
        choice.begin()

    def _accept(self, entry: Entry) -> None:
        self._doing = None
        if self._step.save_as is not None and entry.outcome in GOOD:
            self._talk.values[self._step.save_as] = Saved(entry.digits, self.pii)
        self._decide(entry)

    # Deciding

    def _announced(self) -> None:
        if self._step.function is not None:
            self._turns_so_far = len(self._talk.turns)
            self._run(self._step.function, Outcome.COMPLETE)
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._doing = None
        if self._step.then is not None:
            self._course.perform(self._step.then, otherwise=self._course.leave)
        else:
            self._course.leave()

    def _decide(self, entry: Entry) -> None:
        """Look up what follows: the digits' branch, the outcome's branch, the function, `then`, and else a retry."""
        branches, good = self._step.branches, entry.outcome in GOOD
        self._last_outcome = entry.outcome
        if good and entry.digits in branches:
            self._course.perform(branches[entry.digits], otherwise=self._ask_afresh)
        elif entry.outcome in branches:
            self._course.perform(branches[entry.outcome], otherwise=lambda: self._branch_ended(entry.outcome))
        elif self._step.function is not None:
            self._run(self._step.function, entry.outcome)
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
        """Run the step's function; what was said to confirm the entry is no part of the history that it sees."""
        history = self._talk.turns[: self._turns_so_far]
        self._course.run_step_function(function, history, then=lambda reply: self._function_stayed(reply, outcome))

    def _function_stayed(self, reply: FunctionReply, outcome: Outcome) -> None:
        """The function has asked for no movement: what it said stands for the prompt, or nothing was decided."""
        if self._spec is None or (not reply.says and self._step.then is not None and outcome in GOOD):
            self._go_on()
        elif not reply.says:
            self._retry(outcome)
        elif self._silent_turns >= MOST_SILENT_TURNS:
            self._spend_retries()
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
            self._spend_retries()
            return
        self._talk.keys.ahead.clear()
        prompts = self._step.no_input if kind is Outcome.NO_INPUT else self._step.invalid
        if prompts:
            self._talk.say(prompts[min(self._failures[kind], len(prompts)) - 1])
        self.begin()

    def _spend_retries(self) -> None:
        self.fail("retries_spent", by_default=self._course.give_up)

    def fail(self, reason: str, by_default: Callable[[str], None]) -> None:
        """Take the step's failure path, once; a failure on that path ends the call."""
        self._doing = None
        if self._failing:
            self._course.hang_up(reason)
            return
        self._failing = True
        if self._step.on_fail is None:
            by_default(reason)
        else:
            self._course.perform(self._step.on_fail, otherwise=lambda: self._course.hang_up(reason))
