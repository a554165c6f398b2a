"""What a dialog may be doing between its visits to steps: nothing, waiting for a function, saying its last words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ivrbox.dialog.events import FunctionRaised, FunctionReturned, KeyPressed, PromptEnded, TransferFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.dialog.course import Course
    from ivrbox.dialog.events import Event
    from ivrbox.dialog.functions import FunctionReply
    from ivrbox.dialog.talk import Talk
    from ivrbox.errors import IvrboxError


class Activity(Protocol):
    """What the dialog is doing."""

    def handle(self, event: Event) -> None:
        """Go on from an event."""


class Nothing:
    """Before the call and after it."""

    def handle(self, event: Event) -> None:
        """Let it pass."""


class Waiting:
    """A function is running; keys are typed ahead."""

    def __init__(
        self, talk: Talk, returned: Callable[[FunctionReply], None], raised: Callable[[IvrboxError], None]
    ) -> None:
        """Go on with the one or the other, whichever the function does."""
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


class LastWords:
    """The call ends when all has been said."""

    def __init__(self, course: Course, reason: str) -> None:
        """`reason` is what the record will say."""
        self._course = course
        self._reason = reason

    def handle(self, event: Event) -> None:
        """Hang up after the last word."""
        match event:
            case PromptEnded():
                self._course.over(self._reason)
            case TransferFailed(reason=reason):
                self._course.transfer_failed(reason)
