"""Modem profiles: what one kind of modem wants to be told, and how it speaks. Data, read from `hw/modems/*.toml`.

A profile is named by its file (`usr5637`), or by a path. It is looked for in the folder that the line's settings name,
then where the package was installed (`share/ivrbox/modems`), then in a checkout (`hw/modems`). One with a `base` is
that profile, with what it says itself put on top, table by table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import tomli
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ivrbox.errors import ConfigError, Fault, UnknownName, hint
from ivrbox.lines.modem_formats import Coding  # noqa: TC001 - pydantic reads the annotation when it runs
from ivrbox.lines.wording import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GENERIC = "generic"
"""The profile of a modem that nobody has described: V.253 as it is written."""

_WHOLE = frozenset({"hang_up", "identity"})
"""Tables that replace the base's instead of joining it: a code that is not named has no meaning."""

_HOMES = (Path(sys.prefix) / "share/ivrbox/modems", Path(__file__).parents[2] / "hw/modems")


_Item = TypeVar("_Item")


def _from_hex(value: object) -> bytes:
    try:
        return bytes.fromhex(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"must be bytes in hex, such as '10 18 10 03', not {value!r}") from None


def _sendable(command: str) -> str:
    if not (command.isascii() and command.isprintable() and command):
        raise ValueError(f"must be one line of plain ASCII, not {command!r}")
    return command


def _some(several: tuple[_Item, ...]) -> tuple[_Item, ...]:
    if not several:
        raise ValueError("must name one at least")
    return several


def _with_places(**places: int) -> AfterValidator:
    """A check that a command can be filled in with these."""

    def check(command: str) -> str:
        try:
            command.format(**places)
        except (LookupError, ValueError, AttributeError, TypeError):
            known = ", ".join(f"{{{place}}}" for place in places)
            raise ValueError(f"may hold {known} and no other braces, not {command!r}") from None
        return command

    return AfterValidator(check)


Bytes = Annotated[bytes, BeforeValidator(_from_hex)]
"""Bytes, written as hex in the file: `"10 18 10 03"`."""

Command = Annotated[str, AfterValidator(_sendable)]
Some = AfterValidator(_some)

Count = Annotated[int, Field(ge=1, le=20)]
Milliseconds = Annotated[int, Field(ge=0, le=10_000)]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PortSpec(_Closed):
    """`[port]`: the serial port. A USB modem ignores both; a real UART needs 115200 and RTS/CTS for 8 kHz."""

    baud: Annotated[int, Field(ge=9600, le=4_000_000)] = 115200
    rtscts: bool = True


class StartSpec(_Closed):
    """`[start]`: sent when the line is opened; each of `required` must be answered OK, `optional` may be refused.

    `gap_ms` is the rest between an answer and the next command, in calls too: some chips lose what comes sooner.
    """

    required: tuple[Command, ...] = ("ATE0",)
    optional: tuple[Command, ...] = ()
    gap_ms: Milliseconds = 100


class FormatSpec(_Closed):
    """One of `[[format]]`, the best first: a sample format by its `+VSM` number, and what its bytes mean."""

    id: int
    coding: Coding
    command: Annotated[Command, _with_places(id=1)] = "AT+VSM={id},8000"


class HookSpec(_Closed):
    """`[hook]`: `+VLS` labels. Off-hook is `answer`; `play` and `record` are chosen, where they differ, for each.

    The first prompt begins `settle_ms` after off-hook. `hang_up`: commands, of which one must be answered OK.

    `flash_ms` is how long a flash of the hook lasts: 300 to 700 ms in North America, about 100 ms in much of Europe.
    """

    answer: int = 1
    play: int = 1
    record: int = 1
    settle_ms: Milliseconds = 1000
    flash_ms: Annotated[int, Field(ge=50, le=1000)] = 300
    hang_up: Annotated[tuple[Command, ...], Some] = ("AT+VLS=0", "ATH")


class StopSpec(_Closed):
    """`[stop]`: what ends a stream, tried in order until the modem says OK; each is given `wait_ms` to do so."""

    play: Annotated[tuple[Bytes, ...], Some]
    record: Annotated[tuple[Bytes, ...], Some]
    duplex: tuple[Bytes, ...] = ()
    wait_ms: Milliseconds = 1500


class CodesSpec(_Closed):
    """`[codes]`: what the reports `DLE x` of this modem mean, besides digits and rings.

    `hang_up`: code to how many reports of it, within `hang_up_within_s`, make the caller gone. `ignored_playing` and
    `ignored_recording`: codes that this modem gives falsely then. `ring` and `ring_words`: how it rings; two of them
    within `ring_gap_ms` are one burst. `held_ms`: the same digit told again within this time is one press, for modems
    that repeat a held key without the marks `/` and `~` (0: each code is a press). `recording_digits`: whose detector
    counts while it records; `asked`: the modem's, unless its answer to `+VLS=?` says that it hears none then.
    """

    hang_up: dict[str, Count] = Field(default_factory=lambda: {"l": 1, "b": 2, "d": 2, "s": 1})
    hang_up_within_s: Annotated[float, Field(gt=0, le=60)] = 10
    ignored_playing: str = ""
    ignored_recording: str = ""
    extension_lifted: str = "P"
    ring: str = "R"
    ring_words: tuple[str, ...] = ("RING",)
    ring_gap_ms: Milliseconds = 1500
    held_ms: Milliseconds = 0
    recording_digits: Literal["modem", "box", "asked"] = "asked"


class PaceSpec(_Closed):
    """`[pace]`: what lies ready in the modem while it plays (`lead_ms`), and the silence said after which it listens.

    A stream that brings nothing for `stall_ms` has stalled, and is begun again.
    """

    lead_ms: Annotated[int, Field(ge=20, le=200)] = 100
    listen_after_ms: Annotated[int, Field(ge=100, le=3000)] = 500
    stall_ms: Annotated[int, Field(ge=200, le=10_000)] = 1000


class ProfileSpec(_Closed):
    """A whole file. `simulated` is for `ivrbox modem-sim` alone: how such a modem behaves, as its manual tells."""

    title: str
    usb: tuple[str, ...] = ()
    duplex: bool = False
    tone: Annotated[Command, _with_places(low=1, high=1, length=1)] = "AT+VTS=[{low},{high},{length}]"
    format: Annotated[tuple[FormatSpec, ...], Some]
    stop: StopSpec
    port: PortSpec = PortSpec()
    start: StartSpec = StartSpec()
    hook: HookSpec = HookSpec()
    codes: CodesSpec = CodesSpec()
    pace: PaceSpec = PaceSpec()
    simulated: dict[str, Any] = Field(default_factory=dict)


def read_profile(name: str, folder: str | Path | None = None) -> ProfileSpec:
    """The profile of this name, or at this path.

    Raises:
        UnknownName: no such profile, or no such base; the names that there are, and where they were looked for.
        ConfigError: the file is at fault; everything that is wrong with it is listed.
    """
    path = Path(name) if name.endswith(".toml") else _find(name, folder)
    try:
        return ProfileSpec.model_validate(_with_base(path, folder, ()))
    except ValidationError as error:
        raise ConfigError([_fault(path.name, details) for details in error.errors(include_url=False)]) from None


def profile_names(folder: str | Path | None = None) -> list[str]:
    """The names of all profiles that can be found."""
    return sorted({path.stem for path in _profiles(folder)})


def profile_for_usb(usb_id: str, folder: str | Path | None = None) -> str:
    """The name of the profile for a USB device (`0baf:0303`); the generic one where none claims it."""
    for path in _profiles(folder):
        if usb_id and usb_id in read_profile(str(path), folder).usb:
            return path.stem
    return GENERIC


def _profiles(folder: str | Path | None) -> Iterator[Path]:
    for home in (Path(folder),) if folder else _HOMES:
        yield from sorted(home.glob("*.toml"))


def _find(name: str, folder: str | Path | None) -> Path:
    for path in _profiles(folder):
        if path.stem == name:
            return path
    homes = " and ".join(map(str, (folder,) if folder else _HOMES))
    raise UnknownName(f"no modem profile is named {name!r} in {homes}; {hint(name, profile_names(folder))}")


def _with_base(path: Path, folder: str | Path | None, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path in seen:
        raise ConfigError([Fault(path.name, None, "base", "leads back to itself")])
    own = _tables(path)
    base = own.pop("base", None)
    return own if base is None else _merged(_with_base(_find(str(base), folder), folder, (*seen, path)), own)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    tables = (key for key, value in above.items() if isinstance(value, dict) and key not in _WHOLE)
    joined = {key: _merged(below[key], above[key]) for key in tables if isinstance(below.get(key), dict)}
    return {**below, **above, **joined}


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomli.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Fault(path.name, None, "", f"cannot be read: {error}")]) from None
    except tomli.TOMLDecodeError as error:
        raise ConfigError([Fault(path.name, error.lineno, "", f"is not TOML: {error.msg}")]) from None


def _fault(file: str, details: Any) -> Fault:  # noqa: ANN401 - pydantic's own mapping
    key = ".".join(map(str, details["loc"]))
    return Fault(file, None, key, wording(details))
