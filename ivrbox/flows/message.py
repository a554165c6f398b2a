"""What a caller leaves behind: a message, and the confirmation of an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import model_validator

from ivrbox.flows.digits import KEYS, Key
from ivrbox.flows.prompt import PromptSpec, Spec, offer_short_form
from ivrbox.flows.wording import Within, refusal, shown

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class ConfirmSpec(Spec):
    """Reading an entry back: `confirm = "You entered {digits}. Press 1 if that is right, 2 if not."`."""

    prompt: PromptSpec
    yes: Key = "1"
    no: Key = "2"

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        return {"prompt": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors of the short form."""
        return offer_short_form(schema, handler, {"type": "string", "description": "what is read back"})

    @model_validator(mode="after")
    def _two_keys(self) -> ConfirmSpec:
        if self.yes == self.no:
            raise refusal(f"yes and no must be two keys, both are {shown(self.yes)}")
        return self


class ReviewSpec(Spec):
    """What the caller may do with a message: keep it, record it again, or discard it."""

    prompt: PromptSpec
    keep: Key = "1"
    again: Key = "2"
    discard: Key = "3"
    kept: PromptSpec | None = None
    discarded: PromptSpec | None = None

    @model_validator(mode="after")
    def _three_keys(self) -> ReviewSpec:
        if len({self.keep, self.again, self.discard}) < len(("keep", "again", "discard")):
            raise refusal("keep, again and discard must be three keys")
        return self


class MessageSpec(Spec):
    """Recording a message after the prompt: `record_message = { max_length = 120, silence = 4 }`, in seconds.

    It ends at a key of `stop_keys` (`"any"`, `"none"`, or the keys themselves), after so much `silence`, or at
    `max_length`. Without a `review` it is kept. A caller who hangs up has left it.
    """

    max_length: Annotated[float, Within(1, 600, "seconds")] = 120.0
    silence: Annotated[float, Within(0.5, 30, "seconds")] = 4.0
    beep: bool = True
    stop_keys: str = "any"
    review: ReviewSpec | None = None

    @model_validator(mode="after")
    def _stop_keys_are_keys(self) -> MessageSpec:
        if self.stop_keys not in ("any", "none") and not set(self.stop_keys) <= set(KEYS):
            raise refusal(f'stop_keys must be "any", "none" or keys such as "*#", not {shown(self.stop_keys)}')
        return self

    @property
    def stopping(self) -> frozenset[str]:
        """The keys that end the message."""
        return frozenset({"any": KEYS, "none": ""}.get(self.stop_keys, self.stop_keys))
