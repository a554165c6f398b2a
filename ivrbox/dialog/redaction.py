"""Secret digits out of texts that leave the call: an author's error messages, log lines and prints.

A text gives a secret away when it shows it whole, spread out (`4-7-1`, `['4', '7', '1']`), inside a longer number, or
by four of its digits in a row. Numbers that have nothing of the secret stay readable.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from ivrbox.dialog.turns import DOTS

if TYPE_CHECKING:
    from collections.abc import Iterable

_RUN = re.compile(r"[0-9*#](?:[^0-9A-Za-z*#]{0,4}[0-9*#])*")
_NO_DIGIT = re.compile(r"[^0-9*#]+")
_TELLING_DIGITS = 4


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text with four dots in place of every number that gives one of the secrets away."""
    wanted = {_NO_DIGIT.sub("", secret) for secret in secrets} - {""}
    if not wanted:
        return text
    return _RUN.sub(lambda run: DOTS if _gives_away(run[0], wanted) else run[0], text)


def _gives_away(run: str, secrets: set[str]) -> bool:
    groups = _NO_DIGIT.split(run)
    return any(_tells(groups, secret) for secret in secrets)


def _tells(groups: list[str], secret: str) -> bool:
    if len(secret) < _TELLING_DIGITS:  # whole, or spread over neighbours: in `12` there is no `1`
        begun = (accumulate(groups[at : at + len(secret)]) for at in range(len(groups)))
        return any(joined == secret for joining in begun for joined in joining)
    digits = "".join(groups)
    windows = range(len(secret) - _TELLING_DIGITS + 1)
    return any(secret[at : at + _TELLING_DIGITS] in digits for at in windows)
