"""The kinds of line by name. An adapter is imported when it is named, so its libraries are needed only then."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, cast

from ivrbox.errors import ConfigError, Fault, LineError, UnknownName, hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ivrbox.lines.line import Line


@dataclass(frozen=True)
class Adapter:
    """Where a kind of line lives, and what an owner may set of it in `[line.options]`."""

    module: str
    maker: str  # called with the line's settings as keywords, gives a Line
    extra: str = ""  # the project's extra that brings its libraries
    options: Mapping[str, type] | None = None  # None: the adapter checks them itself
    needed: tuple[str, ...] = ()  # options that must be set
    defaults: Mapping[str, object] = field(default_factory=dict)  # of a line that is named in settings


# One row a kind: an adapter that is written joins by its row.
ADAPTERS = {
    "loopback": Adapter(
        "ivrbox.lines.loopback",
        "Loopback",
        options={"realtime": bool, "can_flash": bool},
        defaults={"realtime": True},
    ),
    "usb_audio": Adapter("ivrbox.lines.usb_audio", "UsbAudio", extra="audio"),
    "modem": Adapter(
        "ivrbox.lines.modem",
        "Modem",
        extra="modem",
        options={"port": str, "profile": str, "profiles": str},
        needed=("port",),
    ),
}

_KINDS_OF_VALUE = {bool: "true or false", str: "a text in quotes"}


def open_line(kind: str, settings: Mapping[str, object] | None = None) -> Line:
    """Make the line of this kind, as the builtin `open` does for files: to be used in a `with` statement.

    `settings` are its `name` and options; no device is touched before the `with`.

    Raises:
        UnknownName: no such kind of line, or no such modem profile.
        ConfigError: options that are unknown, missing or not allowed, all of them.
        LineError: its libraries are not installed, or an option names what does not exist.
    """
    make, adapter = maker(kind), ADAPTERS[kind]
    if faults := list(_option_faults(adapter, settings or {})):
        raise ConfigError(faults)
    return make(**{**adapter.defaults, **(settings or {})})


def maker(kind: str) -> Callable[..., Line]:
    """The class or function that makes such lines; errors as `open_line`."""
    if kind not in ADAPTERS:
        raise UnknownName(f"no kind of line is named {kind!r}; {hint(kind, ADAPTERS)}")
    adapter = ADAPTERS[kind]
    try:
        module = import_module(adapter.module)
    except ImportError as error:
        raise LineError(f"line {kind}: needs {error.name}: pip install 'ivrbox[{adapter.extra}]'") from error
    return cast("Callable[..., Line]", getattr(module, adapter.maker))


def _option_faults(adapter: Adapter, settings: Mapping[str, object]) -> Iterator[Fault]:
    if adapter.options is None:
        return
    for key, value in settings.items():
        if key == "name":
            continue
        if key not in adapter.options:
            yield _fault(key, f"unknown key; {hint(key, adapter.options)}")
        elif not isinstance(value, adapter.options[key]):
            yield _fault(key, f"must be {_KINDS_OF_VALUE[adapter.options[key]]}, not {value!r}")
    for key in adapter.needed:
        if key not in settings:
            yield _fault(key, "is missing")


def _fault(key: str, message: str) -> Fault:
    return Fault("ivrbox.toml", None, f"line.options.{key}", message)
