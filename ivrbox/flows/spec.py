"""What a flow file says: `FlowSpec`, its steps, and how each collects digits.

A flow is `config/flows/NAME.toml`; its functions stand in `config/functions/NAME.py` unless `functions` names another
file. A file is a fact at rest: nothing here knows of a call.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from ivrbox.flows.actions import ActionsSpec, PromptSpec, Spec
from ivrbox.flows.wording import Within, did_you_mean, listed, refusal, shown

__all__ = ["BRANCH_OUTCOMES", "KEYS", "ActionsSpec", "DigitSpec", "FlowSpec", "PromptSpec", "Spec", "StepSpec"]

KEYS = "0123456789*#ABCD"
"""Every key that a telephone can send (ITU-T Q.23)."""

BRANCH_OUTCOMES = ("complete", "end_key", "timeout_partial", "too_short", "no_input", "invalid", "cancelled")
"""The outcomes that may have a branch in `on`; nothing can be said after `hangup`."""

_BRANCH_KEYS = re.compile(f"[{re.escape(KEYS)}]{{1,32}}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise refusal("must be a name of letters, digits, - and _ that does not begin with a digit")
    return name


def _branch(name: str) -> str:
    if not _BRANCH_KEYS.fullmatch(name) and name not in BRANCH_OUTCOMES:
        raise refusal(
            f"is neither keys (0-9 * # A-D) nor an outcome ({listed(BRANCH_OUTCOMES)})"
            f"{did_you_mean(name, BRANCH_OUTCOMES)}"
        )
    return name


StepName = Annotated[str, AfterValidator(_name)]
BranchName = Annotated[str, AfterValidator(_branch)]
Seconds = Annotated[float, Within(0, 60, "seconds", above=True)]
Key = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "A", "B", "C", "D"]


class DigitSpec(Spec):
    """How a step collects digits: its `dtmf` table (design: collecting digits).

    `digits` is the most that are taken; by default it is the length of the longest key in `on`, else 1. The end key is
    no part of the entry. Time-outs are in seconds.
    """

    digits: Annotated[int, Within(1, 32)] | None = None
    min_digits: Annotated[int, Within(0, 32)] = 1
    first_digit_timeout: Seconds = 5.0
    inter_digit_timeout: Seconds = 2.0
    end_key: Key | None = None
    cancel_key: Key | None = None
    collect_while_speaking: bool = False
    retries: Annotated[int, Within(0, 20)] = 2
    pii: bool = False

    @field_validator("end_key", mode="before")
    @classmethod
    def _none_in_words(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        return None if value in ("none", "") else value  # TOML has no null

    @model_validator(mode="after")
    def _consistent(self) -> DigitSpec:
        if self.digits is not None and self.min_digits > self.digits:
            raise refusal(f"min_digits must be at most digits, {self.digits}, not {self.min_digits}")
        if self.end_key is not None and self.end_key == self.cancel_key:
            raise refusal(f"end_key and cancel_key must differ, both are {shown(self.end_key)}")
        return self


class StepSpec(Spec):
    """One step: what is said, what is collected, and what follows from it.

    A finished entry takes the first that exists of: `on` for its digits, `on` for its outcome, `function`, `then`. If
    there is none, a step with keys in `on` holds the entry invalid, and any other step leaves the flow. `no_input` and
    `invalid` are what is said before the step is asked again, the last one again and again; when `retries` are spent,
    `on_fail` follows.
    """

    prompt: PromptSpec | None = None
    dtmf: DigitSpec | None = None
    on: dict[BranchName, ActionsSpec] = Field(default_factory=dict)
    function: str | None = None
    then: ActionsSpec | None = None
    no_input: tuple[PromptSpec, ...] = ()
    invalid: tuple[PromptSpec, ...] = ()
    on_fail: ActionsSpec | None = None

    @field_validator("no_input", "invalid", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        return value if isinstance(value, tuple) else (value,)

    @model_validator(mode="after")
    def _keys_can_match(self) -> StepSpec:
        if self.dtmf is not None and self.dtmf.digits is not None:
            for keys in self.key_branches:
                if len(keys) > self.dtmf.digits:
                    raise refusal(f"on.{keys} can never match: it has {len(keys)} keys, digits is {self.dtmf.digits}")
        return self

    @property
    def key_branches(self) -> tuple[str, ...]:
        """The entries that have a branch of their own."""
        return tuple(keys for keys in self.on if keys not in BRANCH_OUTCOMES)

    @property
    def collects(self) -> DigitSpec | None:
        """How it collects digits: its `dtmf` table, the defaults where there are only branches; None if it does not."""
        return self.dtmf or (DigitSpec() if self.on else None)

    @property
    def digits(self) -> int:
        """The most keys that an entry can have."""
        spec = self.collects
        if spec is not None and spec.digits is not None:
            return spec.digits
        return max(map(len, self.key_branches), default=1)


class FlowSpec(Spec):
    """One flow: `start` is its first step (by default the first in the file)."""

    start: str | None = None
    functions: StepName | None = None
    steps: Annotated[dict[StepName, StepSpec], Field(min_length=1)]

    @property
    def first_step(self) -> str:
        """The step where the flow begins."""
        return self.start or next(iter(self.steps))
