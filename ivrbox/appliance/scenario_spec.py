"""What a scenario file says: who calls, what the caller does when, and what must come of it.

flow = "recording-optout"
script = [
{ hears = "To opt out, press 1" },
{ presses = "1", at = "0.3 s into the prompt" },
{ hears = "How can I help?" },
{ waits = 2 },
{ hangs_up = true },
]
[expect]
recording = "discarded"
"""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, field_validator, model_validator

from ivrbox.dialog.turns import Outcome
from ivrbox.flows.prompt import Spec
from ivrbox.flows.wording import Within, listed, refusal, shown

_AT = re.compile(r"(?P<seconds>\d+(\.\d+)?) s (?P<anchor>into the prompt|after the prompt|after the last key)")


class Anchor(StrEnum):
    """What a moment is told from."""

    PROMPT_BEGAN = "into the prompt"
    PROMPT_ENDED = "after the prompt"
    LAST_KEY = "after the last key"


class Moment(NamedTuple):
    """So many seconds from an anchor."""

    seconds: float
    anchor: Anchor


class MoveSpec(Spec):
    """One thing that the caller does: exactly one of the verbs.

    `hears` waits until the box begins to say these words, `hears_out` until it has finished, `waits` so many seconds.
    `presses` keys digits, `speaks` a sound file beside the scenario, `talks` murmurs for so many seconds; each of them
    `at` a moment if one is given.
    """

    hears: str | None = None
    hears_out: bool = False
    waits: Annotated[float, Within(0, 3600, "seconds")] | None = None
    presses: str | None = None
    speaks: str | None = None
    talks: Annotated[float, Within(0, 600, "seconds", above=True)] | None = None
    hangs_up: bool = False
    at: str | None = None
    ms: Annotated[int, Within(20, 10_000, "ms")] = 80
    gap_ms: Annotated[int, Within(10, 10_000, "ms")] = 80
    level_dbm0: Annotated[float, Within(-60, 3, "dBm0")] = -20.0

    @field_validator("at")
    @classmethod
    def _a_moment(cls, at: str | None) -> str | None:
        if at is not None and not _AT.fullmatch(at):
            anchors = listed(f'"0.3 s {anchor}"' for anchor in Anchor)
            raise refusal(f"must be such as {anchors}, not {shown(at)}")
        return at

    @field_validator("presses")
    @classmethod
    def _keys(cls, digits: str | None) -> str | None:
        if digits is not None and not re.fullmatch(r"[0-9*#A-D]+", digits):
            raise refusal(f"must be keys (0-9 * # A-D), not {shown(digits)}")
        return digits

    @model_validator(mode="after")
    def _one_verb(self) -> MoveSpec:
        verbs = [name for name in _VERBS if getattr(self, name) not in (None, False)]
        if len(verbs) != 1:
            raise refusal(f"must have one of {listed(_VERBS)}, not {' and '.join(verbs) or 'none'}")
        if self.at is not None and verbs[0] not in ("presses", "speaks", "talks", "hangs_up"):
            raise refusal(f"at goes with presses, speaks, talks or hangs_up, not with {verbs[0]}")
        return self

    @property
    def moment(self) -> Moment | None:
        """When it is to be done; None: at once."""
        if self.at is None or (match := _AT.fullmatch(self.at)) is None:
            return None
        return Moment(float(match["seconds"]), Anchor(match["anchor"]))


_VERBS = ("hears", "hears_out", "waits", "presses", "speaks", "talks", "hangs_up")


class LineNoiseSpec(Spec):
    """`[line]`: how bad the line is, and whether its hook can be flashed.

    Levels in dBm0; `echo_db` is the loss of what the box says on its way back to it.
    """

    noise_dbm0: float | None = None
    echo_db: float | None = None
    echo_ms: float = 20.0
    twist_db: float = 0.0
    gain_db: float = 0.0
    hum_dbm0: float | None = None
    seed: int = 0
    can_flash: bool = True


Recording = Literal["off", "kept", "discarded", "lost"]
"""What has become of the recording once a call is over."""

Ended = Literal[
    "completed", "hangup", "retries_spent", "transferred", "transfer_failed", "too_long", "flow_failed", "fault"
]
"""How a call in simulated time may end."""


def _outcome(word: str) -> str:
    if word not in tuple(Outcome):
        raise refusal(f"must be {listed(map(shown, Outcome))}, not {shown(word)}")
    return word


class ExpectSpec(Spec):
    """`[expect]`: what must be true once the call is over; what is left out may be anything.

    `prompts` are words that the box must have said, in this order; `digits` and `outcomes` are those of the caller's
    turns, in full; `path` the steps in full; `messages` and `transfers` are how many there were; `hidden` are texts
    that must not stand in the record.
    """

    prompts: tuple[str, ...] | None = None
    digits: tuple[str, ...] | None = None
    outcomes: tuple[Annotated[str, AfterValidator(_outcome)], ...] | None = None
    path: tuple[str, ...] | None = None
    recording: Recording | None = None
    messages: int | None = None
    transfers: int | None = None
    ended: Ended | None = None
    notes: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()
    shorter_than: float | None = None
    longer_than: float | None = None

    @model_validator(mode="after")
    def _something(self) -> ExpectSpec:
        if not self.model_fields_set:
            raise refusal("must expect something: a scenario that cannot fail tests nothing")
        return self


class ScenarioSpec(Spec):
    """One scenario: a call, and what must come of it. `clock` is when it is made, for business hours."""

    about: str = ""
    flow: str | None = None
    caller: str | None = "5550100"
    clock: datetime | None = None
    line: LineNoiseSpec = LineNoiseSpec()
    script: Annotated[tuple[MoveSpec, ...], Field(min_length=1)]
    expect: ExpectSpec

    @field_validator("clock", mode="before")
    @classmethod
    def _a_moment_in_time(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        if isinstance(value, date) and not isinstance(value, datetime):
            raise refusal(f"must be a date and a time of day, such as 2026-03-02T10:30:00, not {shown(value)}")
        return value
