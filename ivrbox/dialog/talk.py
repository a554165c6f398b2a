"""What has been said and keyed in a call, and the effects that the event at hand leads to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivrbox.dialog.effects import Dial, Flash, Hush, Note, PlayTone, Say
from ivrbox.dialog.keys import Keys
from ivrbox.dialog.masks import Masking, Reason
from ivrbox.dialog.redaction import redacted
from ivrbox.dialog.turns import DOTS, Outcome, Turn
from ivrbox.flows.template import filled, pieces, values_in, words_of

if TYPE_CHECKING:
    from ivrbox.dialog.collector import Entry
    from ivrbox.dialog.effects import Effect
    from ivrbox.flows.prompt import PromptSpec


_KEEP_TYPED_AHEAD = frozenset({Outcome.COMPLETE, Outcome.END_KEY, Outcome.CANCELLED})


@dataclass(frozen=True, slots=True)
class Saved:
    """An entry kept under a name, to be read out later."""

    text: str = field(repr=False)
    pii: bool = False

    @property
    def shown(self) -> str:
        """The value as a record may show it."""
        return DOTS if self.pii and self.text else self.text


class Talk:
    """The record of the conversation, with the hand that writes it."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self.now = 0
        self.turns: list[Turn] = []
        self.notes: list[Note] = []
        self.speaking = False
        self.values: dict[str, Saved] = {}
        self.language: str | None = None
        self.ordinary_language: str | None = None
        self.keys = Keys()
        self._secrets: list[str] = []
        self._masking = Masking()
        self._effects: list[Effect] = []

    def emit(self, *effects: Effect) -> None:
        """Ask for effects, in this order."""
        for effect in effects:
            self._effects.append(effect)
            if isinstance(effect, Hush):
                self.spoken(self.now)
            elif isinstance(effect, Say | PlayTone | Flash | Dial):
                self.speaking = True

    def taken(self) -> list[Effect]:
        """The effects that were asked for since the last time."""
        effects, self._effects = self._effects, []
        return effects

    def say(self, prompt: PromptSpec | None) -> None:
        """Say a prompt, if there is anything to say, after whatever is being said."""
        if prompt is None:
            return
        prompt, language = prompt.in_language(self.language, self.ordinary_language)
        if values_in(prompt.text):
            self._say_with_values(prompt.text, language)
        elif prompt.words:
            self.emit(Say(prompt.text, prompt.wav, language))
            self.turns.append(Turn("agent", prompt.words, at=self.now))

    def _say_with_values(self, text: str, language: str | None) -> None:
        """Say the pieces of a text one by one, so that each is known ahead, and a secret is never a text of its own."""
        secret = any(value.pii for name in values_in(text) if (value := self.values.get(name)))
        if secret:
            self.cover(Reason.SPEECH, self.now)
        for piece in pieces(text):
            if isinstance(piece, str):
                self.emit(Say(piece, None, language))
            elif value := self.values.get(piece.name):
                self.emit(*(Say(word, None, language, secret=value.pii) for word in words_of(value.text)))
        said = filled(text, {name: value.text for name, value in self.values.items()})
        disguise = filled(text, {name: value.shown for name, value in self.values.items()})
        self.turns.append(Turn("agent", said, at=self.now, pii=secret, disguise=disguise))

    def speak(self, text: str) -> None:
        """Say words that were made in the call; a secret in them is spoken, but not shown, cached or recorded."""
        if not text:
            return
        disguise = redacted(text, self._secrets)
        secret = disguise != text
        if secret:
            self.cover(Reason.SPEECH, self.now)
        self.emit(Say(text, None, self.language, secret=secret))
        self.turns.append(Turn("agent", text, at=self.now, pii=secret, disguise=disguise))

    def spoken(self, at: int) -> None:
        """Note that all has been said."""
        self.speaking = False
        self.uncover(Reason.SPEECH, at)

    def hush(self) -> None:
        """Stop speaking, if we are."""
        if self.speaking:
            self.emit(Hush())

    def hear(self, entry: Entry, *, pii: bool) -> None:
        """Write down what the caller has keyed; after a failure, nothing typed ahead is meant any more (rule 5)."""
        self.turns.append(Turn("user", entry.digits, entry.outcome, entry.at, pii))
        if entry.outcome not in _KEEP_TYPED_AHEAD:
            self.keys.ahead.clear()
        if pii:
            self._secrets.append(entry.digits)

    def note(self, what: str, detail: str = "") -> None:
        """Leave a fact for the trace; never one with a digit in it."""
        note = Note(what, redacted(detail, self._secrets))
        self.notes.append(note)
        self.emit(note)

    def cover(self, reason: Reason, since: int) -> None:
        """Mask the recording for this reason."""
        self.emit(*self._masking.cover(reason, since))

    def uncover(self, reason: Reason, until: int) -> None:
        """End this reason to mask the recording."""
        self.emit(*self._masking.uncover(reason, until))
