"""The digits that a caller keyed in secret, and every text that would give them away."""

from __future__ import annotations

import re

from ivrbox.dialog.turns import DOTS


class Secrets:
    """Knows the secret entries of a call, and finds them in a text even when they are read out one by one."""

    def __init__(self) -> None:
        """No secret yet."""
        self._digits: set[str] = set()

    def add(self, digits: str) -> None:
        """Keep an entry out of every text from now on; an empty one is no secret."""
        if digits:
            self._digits.add(digits)

    def conceal(self, text: str) -> str:
        """The text with dots in place of each secret."""
        for digits in sorted(self._digits, key=len, reverse=True):
            text = re.sub(r"[\s,.-]*".join(map(re.escape, digits)), DOTS, text)
        return text
