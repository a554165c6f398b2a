"""What is slow happens backstage: the call asks, goes on exchanging frames, and collects the news later.

The appliance owns the threads and the child process behind this contract; a call only ever sees these words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ivrbox.dialog.functions import FunctionReply, FunctionRequest
    from ivrbox.errors import IvrboxError
    from ivrbox.prompts.clip import Clip
    from ivrbox.recordings import Receipt


@dataclass(frozen=True, slots=True)
class FunctionAnswered:
    """The function that was run has returned."""

    reply: FunctionReply


@dataclass(frozen=True, slots=True)
class FunctionBroke:
    """The function that was run raised, took too long, or returned what is not allowed."""

    error: IvrboxError


@dataclass(frozen=True, slots=True)
class DiscardWanted:
    """The running function called `discard_recording()` and waits inside it until `answer_discard`."""


@dataclass(frozen=True, slots=True)
class DiscardWritten:
    """The record says that the recording is gone: now the caller may be told."""


@dataclass(frozen=True, slots=True)
class ClipMade:
    """A clip that was asked for is ready; None where it could not be spoken."""

    ticket: int
    clip: Clip | None


News = FunctionAnswered | FunctionBroke | DiscardWanted | DiscardWritten | ClipMade


class Backstage(Protocol):
    """The helpers behind a call. No method but `wait` ever waits."""

    def run(self, request: FunctionRequest) -> None:
        """Start an author's function; one runs at a time."""

    def answer_discard(self, error: IvrboxError | None) -> None:
        """Let the function that waits in `discard_recording()` go on, or have it raise."""

    def write_discard(self, receipt: Receipt) -> None:
        """Have the record say that the recording is gone; `DiscardWritten` will come, also where that failed."""

    def ready(self, text: str, wav: str | None, language: str | None) -> Clip | None:
        """Look up a clip that is already in memory."""

    def make(self, text: str, wav: str | None, language: str | None, *, secret: bool) -> int:
        """Order a clip that is not; `ClipMade` with the returned ticket will come. A secret one leaves no trace."""

    def news(self) -> list[News]:
        """Collect what has happened since the last look."""

    def wait(self) -> list[News]:
        """Wait until something has happened, if anything is under way; only where time is not real, or over."""
