"""How a step collects digits: its `dtmf` table."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, WithJsonSchema, field_validator, model_validator

from ivrbox.flows.pattern import checked_pattern, longest
from ivrbox.flows.prompt import Spec
from ivrbox.flows.wording import Within, refusal, shown

KEYS = "0123456789*#ABCD"
"""Every key that a telephone can send (ITU-T Q.23)."""


def _key(key: str) -> str:
    if len(key) != 1 or key not in KEYS:
        raise refusal(f"must be one key (0-9 * # A-D), not {shown(key)}")
    return key


Key = Annotated[str, AfterValidator(_key), WithJsonSchema({"type": "string", "enum": list(KEYS)})]
Seconds = Annotated[float, Within(0, 60, "seconds", above=True)]


class DigitSpec(Spec):
    """How a step collects digits (design: collecting digits). Time-outs are in seconds.

    `digits` is the most that are taken; by default, the length of the longest pattern or key branch, else 1. The end
    key is no part of the entry. An entry that is in no branch must match one of the patterns, if there are any.
    """

    digits: Annotated[int, Within(1, 32)] | None = None
    min_digits: Annotated[int, Within(0, 32)] = 1
    pattern: tuple[Annotated[str, AfterValidator(checked_pattern)], ...] = ()
    first_digit_timeout: Seconds = 5.0
    inter_digit_timeout: Seconds = 2.0
    end_key: Key | None = None
    cancel_key: Key | None = None
    collect_while_speaking: bool = False
    retries: Annotated[int, Within(0, 20)] = 2
    pii: bool = False

    @field_validator("end_key", "cancel_key", mode="before", json_schema_input_type=Key | Literal["none", ""])
    @classmethod
    def _none_in_words(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        return None if value in ("none", "") else value  # TOML has no null

    @field_validator("pattern", mode="before", json_schema_input_type=str | tuple[str, ...])
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _consistent(self) -> DigitSpec:
        most = self.most
        if most is not None and self.min_digits > most:
            raise refusal(f"min_digits must be at most digits, {most}, not {self.min_digits}")
        if self.end_key is not None and self.end_key == self.cancel_key:
            raise refusal(f"end_key and cancel_key must differ, both are {shown(self.end_key)}")
        return self

    @property
    def most(self) -> int | None:
        """The most keys that this table says are taken; None where it says nothing."""
        return self.digits or max(map(longest, self.pattern), default=None)
