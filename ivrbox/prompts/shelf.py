"""The shelf: every prompt that a flow can say, as a clip in memory, before the first call asks for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

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

Wanted = tuple[str, str | None]
"""A prompt as a flow names it: its text, and the WAV file in the prompt folder that holds it, if one does."""

NO_VOICE = "there is no synthesizer: install festival and festvox-us-slt-hts"
CHIMED = "a chime is heard instead"

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
        self._prepared: Mapping[Wanted, Clip] = {}
        self._made: dict[Wanted, Clip] = {}
        self._making = threading.Lock()

    def prepare(self, wanted: Iterable[Wanted]) -> list[Fault]:
        """Put these prompts on the shelf in place of those of the last time; from then on `ready` has every one.

        What cannot be had as it was meant is a warning, and on the shelf stands the next best: a file that cannot be
        read is spoken from its text, and a text that nothing can speak is a chime.
        """
        prompts = dict.fromkeys(wanted)
        faults: list[Fault] = []
        files = {prompt: self._from_file(*prompt, faults) for prompt in prompts}
        texts = dict.fromkeys(text for text, wav in prompts if files[text, wav] is None)
        with ThreadPoolExecutor(IN_PARALLEL) as pool:
            spoken = dict(zip(texts, pool.map(self._spoken, texts), strict=True))
        self._prepared = {(text, wav): files[text, wav] or spoken[text].clip for text, wav in prompts}
        found = [*faults, *(each.fault for each in spoken.values()), self._tidied(texts)]
        return [fault for fault in dict.fromkeys(found) if fault is not None]

    def ready(self, text: str, wav: str | None = None) -> Clip | None:
        """The clip of a prompt if it is in memory, at once."""
        return self._prepared.get((text, wav)) or self._made.get((text, wav))

    def make(self, text: str, wav: str | None = None, *, secret: bool = False) -> Clip:
        """The clip of a prompt, synthesized if it must be; takes up to seconds. A secret one is not even remembered.

        Raises:
            SpeechError: there is no voice, or it failed.
        """
        with self._making:
            clip = self.ready(text, wav) or self._from_file(text, wav, []) or self._voiced(text)
            if not secret:
                self._remember((text, wav), clip)
            return clip

    def _remember(self, wanted: Wanted, clip: Clip) -> None:
        while len(self._made) >= MOST_MADE:
            del self._made[next(iter(self._made))]
        self._made[wanted] = clip

    def _from_file(self, text: str, wav: str | None, faults: list[Fault]) -> Clip | None:
        """The clip in a file of the owner's; what is wrong with it is added to `faults`."""
        if wav is None:
            return None
        path = self._prompt_dir / wav
        try:
            sound = read_wav(path)
        except WavError as error:
            remedy = "its text is spoken instead" if text else CHIMED
            faults.append(_warning(str(path), f"{str(error).removeprefix(f'{path}: ')}; {remedy}"))
            return None
        if sound.rate != SAMPLE_RATE:
            faults.append(_warning(str(path), f"has {sound.rate} Hz: is resampled to {SAMPLE_RATE} Hz"))
        return Clip(sound.at(SAMPLE_RATE).mono(), text)

    def _voiced(self, text: str) -> Clip:
        """The clip of a text, from the cache or just spoken; not stored."""
        if self._voice is None:
            raise SpeechError(NO_VOICE)
        return self._cache.load(text, self._voice.name) or self._voice.speak(text)

    def _spoken(self, text: str) -> _Spoken:
        """The clip of a text out of the cache, or spoken and then kept there, or a chime."""
        if not text:  # what a file without a text comes to, which was reported when it could not be read
            return _Spoken(chime(text))
        if self._voice is None:
            return _Spoken(chime(text), _warning("prompts", f"{NO_VOICE}; {CHIMED}"))
        cached = self._cache.load(text, self._voice.name)
        if cached is not None:
            return _Spoken(cached)
        try:
            clip = self._voice.speak(text)
        except SpeechError as error:
            return _Spoken(chime(text), _warning("prompts", f"{text!r}: {error}; {CHIMED}"))
        return _Spoken(clip, self._stored(clip, self._voice.name))

    def _stored(self, clip: Clip, voice: str) -> Fault | None:
        try:
            self._cache.store(clip, voice)
        except OSError as error:
            return _warning("prompts", f"the cache of speech cannot be written to: {error.strerror}")
        return None

    def _tidied(self, texts: Iterable[str]) -> Fault | None:
        name = "" if self._voice is None else self._voice.name
        try:
            self._cache.prune({self._cache.path(text, name) for text in texts})
        except OSError as error:
            return _warning("prompts", f"the cache of speech cannot be tidied: {error}")
        return None


class _Spoken(NamedTuple):
    """What a text came to, and what went wrong on the way."""

    clip: Clip
    fault: Fault | None = None


def _warning(file: str, message: str) -> Fault:
    return Fault(file, None, "", message, Severity.WARNING)
