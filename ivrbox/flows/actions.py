"""What a flow can say and do: prompts, and tables of actions."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from ivrbox.flows.wording import refusal, shown

_SOUND_FILE = re.compile(r"[^\s/\\][^/\\\n]*\.wav", re.IGNORECASE)


class Spec(BaseModel):
    """What a file says: frozen, closed to unknown keys, and strict (`"4"` is no number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PromptSpec(Spec):
    """What is said: a text to speak, or a file of `config/prompts` that says it.

    In a flow it is `"a text"`, `"file.wav"`, or `{ text = "...", wav = "file.wav" }`; the text then stands in when the
    file cannot be played, and in the records.
    """

    text: str = ""
    wav: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
        if isinstance(value, str):
            return {"wav": value} if _SOUND_FILE.fullmatch(value) else {"text": value}
        if not isinstance(value, dict | PromptSpec):
            raise refusal(f"must be a text, a .wav file or a table of both, not {shown(value)}")
        return value

    @model_validator(mode="after")
    def _file_name(self) -> PromptSpec:
        if self.wav is not None and not _SOUND_FILE.fullmatch(self.wav):
            raise refusal(f"wav must be the name of a .wav file in config/prompts, not {shown(self.wav)}")
        return self

    @property
    def words(self) -> str:
        """How it is shown in a record: the text, or the file's name where there is none."""
        return self.text or self.wav or ""


class ActionsSpec(Spec):
    """Things to do, in this order whatever their order in the file: discard, say, do, and then at most one movement.

    `say` is only begun when `do` runs and the movement is made: the next prompt follows it without a gap. A movement
    that ends the call waits until all has been said. Where the function `do` asks for a movement, that one wins.
    """

    MOVEMENTS: ClassVar[tuple[str, ...]] = ("goto", "goto_flow", "exit_flow", "hangup")

    discard_recording: bool = False
    say: PromptSpec | None = None
    do: str | None = None
    goto: str | None = None
    goto_flow: str | None = None
    exit_flow: bool = False
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
        return self

    @property
    def movements(self) -> tuple[str, ...]:
        """The movements that it asks for, by their keys; none or one once it has been read."""
        return tuple(name for name in self.MOVEMENTS if getattr(self, name))
