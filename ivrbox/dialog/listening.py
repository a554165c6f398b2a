"""Asking for one entry: the prompt, the keys typed ahead, the mask over a secret, and what the caller keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.dialog.collector import Collector, Entry
from ivrbox.dialog.events import KeyPressed, PromptEnded
from ivrbox.dialog.masks import Reason
from ivrbox.dialog.turns import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ivrbox.dialog.events import Event
    from ivrbox.dialog.keys import Key
    from ivrbox.dialog.talk import Talk
    from ivrbox.flows.digits import DigitSpec
    from ivrbox.flows.prompt import PromptSpec


class Listening:
    """One entry asked for; `done` is called with it once it has been made."""

    def __init__(  # noqa: PLR0913  # keywords only: all that an entry depends on
        self,
        talk: Talk,
        spec: DigitSpec,
        done: Callable[[Entry], None],
        *,
        digits: int = 1,
        branches: Iterable[str] = (),
        reserved: Iterable[str] = (),
    ) -> None:
        """Be ready to ask; see `Collector` for what the numbers and keys mean."""
        self._talk = talk
        self._spec = spec
        self._done = done
        self._collector = Collector(spec, digits, branches, reserved)
        self._last_digit: Key | None = None

    def begin(self, prompt: PromptSpec | None) -> None:
        """Say the prompt, unless what was typed ahead has answered it, and listen."""
        talk, collector = self._talk, self._collector
        talk.keys.ahead_allowed = self._spec.collect_while_speaking
        if not talk.keys.ahead_allowed:
            talk.keys.ahead.clear()
        self._take_typed_ahead()
        if not collector.digits and collector.entry is None:
            talk.say(prompt)
        if self._spec.pii and not talk.speaking:
            talk.cover(Reason.ENTRY, talk.now)
        talk.emit(*collector.begin(talk.now, speaking=talk.speaking, held=talk.keys.held))
        self._settle()

    def handle(self, event: Event) -> None:
        """Go on from an event."""
        if isinstance(event, KeyPressed):
            self._last_digit = self._talk.keys.last
        self._cover(event)
        self._talk.emit(*self._collector.handle(event))
        self._settle()

    def broken_off(self, outcome: Outcome, at: int) -> Entry:
        """The entry as far as it has come, ended from outside."""
        self._talk.uncover(Reason.ENTRY, at)
        return Entry(outcome, self._collector.digits, at)

    def _take_typed_ahead(self) -> None:
        ahead = self._talk.keys.ahead
        while ahead and self._collector.entry is None:
            self._last_digit = ahead.popleft()
            if self._spec.pii:
                self._talk.cover(Reason.ENTRY, self._last_digit.at)
            self._talk.emit(*self._collector.take(self._last_digit.digit, self._last_digit.at))

    def _cover(self, event: Event) -> None:
        """Keep secret tones out of the recording, even those of keys that are not taken."""
        if self._spec.pii and isinstance(event, PromptEnded | KeyPressed):
            self._talk.cover(Reason.ENTRY, event.at)
            if isinstance(event, KeyPressed):
                self._talk.cover(Reason.KEY, event.at)

    def _settle(self) -> None:
        entry = self._collector.entry
        if entry is None:
            return
        if entry.outcome is Outcome.COMPLETE:
            self._talk.keys.forgive(self._spec.end_key, self._last_digit)
        self._talk.uncover(Reason.ENTRY, self._talk.now)
        self._done(entry)
