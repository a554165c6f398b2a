"""What a flow file says: `FlowSpec` and its steps.

A flow is `config/flows/NAME.toml`; its functions stand in `config/functions/NAME.py` unless `functions` names another
file. A file is a fact at rest: nothing here knows of a call.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, field_validator, model_validator

from ivrbox.flows.actions import ActionsSpec
from ivrbox.flows.digits import KEYS, DigitSpec, Key
from ivrbox.flows.hours import HoursSpec, span
from ivrbox.flows.message import ConfirmSpec, MessageSpec
from ivrbox.flows.prompt import Language, PromptSpec, Spec
from ivrbox.flows.template import BUILT_IN
from ivrbox.flows.wording import did_you_mean, listed, refusal, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BRANCH_OUTCOMES",
    "KEYS",
    "ActionsSpec",
    "ConfirmSpec",
    "DigitSpec",
    "FlowSpec",
    "HoursSpec",
    "MessageSpec",
    "OptOutSpec",
    "PromptSpec",
    "Spec",
    "StepSpec",
]

BRANCH_OUTCOMES = ("complete", "end_key", "timeout_partial", "too_short", "no_input", "invalid", "cancelled")
"""The outcomes that may have a branch in `on`; nothing can be said after `hangup`."""

_BRANCH_KEYS = re.compile(f"[{re.escape(KEYS)}]{{1,32}}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_VALUE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONDITIONS = ("open", "closed", "holiday")


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise refusal("must be a name of letters, digits, - and _ that does not begin with a digit")
    return name


def _not_empty(steps: dict[str, StepSpec]) -> dict[str, StepSpec]:
    if not steps:
        raise refusal("must have at least one step")
    return steps


def _value_name(name: str) -> str:
    if not _VALUE_NAME.fullmatch(name) or name in BUILT_IN:
        raise refusal(f"must be a name of letters, digits and _, other than {listed(BUILT_IN)}, not {shown(name)}")
    return name


def _branch(name: str) -> str:
    if not _BRANCH_KEYS.fullmatch(name) and name not in BRANCH_OUTCOMES:
        raise refusal(
            f"is neither keys (0-9 * # A-D) nor an outcome ({listed(BRANCH_OUTCOMES)})"
            f"{did_you_mean(name, BRANCH_OUTCOMES)}"
        )
    return name


def _entry(name: str) -> str:
    if not _BRANCH_KEYS.fullmatch(name):
        raise refusal("is not an entry of keys (0-9 * # A-D)")
    return name


def _condition(when: str) -> str:
    if when not in _CONDITIONS and not any(letter.isdigit() for letter in when):
        known = listed(f'"{name}"' for name in _CONDITIONS)
        raise refusal(f'must be {known} or hours such as "mon-fri 09:00-17:00", not {shown(when)}')
    if when not in _CONDITIONS:
        span(when)
    return when


Name = Annotated[str, AfterValidator(_name)]
ValueName = Annotated[str, AfterValidator(_value_name)]
BranchName = Annotated[str, AfterValidator(_branch)]
EntryName = Annotated[str, AfterValidator(_entry)]
Condition = Annotated[str, AfterValidator(_condition)]


class StepSpec(Spec):
    """One step: what is said, what is collected, and what follows from it.

    A finished entry takes the first that exists of: `on` (or `menu`) for its digits, `on` for its outcome, `function`,
    `then`. If there is none, a step with key branches holds the entry invalid, and any other step leaves the flow.
    `no_input` and `invalid` are what is said before the step is asked again, the last one again and again; when
    `retries` are spent, `on_fail` follows. Where `when` does not hold, the step is passed over to `otherwise`.
    """

    when: Condition | None = None
    otherwise: ActionsSpec | None = None
    prompt: PromptSpec | None = None
    dtmf: DigitSpec | None = None
    record_message: MessageSpec | None = None
    menu: dict[EntryName, ActionsSpec] = Field(default_factory=dict)
    on: dict[BranchName, ActionsSpec] = Field(default_factory=dict)
    save_as: ValueName | None = None
    confirm: ConfirmSpec | None = None
    function: str | None = None
    then: ActionsSpec | None = None
    no_input: tuple[PromptSpec, ...] = ()
    invalid: tuple[PromptSpec, ...] = ()
    on_fail: ActionsSpec | None = None
    keys: bool = True

    @field_validator("no_input", "invalid", mode="before", json_schema_input_type=PromptSpec | tuple[PromptSpec, ...])
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        return value if isinstance(value, tuple) else (value,)

    @model_validator(mode="after")
    def _consistent(self) -> StepSpec:
        twice = sorted(set(self.menu) & set(self.on))
        if twice:
            raise refusal(f"{twice[0]} stands in menu and in on: one branch is enough")
        if (self.when is None) is not (self.otherwise is None):
            raise refusal("when and otherwise (what to do while it does not hold) must stand together")
        if self.record_message is not None and (self.dtmf or self.branches or self.save_as or self.confirm):
            raise refusal("a step with record_message takes no digits: leave out dtmf, on, menu, save_as and confirm")
        return self

    @property
    def branches(self) -> Mapping[str, ActionsSpec]:
        """What follows each entry and each outcome that is named."""
        return {**self.menu, **self.on}

    @property
    def key_branches(self) -> tuple[str, ...]:
        """The entries that have a branch of their own."""
        return tuple(keys for keys in self.branches if keys not in BRANCH_OUTCOMES)

    @property
    def collects(self) -> DigitSpec | None:
        """How it collects digits: its `dtmf` table, the defaults where there are only branches; None if it does not."""
        wants_digits = self.branches or self.save_as or self.confirm
        return self.dtmf or (DigitSpec() if wants_digits else None)

    @property
    def digits(self) -> int:
        """The most keys that an entry can have."""
        most = self.dtmf.most if self.dtmf else None
        return most or max(map(len, self.key_branches), default=1)


class OptOutSpec(Spec):
    """The key that destroys the recording at any moment of the call, and what is said once it is gone."""

    key: Key
    say: PromptSpec | None = None


class FlowSpec(Spec):
    """One flow: `start` is its first step (by default the first in the file).

    `keys` have a meaning in every step of the flow that does not use them itself: `"*" = { repeat = true }`. `opt_out`
    holds in this flow; that of the flow which a call enters first holds wherever there is no other. With `mask_keys`
    the recording keeps the tone of no key, private or not.
    """

    start: str | None = None
    functions: Name | None = None
    language: Language | None = None
    hours: HoursSpec | None = None
    keys: dict[Key, ActionsSpec] = Field(default_factory=dict)
    opt_out: OptOutSpec | None = None
    mask_keys: bool = False
    steps: Annotated[dict[Name, StepSpec], AfterValidator(_not_empty)]

    @property
    def first_step(self) -> str:
        """The step where the flow begins."""
        return self.start or next(iter(self.steps))
