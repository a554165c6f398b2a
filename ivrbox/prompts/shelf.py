"""The shelf: every prompt that a flow can say, as a clip in memory, before the first call asks for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ivrbox.errors import Fault, Severity, SpeechError, WavError
from ivrbox.prompts.cache import Cache
from ivrbox.prompts.chime import chime
from ivrbox.prompts.clip import Clip
from ivrbox.prompts.wavfile import read_wav
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ivrbox.prompts.speech import Voice

APOLOGY = "I am sorry, something went wrong."
"""Said when a step or a function has failed; there is always a clip for it."""

Wanted = tuple[str, str | None]
"""A prompt as a flow names it: its text, and the WAV file in the prompt folder that holds it, if one does."""

IN_PARALLEL = 2
"""Syntheses at a time: a Pi has four cores, and the audio of a call has the first claim."""

MOST_MADE = 64
"""Clips of words made up in calls that stay in memory; the oldest go first."""


class Shelf:
    """All prompts of the box.

    `ready` may be called from the call's loop: it looks into a dictionary and never waits. `make` and `prepare` take
    seconds and belong on a worker. What `make` synthesizes is kept in memory alone, since words that a function makes
    up in a call may hold what the caller has told; only `prepare`, whose texts stand in the owner's files, writes.
    """

    def __init__(self, cache: Path, prompt_dir: Path, voice: Voice | None) -> None:
        """Keep synthesized clips in `cache`, take sound files from `prompt_dir`, speak all else with `voice`."""
        self._cache = Cache(cache)
        self._prompt_dir = prompt_dir
        self._voice = voice
        self._prepared: Mapping[Wanted, Clip] = {(APOLOGY, None): chime(APOLOGY)}
        self._made: dict[str, Clip] = {}
        self._making = threading.Lock()

    def prepare(self, wanted: Iterable[Wanted]) -> list[Fault]:
        """Put these prompts on the shelf, and the apology, in place of those of the last time.

        What cannot be had as it was meant is a warning, and on the shelf stands the next best: a missing file is
        spoken from its text, a text that nothing can speak is a chime.
        """
        prompts = dict.fromkeys([*wanted, (APOLOGY, None)])
        faults: list[Fault] = []
        files = {prompt: self._from_file(*prompt, faults) for prompt in prompts}
        texts = dict.fromkeys(text for text, wav in prompts if files[text, wav] is None)
        spoken = self._all_spoken(texts, faults)
        self._prepared = {(text, wav): files[text, wav] or spoken[text] for text, wav in prompts}
        self._tidy(texts, faults)
        return faults

    def ready(self, text: str, wav: str | None = None) -> Clip | None:
        """The clip of a prompt if it is in memory, at once."""
        return self._prepared.get((text, wav)) or self._made.get(text)

    def make(self, text: str, wav: str | None = None) -> Clip:
        """The clip of a prompt, synthesized if it must be; takes up to seconds.

        Raises:
            SpeechError: there is no voice, or it failed.
        """
        with self._making:
            clip = self.ready(text, wav) or self._from_file(text, wav, []) or self._from_cache(text)
            if clip is None:
                clip = self._speaker().speak(text)
            self._remember(clip)
            return clip

    def stand_in(self, text: str) -> Clip:
        """What to say, at once, when `make` has failed: a chime."""
        return chime(text)

    @property
    def apology(self) -> Clip:
        """What to say when a step has failed: spoken once prepared and where there is a voice, else a chime."""
        return self._prepared[APOLOGY, None]

    def _remember(self, clip: Clip) -> None:
        while len(self._made) >= MOST_MADE:
            del self._made[next(iter(self._made))]
        self._made[clip.text] = clip

    def _from_file(self, text: str, wav: str | None, faults: list[Fault]) -> Clip | None:
        """The clip in a file of the owner's; what is wrong with it is added to `faults`."""
        if wav is None:
            return None
        path = self._prompt_dir / wav
        try:
            sound = read_wav(path)
        except WavError as error:
            reason = str(error).removeprefix(f"{path}: ")
            faults.append(_warning(str(path), f"{reason}; its text is spoken instead"))
            return None
        if sound.rate != SAMPLE_RATE:
            faults.append(_warning(str(path), f"has {sound.rate} Hz: is resampled to {SAMPLE_RATE} Hz"))
        return Clip(sound.at(SAMPLE_RATE).mono(), text)

    def _from_cache(self, text: str) -> Clip | None:
        return None if self._voice is None else self._cache.load(text, self._voice.name)

    def _speaker(self) -> Voice:
        if self._voice is None:
            raise SpeechError("there is no synthesizer: install festival and festvox-us-slt-hts")
        return self._voice

    def _all_spoken(self, texts: Iterable[str], faults: list[Fault]) -> dict[str, Clip]:
        with ThreadPoolExecutor(IN_PARALLEL) as pool:
            return dict(zip(texts, pool.map(lambda text: self._spoken(text, faults), texts), strict=True))

    def _spoken(self, text: str, faults: list[Fault]) -> Clip:
        """The clip of a text from the cache, or from the voice and then kept, or a chime with a warning."""
        try:
            return self._from_cache(text) or self._synthesized(text, faults)
        except SpeechError as error:
            faults.append(_warning("prompts", f"{text!r} is a chime instead: {error}"))
            return chime(text)

    def _synthesized(self, text: str, faults: list[Fault]) -> Clip:
        voice = self._speaker()
        clip = voice.speak(text)
        try:
            self._cache.store(clip, voice.name)
        except OSError as error:
            faults.append(_warning(str(self._cache.path(text, voice.name)), f"cannot be written: {error}"))
        return clip

    def _tidy(self, texts: Iterable[str], faults: list[Fault]) -> None:
        name = "" if self._voice is None else self._voice.name
        try:
            self._cache.prune({self._cache.path(text, name) for text in texts})
        except OSError as error:
            faults.append(_warning("prompts", f"the cache cannot be tidied: {error}"))


def _warning(file: str, message: str) -> Fault:
    return Fault(file, None, "", message, Severity.WARNING)
