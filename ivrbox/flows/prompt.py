"""What a flow says: texts, sound files, and either of them by language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ivrbox.flows.template import values_in
from ivrbox.flows.wording import refusal, shown

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

_SOUND_FILE = re.compile(r"[^\s/\\.{}][^/\\\n{}]*\.wav", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


class Spec(BaseModel):
    """What a file says: frozen, closed to unknown keys, and strict (`"4"` is no number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def offer_short_form(
    schema: CoreSchema, handler: GetJsonSchemaHandler, *short_forms: JsonSchemaValue
) -> JsonSchemaValue:
    """The JSON schema of a model that may also be written in one of the short forms."""
    reference = handler(schema)
    definition = handler.resolve_ref_schema(reference)
    long_form = dict(definition)
    definition.clear()
    definition["anyOf"] = [*short_forms, long_form]
    return reference


def _language(name: str) -> str:
    if not _LANGUAGE.fullmatch(name):
        raise refusal(f'must be a language such as "en" or "pt-BR", not {shown(name)}')
    return name


Language = Annotated[str, AfterValidator(_language)]


class PromptSpec(Spec):
    """What is said: a text to speak, or a file of `config/prompts` that says it.

    In a flow it is `"a text"`, `"file.wav"`, `{ text = "...", wav = "file.wav" }`, where the text stands in if the file
    cannot be played, or a table by language: `{ en = "Hello.", es = "hola.wav" }`. A text may hold values of the
    conversation: `"You entered {booking}."`.
    """

    text: str = ""
    wav: str | None = None
    languages: dict[Language, PromptSpec] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        if isinstance(value, str):
            return {"wav": value} if _SOUND_FILE.fullmatch(value) else {"text": value}
        if not isinstance(value, dict | PromptSpec):
            raise refusal(f"must be a text, a .wav file or a table of both, not {shown(value)}")
        if isinstance(value, dict) and value and all(map(_LANGUAGE.fullmatch, value)):
            return {"languages": value}
        return value

    @model_validator(mode="after")
    def _sayable(self) -> PromptSpec:
        if self.wav is not None and not _SOUND_FILE.fullmatch(self.wav):
            raise refusal(f"wav must be the name of a .wav file in config/prompts, not {shown(self.wav)}")
        if self.wav is not None and values_in(self.text):
            raise refusal("a .wav file cannot say values: leave out wav, or the values in the text")
        if any(prompt.languages for prompt in self.languages.values()):
            raise refusal("a prompt by language cannot hold another one by language")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors of the short forms."""
        reference = offer_short_form(schema, handler, {"type": "string", "description": "a text, or a .wav file"})
        forms = handler.resolve_ref_schema(reference)["anyOf"]
        forms[-1]["properties"].pop("languages")
        by_language = {f"^{_LANGUAGE.pattern}$": {"anyOf": forms[:]}}
        forms.append({"type": "object", "patternProperties": by_language, "additionalProperties": False})
        return reference

    @property
    def words(self) -> str:
        """How it is shown in a record: the text, or the file's name where there is none."""
        return self.text or self.wav or ""

    def in_language(self, wanted: str | None, ordinary: str | None) -> tuple[PromptSpec, str | None]:
        """The prompt in the language wanted, or the ordinary one, or else its first; and which it is."""
        if not self.languages:
            return self, wanted
        found = next((name for name in (wanted, ordinary) if name in self.languages), next(iter(self.languages)))
        return self.languages[found or ""], found
