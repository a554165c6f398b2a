"""The kinds of line by name. An adapter is imported when it is named, so its libraries are needed only then."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, cast

from ivrbox.errors import LineError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ivrbox.lines.line import Line


@dataclass(frozen=True)
class Adapter:
    """Where a kind of line lives."""

    module: str
    maker: str  # called with the line's settings as keywords, gives a Line
    extra: str = ""  # the project's extra that brings its libraries
    defaults: Mapping[str, object] = field(default_factory=dict)  # of a line that is named in settings


# One row a kind: an adapter that is written joins by its row.
ADAPTERS = {
    "loopback": Adapter("ivrbox.lines.loopback", "Loopback", defaults={"realtime": True}),
    "tape": Adapter("ivrbox.lines.tape", "Tape", defaults={"realtime": True}),
    "usb_audio": Adapter("ivrbox.lines.usb_audio", "UsbAudio", extra="audio"),
    "modem": Adapter("ivrbox.lines.modem", "Modem", extra="modem"),
}


def open_line(kind: str, settings: Mapping[str, object] | None = None) -> Line:
    """Make the line of this kind, as the builtin `open` does for files: to be used in a `with` statement.

    Raises:
        UnknownName: no such kind of line.
        LineError: its libraries are not installed.
    """
    return maker(kind)(**{**ADAPTERS[kind].defaults, **(settings or {})})


def maker(kind: str) -> Callable[..., Line]:
    """The class or function that makes such lines; errors as `open_line`."""
    if kind not in ADAPTERS:
        near = difflib.get_close_matches(kind, ADAPTERS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(ADAPTERS)}"
        raise UnknownName(f"no kind of line is named {kind!r}; {hint}")
    adapter = ADAPTERS[kind]
    try:
        module = import_module(adapter.module)
    except ImportError as error:
        raise LineError(f"line {kind}: needs {error.name}: pip install 'ivrbox[{adapter.extra}]'") from error
    return cast("Callable[..., Line]", getattr(module, adapter.maker))
