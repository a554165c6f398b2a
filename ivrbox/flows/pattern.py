"""Patterns that an entry must match, written as a dialplan's: `NXXXXX`, `0800[1-3].`.

    0-9 * # A-D   that key               X   any digit 0-9      [1-37*]  any of these
    Z             a digit 1-9            N   a digit 2-9        .        one or more keys, at the end; `!` none or more

Not a regular expression, on purpose: an entry is judged in one pass, whatever the author writes.
"""

from __future__ import annotations

import re

from ivrbox.flows.wording import refusal, shown

LONGEST = 32

_PART = re.compile(r"[0-9*#A-DXZN]|\[[0-9*#A-D-]+\]|[.!]$")
_SET = re.compile(r"\[(?:[0-9]-[0-9]|[A-D]-[A-D]|[0-9*#A-D])+\]")
_SETS = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": "[0-9*#A-D]+", "!": "[0-9*#A-D]*"}


def checked_pattern(pattern: str) -> str:
    """The pattern itself, if it is one; raises what pydantic takes for a fault."""
    if not pattern or "".join(_parts(pattern)) != pattern:
        raise refusal(f"must be a pattern of 0-9 * # A-D X Z N [..] with . or ! at its end, not {shown(pattern)}")
    for part in _parts(pattern):
        if part.startswith("[") and not _is_set(part):
            raise refusal(f"has a set that cannot be read, {shown(part)}: write it as [1-37*]")
    if len(_parts(pattern)) > LONGEST:
        raise refusal(f"must be at most {LONGEST} keys long, not {len(_parts(pattern))}")
    return pattern


def matches(pattern: str, digits: str) -> bool:
    """Whether an entry is what the pattern asks for."""
    return re.fullmatch("".join(_expression(part) for part in _parts(pattern)), digits) is not None


def longest(pattern: str) -> int:
    """The most keys that the pattern can match."""
    return LONGEST if pattern[-1] in ".!" else len(_parts(pattern))


def _parts(pattern: str) -> list[str]:
    return _PART.findall(pattern)


def _expression(part: str) -> str:
    return _SETS.get(part) or (part if part.startswith("[") else re.escape(part))


def _is_set(part: str) -> bool:
    ranges = re.findall(r"(.)-(.)", part)
    return _SET.fullmatch(part) is not None and all(first <= last for first, last in ranges)
