"""What happens to a dialog. Every event carries `at`: the sample of the call at which it happened.

Events come in the order of their `at`: the call holds a timer back until the ear has vouched for every sample before
its deadline, so a key that began 10 ms before a time-out is always handled before that time-out. A deadline is the
first sample that is too late: a key that begins exactly there comes after the `TimerFired` with the same `at`. Only a
`KeyPressed` may come late, by as long as the ear needs to be sure: its `at`, the onset, decides what it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from ivrbox.dialog.functions import FunctionReply
    from ivrbox.errors import IvrboxError


class Timer(StrEnum):
    """The timers of a dialog; each runs at most once at a time."""

    FIRST_DIGIT = "first_digit"
    INTER_DIGIT = "inter_digit"
    MESSAGE_LENGTH = "message_length"
    CALL_LENGTH = "call_length"


@dataclass(frozen=True, slots=True)
class Answered:
    """The line is off-hook and the conversation may begin; `clock` is the local wall clock at that moment."""

    at: int
    caller_number: str | None = None
    clock: datetime | None = None


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """All that the dialog asked to say has been said, or was skipped because it could not be spoken."""

    at: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key went down at sample `at`: reported as soon as the ear is sure, while it may still be held."""

    digit: str
    at: int

    def __repr__(self) -> str:
        return f"KeyPressed(at={self.at})"  # whether the digit is secret is the dialog's to know


@dataclass(frozen=True, slots=True)
class KeyReleased:
    """The key that was down ended at sample `at`."""

    digit: str
    at: int

    def __repr__(self) -> str:
        return f"KeyReleased(at={self.at})"


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer's deadline, `at`, has passed, and no earlier key can come any more."""

    timer: Timer
    at: int


@dataclass(frozen=True, slots=True)
class FunctionReturned:
    """The function that was run has answered."""

    reply: FunctionReply
    at: int


@dataclass(frozen=True, slots=True)
class FunctionRaised:
    """The function that was run has failed, timed out, or returned what is not allowed."""

    error: IvrboxError
    at: int


@dataclass(frozen=True, slots=True)
class SilenceHeard:
    """The caller has been silent for as long as `StartMessage` asked; `spoke` says whether anything was said before."""

    at: int
    spoke: bool


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The line cannot flash the hook, or the far end refused: the caller is still here."""

    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The far end is gone, or the box must end the call (`reason` says which)."""

    reason: str
    at: int


Event = (
    Answered
    | PromptEnded
    | KeyPressed
    | KeyReleased
    | TimerFired
    | FunctionReturned
    | FunctionRaised
    | SilenceHeard
    | TransferFailed
    | HungUp
)
