"""`config/ivrbox.toml`: what the owner sets, read once at start, every fault at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ivrbox.appliance.messengers import checked_address
from ivrbox.flows.documents import load_toml, validate
from ivrbox.flows.wording import Within

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS_FILE = "ivrbox.toml"


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LineSpec(_Closed):
    """`[line]`: which wire, and how patiently it is answered. `options` go to the adapter as they are."""

    kind: str = "loopback"
    name: str = "line"
    rings: Annotated[int, Within(1, 20, "bursts")] = 2
    options: dict[str, Any] = Field(default_factory=dict)


class CallSpec(_Closed):
    """`[call]`: the flow that a call enters, the flow it comes back to, and how long it may last."""

    entry: str
    main: str | None = None
    max_minutes: Annotated[float, Within(0, 600, "minutes", above=True)] = 30.0
    function_limit_s: Annotated[float, Within(0, 60, "s", above=True)] = 10.0


class PromptsSpec(_Closed):
    """`[prompts]`: who speaks, and the two things that every box must be able to say.

    `voice` is the ordinary synthesizer, `voices` are those of other languages: `{ de = "espeak-ng/de" }`.
    """

    voice: Literal["festival", "flite", "espeak-ng"] | None = None
    voices: dict[str, str] = Field(default_factory=dict)
    apology: str = "I am sorry, something went wrong."
    goodbye: str = "Goodbye."


class RecordsSpec(_Closed):
    """`[records]`: what conversation records tell of the caller."""

    hash_caller: bool = False


class RecordingSpec(_Closed):
    """`[recording]`: whether calls are recorded, for how long, and who may open what is kept.

    A call that outlasts `max_minutes` goes on; `when_full` says whether its recording stops there, or overflows to the
    data folder, sealed under a key that is in memory only. Private digits are masked as silence or as a soft tone.
    """

    enabled: bool = True
    max_minutes: Annotated[int, Within(1, 240, "minutes")] = 60
    when_full: Literal["stop", "overflow"] = "stop"
    masked_as: Literal["silence", "tone"] = "silence"
    recipients: tuple[str, ...] = ()
    local_playback: bool = False


class RetentionSpec(_Closed):
    """`[retention]`: how much of what is kept may stay; the oldest goes first, and 0 is no limit.

    The limits hold for recordings of calls and for messages, each. `reserve_megabytes` are left free on the medium:
    with less than that nothing more is recorded.
    """

    days: Annotated[float, Within(0, 36_500, "days")] = 90.0
    count: Annotated[int, Within(0, 1_000_000, "files")] = 0
    megabytes: Annotated[float, Within(0, 10_000_000, "MB")] = 0.0
    reserve_megabytes: Annotated[float, Within(0, 10_000_000, "MB")] = 200.0


class EventsSpec(_Closed):
    """`[events]`: who is told of calls as they happen, by `http(s)://` or `mqtt(s)://` addresses; nobody by default.

    Neither numbers nor digits are told unless the owner asks for them; digits of a PII step never are.
    """

    tell: tuple[Annotated[str, AfterValidator(checked_address)], ...] = ()
    caller: bool = False
    digits: bool = False


class StatusSpec(_Closed):
    """`[status]`: the pin of a lamp that shows how the box is (a GPIO number or any name gpiozero knows)."""

    lamp_pin: int | str | None = None


class Settings(_Closed):
    """The whole file."""

    call: CallSpec
    line: LineSpec = LineSpec()
    prompts: PromptsSpec = PromptsSpec()
    records: RecordsSpec = RecordsSpec()
    recording: RecordingSpec = RecordingSpec()
    retention: RetentionSpec = RetentionSpec()
    events: EventsSpec = EventsSpec()
    status: StatusSpec = StatusSpec()


def read_settings(config: Path) -> Settings:
    """Read `ivrbox.toml` in the configuration folder.

    Raises:
        ConfigError: all that is wrong with it, each with its line and key.
    """
    return validate(Settings, load_toml(config / SETTINGS_FILE))
