"""A shelf for each language: the same words are another sound in another mouth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.prompts.shelf import Shelf
from ivrbox.prompts.speech import EspeakNg, voice_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ivrbox.errors import Fault
    from ivrbox.prompts.clip import Clip
    from ivrbox.prompts.speech import Voice

Wanted = tuple[str, str | None, str | None]
"""A prompt as a flow names it: its text, its WAV file if it has one, its language if that is not the ordinary one."""

ENGLISH = "en"
"""What the ordinary voices speak."""


def voice_for(language: str, ordinary: Voice | None, named: str | None = None) -> Voice | None:
    """Choose who speaks a language: the voice the owner has `named`, else one that knows it, else the ordinary one.

    `named` is a voice's name, such as `espeak-ng/de` or `festival/el_diphone`.
    """
    if named is not None and (voice := voice_named(named)) is not None:
        return voice
    if language.partition("-")[0] == ENGLISH:
        return ordinary
    espeak = EspeakNg(language.lower())
    return espeak if espeak.available() else ordinary


class Shelves:
    """All prompts of the box, in all the languages that its flows speak; see `Shelf` for what may be called when."""

    def __init__(
        self, cache: Path, prompt_dir: Path, voice: Voice | None, named: Mapping[str, str] | None = None
    ) -> None:
        """Keep clips under `cache`, take files from `prompt_dir`; `named` are the owner's voices by language."""
        self._cache = cache
        self._prompt_dir = prompt_dir
        self._voice = voice
        self._named = named or {}
        self._shelves: dict[str | None, Shelf] = {None: Shelf(cache, prompt_dir, voice)}

    def prepare(self, wanted: Iterable[Wanted]) -> list[Fault]:
        """Put these prompts on their shelves in place of those of the last time; gives warnings."""
        by_language: dict[str | None, list[tuple[str, str | None]]] = {None: []}
        for text, wav, language in wanted:
            by_language.setdefault(language, []).append((text, wav))
        return [fault for language, prompts in by_language.items() for fault in self._shelf(language).prepare(prompts)]

    def ready(self, text: str, wav: str | None = None, language: str | None = None) -> Clip | None:
        """The clip of a prompt if it is in memory, at once."""
        shelf = self._shelves.get(language)
        return shelf.ready(text, wav) if shelf else None

    def make(self, text: str, wav: str | None = None, language: str | None = None, *, secret: bool = False) -> Clip:
        """The clip of a prompt, synthesized if it must be; takes up to seconds. Raises SpeechError as `Shelf.make`."""
        return self._shelf(language).make(text, wav, secret=secret)

    def _shelf(self, language: str | None) -> Shelf:
        if language is None or language in self._shelves:
            return self._shelves[language]
        voice = voice_for(language, self._voice, self._named.get(language))
        return self._shelves.setdefault(language, Shelf(self._cache / language, self._prompt_dir, voice))
