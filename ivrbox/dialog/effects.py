"""What a dialog wants done. The call carries effects out in order; none of them makes the dialog wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivrbox.dialog.events import Timer
    from ivrbox.dialog.functions import FunctionRequest


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text after whatever is being said. `wav` names a file of `config/prompts` that says it instead.

    One `PromptEnded` comes when all that was asked for has been said.
    """

    text: str
    wav: str | None = None


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop speaking now and forget what was still to be said; no `PromptEnded` comes for it."""


@dataclass(frozen=True, slots=True)
class StartTimer:
    """(Re)start a timer that fires at sample `deadline` of the call."""

    timer: Timer
    deadline: int


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Stop a timer; stopping one that does not run is no error."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Run:
    """Run an author's function; `FunctionReturned` or `FunctionRaised` will come."""

    request: FunctionRequest


@dataclass(frozen=True, slots=True)
class Mask:
    """From sample `since` on, the recording keeps nothing of either direction: secret digits follow."""

    since: int


@dataclass(frozen=True, slots=True)
class Unmask:
    """From sample `until` on, the recording keeps sound again."""

    until: int


@dataclass(frozen=True, slots=True)
class Discard:
    """Destroy the recording for good: a wish, which recordings carry out."""


@dataclass(frozen=True, slots=True)
class Note:
    """A fact for the call's trace and log: a fault of the author's, keys not taken. Never holds a digit."""

    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put the line on-hook; `reason` is what the record will say (`completed`, `flow_failed`, ...)."""

    reason: str


Effect = Say | Hush | StartTimer | StopTimer | Run | Mask | Unmask | Discard | Note | HangUp
