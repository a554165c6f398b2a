"""Prompts that the ear would take for keys: a caller would seem to press them while they are played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.dsp.dtmf import find_keys
from ivrbox.errors import ConfigError, Fault, Severity, WavError
from ivrbox.flows.read import read_flows
from ivrbox.prompts.cache import Cache
from ivrbox.prompts.wavfile import Sound, read_wav
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivrbox.cli.places import Places
    from ivrbox.prompts import Voice


def sound_faults(places: Places, voice: Voice | None) -> Iterator[Fault]:
    """What is wrong with the sounds of prompts: files of the owner's, and texts that have been spoken before."""
    for file in sorted((places.config / "prompts").glob("*.wav")):
        yield from _file_faults(file)
    if voice is not None:
        yield from _spoken_faults(places, voice)


def _file_faults(file: Path) -> Iterator[Fault]:
    try:
        sound = read_wav(file)
    except WavError as error:
        yield _warning(file.name, str(error).removeprefix(f"{file}: "))
        return
    if sound.rate != SAMPLE_RATE:
        yield _warning(file.name, f"has {sound.rate} Hz: is resampled to {SAMPLE_RATE} Hz")
    yield from _keys_in(sound, file.name)


def _spoken_faults(places: Places, voice: Voice) -> Iterator[Fault]:
    try:
        prompts = read_flows(places.config).prompts()
    except ConfigError:
        return  # told already
    cache = Cache(places.data / "prompts")
    for text in sorted({spoken.text for spoken in prompts if spoken.wav is None}):
        clip = cache.load(text, voice.name)
        if clip is not None:
            yield from _keys_in(Sound(clip.samples, SAMPLE_RATE), f'"{text}" as {voice.name} speaks it')


def _keys_in(sound: Sound, name: str) -> Iterator[Fault]:
    keys = find_keys(sound.mono(), sound.rate)
    if keys:
        at = ", ".join(f"{key.digit} at {key.onset_s:.2f} s" for key in keys)
        yield _warning(name, f"sounds like keys to the box ({at}): they would be taken for the caller's")


def _warning(file: str, message: str) -> Fault:
    return Fault(file, None, "", message, Severity.WARNING)
