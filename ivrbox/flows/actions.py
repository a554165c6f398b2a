"""Tables of actions: what a flow can do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from ivrbox.flows.prompt import Language, PromptSpec, Spec, offer_short_form
from ivrbox.flows.wording import refusal, shown

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

_NUMBER = re.compile(r"[0-9*#A-D](?:[ ,().-]*[0-9*#A-D]){0,39}")


def _number(number: str) -> str:
    if not _NUMBER.fullmatch(number):
        raise refusal(f'must be a number to dial such as "555 0100" (a comma waits), not {shown(number)}')
    return number


class ActionsSpec(Spec):
    """Things to do, in this order whatever their order in the file: discard, language, say, tone, do, one movement.

    `say` is only begun when `do` runs and the movement is made: the next prompt follows it without a gap. A movement
    that ends the call waits until all has been said. Where the function `do` asks for a movement, that one wins.
    """

    MOVEMENTS: ClassVar[tuple[str, ...]] = (
        "goto",
        "goto_flow",
        "call_flow",
        "return",
        "exit_flow",
        "repeat",
        "retry",
        "transfer",
        "hangup",
    )

    discard_recording: bool = False
    language: Language | None = None
    say: PromptSpec | None = None
    tone: Literal["beep", "dial", "busy", "ringback", "congestion"] | None = None
    do: str | None = None
    goto: str | None = None
    goto_flow: str | None = None
    call_flow: str | None = None
    return_to: str | None = None
    return_: bool = Field(default=False, alias="return")
    exit_flow: bool = False
    repeat: bool = False
    retry: bool = False
    transfer: Annotated[str, AfterValidator(_number)] | None = None
    hangup: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        if isinstance(value, str):
            return {"goto": value}
        if not isinstance(value, dict | ActionsSpec):
            raise refusal(f'must be a table such as {{ say = "..." }} or the name of a step, not {shown(value)}')
        return value

    @model_validator(mode="after")
    def _one_movement(self) -> ActionsSpec:
        if len(self.movements) > 1:
            raise refusal(f"must have one movement at most, not {' and '.join(self.movements)}")
        if (self.call_flow is None) is not (self.return_to is None):
            raise refusal("call_flow and return_to (the step to come back to) must stand together")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors of the short form."""
        return offer_short_form(schema, handler, {"type": "string", "description": "a step to go to"})

    @property
    def movements(self) -> tuple[str, ...]:
        """The movements that it asks for, by their keys; none or one once it has been read."""
        return tuple(name for name in self.MOVEMENTS if getattr(self, "return_" if name == "return" else name))
