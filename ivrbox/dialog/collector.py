"""Collecting the digits of one entry: the rules of the house, in samples.

    prompt ──────────┤ first_digit_timeout ├──► no_input
                     │
             key ▄▄▄▄├ inter_digit_timeout ├──► timeout_partial, or too_short under `min_digits`
                 ▄▄▄▄ key ... the `digits`-th key goes down ──► complete
                      end key goes down ──► end_key, too_short, or no_input with nothing typed

A time-out is counted from the moment before which nobody expects a key: the prompt's end, and then each key's release,
so that it does not run while a key is held. Its last sample is the one before the deadline: a key whose onset is the
deadline itself is too late.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivrbox.dialog.effects import Hush, StartTimer, StopTimer
from ivrbox.dialog.events import KeyPressed, KeyReleased, PromptEnded, Timer, TimerFired
from ivrbox.dialog.turns import Outcome
from ivrbox.units import seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ivrbox.dialog.effects import Effect
    from ivrbox.dialog.events import Event
    from ivrbox.flows.spec import DigitSpec


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished collection: the digits typed (without the end key), how it ended, and at which sample.

    `reserved` is the key of the flow's own that ended it, if one did.
    """

    outcome: Outcome
    digits: str = field(repr=False)
    at: int
    reserved: str | None = None


class Collector:
    """Collects one entry; `entry` is None until it has ended, in exactly one outcome (rule 2).

    Begin it with `begin`, or first `take` the keys that were typed ahead; then `handle` each event.
    """

    def __init__(
        self, spec: DigitSpec, digits: int = 1, branches: Iterable[str] = (), reserved: Iterable[str] = ()
    ) -> None:
        """Collect `digits` keys at most.

        `branches` are all the entries that can be meant, if only those can be: then an entry is complete as soon as no
        longer one begins with it, and of `1` and `12` the inter-digit timer decides (rule 8). Keys that are `reserved`
        end an entry that has not begun; `*`, `#` and letters among them end any.
        """
        self.entry: Entry | None = None
        self.digits = ""
        self._spec = spec
        self._most = digits
        self._branches = frozenset(branches)
        self._reserved = frozenset(reserved)
        self._prompt_ended: int | None = None
        self._speaking = False
        self._running: StartTimer | None = None

    def begin(self, at: int, *, speaking: bool, held: bool = False) -> list[Effect]:
        """Listen from sample `at`, the prompt `speaking` or not; `held`: the last key typed ahead is still down."""
        self._speaking = speaking
        self._prompt_ended = None if speaking else at
        if self.entry is not None:
            return []
        if self.digits:
            return [] if held else self._start(Timer.INTER_DIGIT, at, self._spec.inter_digit_timeout)
        return [] if speaking else self._start(Timer.FIRST_DIGIT, at, self._spec.first_digit_timeout)

    def handle(self, event: Event) -> list[Effect]:
        """What follows from an event; nothing does once the entry has ended."""
        if self.entry is not None:
            return []
        match event:
            case PromptEnded(at):
                return self._prompt_is_over(at)
            case KeyPressed(digit, at) if self._hears(at):
                return self.take(digit, at)
            case KeyReleased(at=at) if self.digits:
                return self._start(Timer.INTER_DIGIT, at, self._spec.inter_digit_timeout)
            case TimerFired(timer, at) if self._running == StartTimer(timer, at):
                self._running = None
                self._finish(self._timed_out(), at)
        return []

    def take(self, digit: str, at: int) -> list[Effect]:
        """Take a key into the entry, whatever is being said; the first one stops the prompt (rule 5)."""
        effects = [*self._hush(), *self._stop()]
        if digit == self._spec.end_key:
            self._finish(self._ended(), at)
        elif digit == self._spec.cancel_key:
            self._finish(Outcome.CANCELLED, at)
        elif digit in self._reserved and not (self.digits and digit.isdigit()):
            outcome = Outcome.CANCELLED if self.digits else Outcome.COMPLETE
            self.entry = Entry(outcome, self.digits or digit, at, reserved=digit)
        else:
            self.digits += digit
            if self._is_complete():
                self._finish(Outcome.COMPLETE, at)
        return effects

    def _prompt_is_over(self, at: int) -> list[Effect]:
        self._speaking = False
        self._prompt_ended = at
        return [] if self.digits else self._start(Timer.FIRST_DIGIT, at, self._spec.first_digit_timeout)

    def _hears(self, at: int) -> bool:
        """Whether a key with this onset counts: during the prompt only if the step says so."""
        return self._spec.collect_while_speaking or (self._prompt_ended is not None and at >= self._prompt_ended)

    def _is_complete(self) -> bool:
        if len(self.digits) == self._most:
            return True
        return bool(self._branches) and not any(
            branch.startswith(self.digits) and branch != self.digits for branch in self._branches
        )

    def _ended(self) -> Outcome:
        if not self.digits:
            return Outcome.NO_INPUT if self._spec.min_digits else Outcome.END_KEY
        return Outcome.TOO_SHORT if len(self.digits) < self._spec.min_digits else Outcome.END_KEY

    def _timed_out(self) -> Outcome:
        if not self.digits:
            return Outcome.NO_INPUT
        return Outcome.TOO_SHORT if len(self.digits) < self._spec.min_digits else Outcome.TIMEOUT_PARTIAL

    def _finish(self, outcome: Outcome, at: int) -> None:
        self.entry = Entry(outcome, self.digits, at)

    def _hush(self) -> list[Effect]:
        speaking, self._speaking = self._speaking, False
        return [Hush()] if speaking else []

    def _start(self, timer: Timer, since: int, seconds: float) -> list[Effect]:
        self._running = StartTimer(timer, since + seconds_to_samples(seconds))
        return [self._running]

    def _stop(self) -> list[Effect]:
        running, self._running = self._running, None
        return [StopTimer(running.timer)] if running else []
