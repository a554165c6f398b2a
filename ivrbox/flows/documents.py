"""TOML files with the place of every key, and pydantic models read from them with all faults in our own words.

    document = load_toml(path)               # ConfigError: not there, not UTF-8, not TOML (with the line)
    spec = validate(FlowSpec, document)      # ConfigError: every fault, `front-desk.toml:12: steps.a.dtmf.digits: ...`

Any closed pydantic model can be read so, settings as well as flows. TOML arrays arrive as tuples, so that a strict
and frozen model may hold them. Bounds that carry a unit or have two ends read best when they are given by `Within`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import tomli
from pydantic import BaseModel, ValidationError

from ivrbox.errors import ConfigError, Fault, Severity
from ivrbox.flows.lines import line_numbers
from ivrbox.flows.wording import dotted, wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ivrbox.flows.lines import KeyPath

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """A TOML file as read: its values, and on which line each key stands."""

    name: str
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def line(self, path: Sequence[str | int]) -> int | None:
        """Line of this key, or of the nearest table around it; None for the file as a whole."""
        for length in range(len(path), 0, -1):
            if (line := self.lines.get(tuple(path[:length]))) is not None:
                return line
        return None

    def fault(self, path: Sequence[str | int], message: str) -> Fault:
        """A fault of this file at this key."""
        return Fault(self.name, self.line(path), dotted(path), message)

    def warning(self, path: Sequence[str | int], message: str) -> Fault:
        """A fault that does not keep the file from being used."""
        return Fault(self.name, self.line(path), dotted(path), message, Severity.WARNING)


def load_toml(path: Path) -> Document:
    """Read a TOML file.

    Raises:
        ConfigError: the file cannot be read, is not UTF-8, or is not TOML.
    """
    return parse_toml(_text(path), path.name)


def parse_toml(text: str, name: str) -> Document:
    """Read a TOML text that stands in the file `name`; raises ConfigError where it is not TOML."""
    try:
        data = tomli.loads(text)
        return Document(name, _tuples(data), line_numbers(text))
    except tomli.TOMLDecodeError as error:
        raise ConfigError([Fault(name, error.lineno, "", f"is not TOML: {error.msg}")]) from None
    except RecursionError:
        raise ConfigError([Fault(name, None, "", "is not TOML that can be read: nested too deep")]) from None


def validate(model: type[_Model], document: Document) -> _Model:
    """Make a model of a document.

    Raises:
        ConfigError: one fault for each thing that is wrong, in the order of the lines.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(faults_of(error, model, document)) from None


def faults_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[Fault]:
    """What pydantic found, in our words and at our places, in the order of the lines."""
    faults = []
    for details in error.errors(include_url=False):
        path = _path_in(document.data, details["loc"])
        faults.append(document.fault(path, wording(details, model)))
    return sorted(faults, key=lambda fault: fault.line or 0)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError([Fault(path.name, None, "", f"is not UTF-8 text: byte {error.start} is none")]) from None
    except FileNotFoundError:
        raise ConfigError([Fault(path.name, None, "", f"is missing from {path.parent}")]) from None
    except OSError as error:
        raise ConfigError([Fault(path.name, None, "", f"cannot be read: {error.strerror or error}")]) from None


def _tuples(value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return value


def _path_in(data: Any, location: tuple[str | int, ...]) -> list[str | int]:  # noqa: ANN401  # whatever TOML holds
    """The part of pydantic's location that an author can find in the file, and the name of what is missing."""
    path: list[str | int] = []
    for number, part in enumerate(location):
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
        elif isinstance(data, tuple) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif not isinstance(data, dict) or number < len(location) - 1 or part == "[key]":
            continue  # pydantic's own mark: an arm of a union, the key of a table, a short form written out
        path.append(part)
    return path
