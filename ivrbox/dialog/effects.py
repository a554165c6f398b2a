"""What a dialog wants done. The call carries effects out in order; none of them makes the dialog wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivrbox.dialog.turns import DOTS

if TYPE_CHECKING:
    from ivrbox.dialog.events import Timer
    from ivrbox.dialog.functions import FunctionRequest


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text after whatever is being said. `wav` names a file of `config/prompts` that says it instead.

    One `PromptEnded` comes when all that was asked for has been said; one that a later `Say` has overtaken is not sent.
    `language` names the voice, None the ordinary one. A `secret` text is spoken, but neither logged nor cached.
    """

    text: str
    wav: str | None = None
    language: str | None = None
    secret: bool = False

    def __repr__(self) -> str:
        return f"Say({DOTS if self.secret else self.text!r}, wav={self.wav!r}, language={self.language!r})"


@dataclass(frozen=True, slots=True)
class PlayTone:
    """Play a tone (`beep`, `dial`, `busy`, `ringback`, `congestion`) after whatever is being said, as part of it."""

    tone: str


@dataclass(frozen=True, slots=True)
class Flash:
    """Press the hook for a moment, once all has been said that was asked for; what follows waits until it is done."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Send keys as tones after whatever is being said, as part of it: the number of a transfer."""

    number: str


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
class StartMessage:
    """Keep what the caller says from sample `since` on as a message, apart from the call's recording.

    When the caller has been silent for `silence` samples, `SilenceHeard` tells so.
    """

    since: int
    silence: int


@dataclass(frozen=True, slots=True)
class StopMessage:
    """The message ended at sample `until`; it waits to be kept or dropped."""

    until: int


@dataclass(frozen=True, slots=True)
class KeepMessage:
    """Store the message that was stopped; `box` is the step that took it (`flow.step`).

    With `if_spoken`, only if somebody spoke: who hangs up at the beep has left nothing.
    """

    box: str
    if_spoken: bool = False


@dataclass(frozen=True, slots=True)
class DropMessage:
    """Destroy the message that was stopped: nothing of it may reach storage."""


@dataclass(frozen=True, slots=True)
class Note:
    """A fact for the call's trace and log: a fault of the author's, keys not taken. Never holds a digit."""

    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put the line on-hook; `reason` is what the record will say (`completed`, `flow_failed`, ...)."""

    reason: str


Effect = (
    Say
    | Hush
    | PlayTone
    | Flash
    | Dial
    | StartTimer
    | StopTimer
    | Run
    | Mask
    | Unmask
    | Discard
    | StartMessage
    | StopMessage
    | KeepMessage
    | DropMessage
    | Note
    | HangUp
)
