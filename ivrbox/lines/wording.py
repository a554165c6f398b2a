"""What pydantic finds in the files of lines, in our words."""

from __future__ import annotations

from typing import Any

_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "string": "a text in quotes"}


def wording(details: Any) -> str:  # noqa: ANN401 - pydantic's own mapping
    """One error: what is allowed, and what was found."""
    if details["type"] == "extra_forbidden":
        return "unknown key"
    if details["type"] == "value_error":  # of a check of our own, which says it all
        return str(details["ctx"]["error"])
    kind, _, trouble = str(details["type"]).partition("_")
    if kind in _KINDS and trouble in ("type", "parsing", "from_float"):
        wish = f"must be {_KINDS[kind]}"
    else:
        wish = details["msg"].lower().replace("input should be", "must be", 1)
    return f"{wish}, not {details['input']!r}"
