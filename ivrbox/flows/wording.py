"""A fault in our words: what was found, what is allowed, and the near miss of a name."""

from __future__ import annotations

import re
import types
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticCustomError, core_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import ErrorDetails

_SHOWN_LENGTH = 60
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_*#-]+")

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "a text in quotes",
    "bool_type": "true or false",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "tuple_type": "a list",
    "list_type": "a list",
    "date_type": "a date",
    "time_type": "a time of day",
    "path_type": "a path in quotes",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


@dataclass(frozen=True)
class Within:
    """The bounds of a number, for `Annotated[int, Within(1, 32)]`: both ends are allowed, unless `above` is set.

    `unit` is the word that follows the bounds in a message; `above` leaves the lower end itself out.
    """

    low: float
    high: float
    unit: str = ""
    above: bool = False

    def __str__(self) -> str:
        words = f"more than {self.low:g} and at most {self.high:g}" if self.above else f"{self.low:g} to {self.high:g}"
        return f"{words} {self.unit}".strip()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401  # pydantic's own signature
        """Check the bounds after the type."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Tell editors the bounds."""
        lower = "exclusiveMinimum" if self.above else "minimum"
        return {**handler(schema), lower: self.low, "maximum": self.high}

    def _checked(self, number: float) -> float:
        if not self.low <= number <= self.high or (self.above and number == self.low):
            raise refusal(f"must be {self}, not {shown(number)}")
        return number


def refusal(message: str) -> PydanticCustomError:
    """An error for a validator to raise whose message is shown as it is."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def shown(value: Any) -> str:  # noqa: ANN401  # whatever TOML holds
    """A value as its author would write it, cut if long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = f'"{value}"' if value.isprintable() else ascii(value)
    elif isinstance(value, dict):
        text = "a table"
    elif isinstance(value, tuple | list):
        text = "a list"
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 1]}…"


def dotted(path: Sequence[str | int]) -> str:
    """A key path as one word: `steps.consent.on.1.goto`; the parts of lists count from 1."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part + 1}]"
        else:
            plain = part if _PLAIN_KEY.fullmatch(part) else shown(part)
            words += f".{plain}" if words else plain
    return words


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean x?` when something known is near, else nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def meant(name: str, known: Iterable[str]) -> str:
    """`; did you mean x?` when something known is near, else `; there are` and all of them."""
    names = list(known)
    return did_you_mean(name, names) or f"; there are {', '.join(names) or 'none'}"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: `a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def wording(details: ErrorDetails, model: type[BaseModel]) -> str:
    """One error of pydantic's in our words."""
    kind, place = details["type"], details["loc"]
    if kind == "extra_forbidden":
        return f"is not known here{did_you_mean(str(place[-1]), _known_keys(model, place[:-1]))}"
    if kind == "missing":
        return "is missing"
    if kind == "refused":
        return details["msg"]
    return f"{_wish(details)}, not {shown(details['input'])}"


def _wish(details: ErrorDetails) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "literal_error":
        return f"must be {context['expected']}".replace("'", '"')
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"must be {words} {context[bound]}"
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}"
    words = details["msg"].removeprefix("Value error, ")
    if kind == "too_short":
        return f"must have at least {context['min_length']} part{'s' if context['min_length'] > 1 else ''}"
    return f"{words[:1].lower()}{words[1:]}".replace("input should be", "must be", 1)


def _known_keys(model: type[BaseModel], location: Sequence[str | int]) -> Iterator[str]:
    """The keys that the model (or models) at this place would take."""
    types_here: list[Any] = [model]
    for part in location:
        inner = [found for arm in types_here for found in _step(arm, part)]
        types_here = inner or types_here  # a mark of pydantic's own leads nowhere
    for arm in types_here:
        for name, field in arm.model_fields.items() if _is_model(arm) else ():
            yield field.alias or name


def _step(arm: Any, part: str | int) -> list[Any]:  # noqa: ANN401  # a type annotation
    if _is_model(arm):
        for name, field in arm.model_fields.items():
            if part in (name, field.alias):
                return _arms(field.annotation)
        return []
    return _arms(get_args(arm)[-1 if get_origin(arm) is dict else 0]) if get_origin(arm) in (dict, tuple, list) else []


def _arms(annotation: Any) -> list[Any]:  # noqa: ANN401  # a type annotation
    if get_origin(annotation) in (Union, types.UnionType):
        return [arm for part in get_args(annotation) for arm in _arms(part)]
    return [annotation]


def _is_model(arm: Any) -> bool:  # noqa: ANN401  # a type annotation
    return isinstance(arm, type) and issubclass(arm, BaseModel)
