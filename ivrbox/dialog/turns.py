"""A turn of the conversation: who spoke or keyed what, and with which outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

DOTS = "●●●●"
"""What stands for digits that must not be shown: always four, so that not even their number is told."""


class Outcome(StrEnum):
    """How a collection of digits ended: exactly one of these (design: collecting digits, rule 2)."""

    COMPLETE = "complete"
    END_KEY = "end_key"
    TIMEOUT_PARTIAL = "timeout_partial"
    TOO_SHORT = "too_short"
    NO_INPUT = "no_input"
    INVALID = "invalid"
    CANCELLED = "cancelled"
    HANGUP = "hangup"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: what the agent said, or the digits that the user keyed (`""` for silence).

    `at` is the sample of the call at which the turn began. A PII turn carries its digits for the flow and its
    functions, but never prints them: its repr and `shown` have dots. `disguise` is what a PII turn shows where only a
    part of it is secret (`"Your card ends in ●●●●."`).
    """

    role: Literal["user", "agent"]
    text: str
    outcome: Outcome | None = None
    at: int = 0
    pii: bool = False
    disguise: str = DOTS

    @property
    def shown(self) -> str:
        """The text as anyone but the flow may see it."""
        return self.disguise if self.pii and self.text else self.text

    def __repr__(self) -> str:
        return f"Turn({self.role!r}, {self.shown!r}, outcome={self.outcome}, at={self.at})"

    def redacted(self) -> Turn:
        """The same turn without its secret: what may leave the call."""
        return replace(self, text=self.shown)
