"""The options of a sound-card line, as `[line.options]` in `ivrbox.toml` gives them; all faults at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ivrbox.errors import ConfigError, Fault, hint
from ivrbox.lines.hook import PinSpec
from ivrbox.lines.sound_card import CardSpec
from ivrbox.lines.watch import LOOP_BREAK_MS, WatchRules
from ivrbox.lines.wording import wording
from ivrbox.units import FRAME_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

__all__ = ["SoundOptions", "read_options"]

_Pin = Annotated[int | str | None, Field(union_mode="left_to_right")]
_Words = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
]


_PERIODS_MISSED: Final = 3
"""Periods without a frame before a card can be gone: a sound server gives in bursts, and one may come a burst late."""


class SoundOptions(BaseModel):
    """What may be set. `device` names the card for both directions; `input` and `output` win over it.

    Times are seconds or ms as named, levels dBm0. `stall_s` without a frame, and three periods, means
    that the card is gone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    device: str = "default"
    input: str | None = None
    output: str | None = None
    rate: Annotated[int | None, Field(ge=8000, le=192_000, multiple_of=50)] = None
    channel: Literal["left", "right", "mix"] = "left"
    stall_s: Annotated[float, Field(ge=0.1, le=5)] = 2.0
    period_ms: Literal[20, 40, 60, 80] = 40

    country: str = "us"
    silence_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    silence_dbm0: Annotated[float, Field(ge=-80, le=0)] = -50.0
    loop_break_ms: Annotated[int, Field(ge=60, le=2000)] = LOOP_BREAK_MS
    ring_by_sound: bool = False

    hook_pin: _Pin = None
    ring_pin: _Pin = None
    ring_active: Literal["low", "high"] = "low"
    loop_pin: _Pin = None
    loop_active: Literal["low", "high"] = "low"
    lamp_pin: _Pin = None
    button_pin: _Pin = None
    button_command: _Words = PinSpec.button_command

    @property
    def card(self) -> CardSpec:
        """The card's share."""
        devices = self.input or self.device, self.output or self.device
        stall_s = max(self.stall_s, _PERIODS_MISSED * self.period_ms / 1000)
        return CardSpec(*devices, self.rate, self.channel, stall_s, self.period_ms // FRAME_MS)

    @property
    def rules(self) -> WatchRules:
        """The share of whoever judges that the far end is gone."""
        return WatchRules(self.silence_s, self.silence_dbm0, self.loop_break_ms)

    @property
    def pins(self) -> PinSpec:
        """The pins' share."""
        return PinSpec(
            hook_pin=self.hook_pin,
            ring_pin=self.ring_pin,
            ring_active=self.ring_active,
            loop_pin=self.loop_pin,
            loop_active=self.loop_active,
            lamp_pin=self.lamp_pin,
            button_pin=self.button_pin,
            button_command=self.button_command,
        )


def read_options(options: Mapping[str, Any]) -> SoundOptions:
    """Check what the owner has set.

    Raises:
        ConfigError: everything that is wrong, each with its key, what was found and what is allowed.
    """
    try:
        return SoundOptions.model_validate(dict(options))
    except ValidationError as error:
        details = {str(detail["loc"][0]): detail for detail in error.errors()}  # one fault a key, not one for each type
        raise ConfigError(_fault(key, detail) for key, detail in details.items()) from None


def _fault(key: str, detail: ErrorDetails) -> Fault:
    return Fault("ivrbox.toml", None, f"line.options.{key}", _words(key, detail))


def _words(key: str, detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return f"unknown key; {hint(key, SoundOptions.model_fields)}"
    if key.endswith("_pin"):
        return f"must be a GPIO number or the name of a pin, not {detail['input']!r}"
    if key == "button_command":
        return f"must be a list of the command and its arguments, each in quotes, not {detail['input']!r}"
    return wording(detail)
