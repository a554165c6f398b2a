"""A choice between a few keys, asked until one of them is pressed: right or wrong, keep or discard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.dialog.collector import Entry
from ivrbox.dialog.listening import Listening
from ivrbox.dialog.turns import Outcome
from ivrbox.flows.digits import DigitSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ivrbox.dialog.events import Event
    from ivrbox.dialog.talk import Talk
    from ivrbox.flows.prompt import PromptSpec


class Choice:
    """A question with a few keys for answers; `failed` is called where none of them comes."""

    def __init__(
        self,
        talk: Talk,
        prompt: PromptSpec,
        answers: Mapping[str, Callable[[], None]],
        failed: Callable[[], None],
        spec: DigitSpec | None = None,
    ) -> None:
        """Take the time-outs, retries and manners of `spec`; the answer itself is never secret."""
        manners = spec or DigitSpec()
        self._talk = talk
        self._prompt = prompt
        self._answers = answers
        self._failed = failed
        self._spec = DigitSpec(
            first_digit_timeout=manners.first_digit_timeout,
            collect_while_speaking=manners.collect_while_speaking,
        )
        self._tries = manners.retries + 1
        self._listening: Listening | None = None

    def begin(self) -> None:
        """Ask."""
        self._listening = Listening(self._talk, self._spec, self._answered)
        self._listening.begin(self._prompt)

    def handle(self, event: Event) -> None:
        """Go on from an event."""
        if self._listening is not None:
            self._listening.handle(event)

    def _answered(self, entry: Entry) -> None:
        self._listening = None
        answer = self._answers.get(entry.digits)
        if answer is None and entry.outcome is not Outcome.NO_INPUT:
            entry = Entry(Outcome.INVALID, entry.digits, entry.at)
        self._talk.hear(entry, pii=False)
        self._tries -= 1
        if answer is not None:
            answer()
        elif self._tries > 0:
            self.begin()
        else:
            self._failed()
