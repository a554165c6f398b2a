"""How a simulated modem behaves: the `[simulated]` table of a profile, and faults that are put on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivrbox.errors import ConfigError, Fault, hint
from ivrbox.lines.modem_formats import Coding  # noqa: TC001 - pydantic reads the annotation when it runs
from ivrbox.lines.wording import wording

if TYPE_CHECKING:
    from ivrbox.lines.modem_profile import ProfileSpec


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SoundSpec(_Closed):
    """A sample format: its `+VSM` number, what its bytes mean, and the line that `+VSM=?` prints for it."""

    id: int
    coding: Coding
    text: str


class FalseCodeSpec(_Closed):
    """A report that the modem gives without cause, again and again, while it plays or records."""

    code: str
    doing: Literal["play", "record", "both"]
    every_ms: Annotated[int, Field(ge=1)]


class Behaviour(_Closed):
    """All habits of a modem. Those from `stop_delay_ms` on are faults; a modem that is well has none of them."""

    identity: dict[str, str]
    """Answers to `I0` ... `I9`, `+GMI`, `+GMM`, `+GMR`, `+FMI` ..., as the manual prints them."""
    sounds: tuple[SoundSpec, ...]
    labels: tuple[str, ...]
    """The lines of `+VLS=?`."""
    classes: str = "0,1,8"
    duplex: bool = False
    """Whether `+VTR` is known."""
    accepted: tuple[str, ...] = ()
    """Commands of this maker's own, which are answered OK."""
    refused: tuple[str, ...] = ()
    """Commands that are answered ERROR though the family knows them."""
    unanswered: tuple[str, ...] = ()
    """Commands that it says nothing to, `+VIT`, as some firmware does to what it does not know."""
    digits: Literal["held", "once", "pulse"] = "held"
    """`held`: DLE /, the digit each 70 ms, DLE ~ (V.253). `once`: the digit. `pulse`: all three at once."""
    dtmf_end: Literal["~", "\x7f"] = "~"
    digits_recording: bool = True
    ring: Literal["word", "code", "both"] = "word"
    """How it rings in class 8; in class 0 it says RING."""
    caller_id: Literal["plain", "spaced", "ddn"] = "plain"
    caller_id_first: bool = False
    hangs_up_to_data: bool = True
    """Whether `ATH` leaves class 8."""
    loop_break: bool = True
    """Whether it reports the far end's hang-up as DLE l; busy tone follows for all."""
    hook_code: str = ""
    """Told by itself after it went off-hook."""
    false_codes: tuple[FalseCodeSpec, ...] = ()
    etx_before_ok: bool = False
    triple_dle: bool = False
    """It wants `DLE DLE DLE ETX` and `DLE DLE DLE !`, as a Zoom 3095 with the firmware of 2020."""
    buffer_bytes: Annotated[int, Field(ge=1)] = 1024
    command_ms: Annotated[int, Field(ge=0)] = 5

    stop_delay_ms: Annotated[int, Field(ge=0)] = 0
    """How long it takes over a stop code."""
    freed_by: Literal["", "second", "+++", "ATH", "ATZ", "reopen", "never"] = ""
    """Stop codes mean nothing to it; this does. `second`: the first one means nothing."""
    refuses_all: bool = False
    mute: bool = False


def behaviour_of(profile: ProfileSpec, name: str, **habits: object) -> Behaviour:
    """The behaviour of a profile's modem, with some habits changed.

    Raises:
        ConfigError: the profile describes none, or a habit is not one.
    """
    try:
        return Behaviour.model_validate({"duplex": profile.duplex, **profile.simulated, **habits})
    except ValidationError as error:
        raise ConfigError([_fault(name, found) for found in error.errors(include_url=False)]) from None


def _fault(name: str, found: Any) -> Fault:  # noqa: ANN401 - pydantic's own mapping
    key = ".".join(("simulated", *map(str, found["loc"])))
    if found["type"] == "extra_forbidden" and len(found["loc"]) == 1:
        return Fault(name, None, key, f"no such habit; {hint(str(found['loc'][0]), Behaviour.model_fields)}")
    return Fault(name, None, key, wording(found))
