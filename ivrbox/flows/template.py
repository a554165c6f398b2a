"""Texts with values of the conversation: `"You entered {booking}, press 1 if that is right."`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VALUE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

BUILT_IN = ("digits", "caller")
"""Values that every call has: the last entry, and the caller's number (nothing where it is withheld)."""

KEY_WORDS = {"*": "star", "#": "pound", "+": "plus"}
"""How the keys that are no digits or letters are read out."""

READ_OUT = (*"0123456789ABCD", *KEY_WORDS.values())
"""All the words that values are read out with, one key a word."""


@dataclass(frozen=True, slots=True)
class Value:
    """A place in a text where a value is read out."""

    name: str


def pieces(text: str) -> tuple[str | Value, ...]:
    """A text in the pieces that are spoken one after another; those without a letter or digit are left out."""
    parts: list[str | Value] = []
    for index, part in enumerate(_VALUE.split(text)):
        if index % 2:
            parts.append(Value(part))
        elif any(letter.isalnum() for letter in part):
            parts.append(part.lstrip(" .,;:!?").rstrip(" ,;:"))
    return tuple(parts)


def values_in(text: str) -> tuple[str, ...]:
    """The names of the values in a text."""
    return tuple(_VALUE.findall(text))


def words_of(value: str) -> list[str]:
    """A value as the words that read it out, one key a word; what is no key is not read."""
    return [KEY_WORDS.get(key, key) for key in value if key in KEY_WORDS or key in READ_OUT]


def filled(text: str, values: dict[str, str]) -> str:
    """The text with its values in it, as a record shows it."""
    return _VALUE.sub(lambda found: values.get(found[1], ""), text)


def without_values(text: str) -> str:
    """The text with its values taken out."""
    return _VALUE.sub("", text)
