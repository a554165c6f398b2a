"""Speech and music to be mistaken for keys: from packages and synthesizers that are installed, nothing of it kept here.

Real voices are Asterisk's prompts in six languages and those of KLettres, which teaches letters in twenty-two; music is
Asterisk's for those on hold, synthetic voices are espeak-ng, flite and festival reading the licences that every Debian
carries. `variety` makes hours of it: other speeds and pitches, two
talkers at once, levels from a whisper to clipping, and the laws of G.711.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import wave
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr
from ear_peers import Missing, gsm_decode
from ear_signals import COLUMNS, RATE, ROWS, Pcm, Rng, Wave, amplitude, pcm

from ivrbox.dsp.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROMPTS = Path("/usr/share/asterisk/sounds")
LETTERS = Path("/usr/share/klettres")
MUSIC = Path("/usr/share/asterisk/moh")
LICENCES = Path("/usr/share/common-licenses")

FRAME = 160
SPEECH_FLOOR_DB = 25
"""A 20 ms frame so far below a clip's loudest one is taken for silence."""


def real_prompts() -> list[Pcm]:
    """All prompts of Asterisk's sound packages that are installed; raises Missing."""
    paths = sorted(path for path in PROMPTS.rglob("*") if path.suffix in {".wav", ".gsm"} and path.is_file())
    paths = [path for path in paths if not path.is_symlink() and "silence" not in path.parts]
    if not paths:
        raise Missing("apt-get install asterisk-core-sounds-en-wav asterisk-core-sounds-it-wav")
    return [clip for clip in map(_read, paths) if len(clip) > FRAME]


def unknown_voices() -> list[Pcm]:
    """Letters and syllables spoken by a score of people in as many languages (KLettres); raises Missing.

    No threshold of the detector was ever set on any of them, and none shall be.
    """
    paths = sorted(LETTERS.glob("*/*/*.ogg"))
    if not paths or not shutil.which("oggdec"):
        raise Missing("apt-get install klettres-data vorbis-tools")
    return [clip for clip in map(_from_ogg, paths) if len(clip) > FRAME]


def hold_music() -> list[Pcm]:
    """All hold music that is installed; raises Missing."""
    paths = sorted(MUSIC.glob("*.wav"))
    if not paths:
        raise Missing("apt-get install asterisk-moh-opsound-wav")
    return [_read(path) for path in paths]


def synthetic(rng: Rng, minutes: float) -> list[Pcm]:
    """So much synthetic speech, a paragraph a clip, from as many voices as are installed; raises Missing."""
    speakers = _speakers()
    clips: list[Pcm] = []
    left = minutes * 60 * RATE
    while left > 0:
        clip = _spoken(rng, speakers[int(rng.integers(len(speakers)))], _paragraph(rng))
        clips += [clip] if len(clip) > FRAME else []
        left -= len(clip) + 1
    return clips


def _read(path: Path) -> Pcm:
    data = path.read_bytes()
    return gsm_decode(data) if path.suffix == ".gsm" else _from_wav(data)


def _from_ogg(path: Path) -> Pcm:
    run = subprocess.run(["oggdec", "-Q", "-o", "-", path], capture_output=True, check=True)
    return _from_wav(run.stdout)


def _from_wav(data: bytes) -> Pcm:
    """A WAV file as mono at 8000 Hz; a length that lies, as synthesizers write into pipes, is overlooked."""
    with wave.open(io.BytesIO(data)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        samples = np.frombuffer(file.readframes(len(data)), dtype="<i2")
    mono = samples.reshape(-1, channels)[:, 0]
    return mono.astype(np.int16) if rate == RATE else pcm(_speeded(mono.astype(float), rate / RATE))


def _speeded(sound: Wave, ratio: float) -> Wave:
    return np.asarray(soxr.resample(sound.astype(np.float32), ratio * RATE, RATE), dtype=float)


@cache
def _speakers() -> list[tuple[str, str]]:
    """Pairs of program and voice."""
    speakers = [("espeak-ng", voice) for voice in _espeak_voices()] if shutil.which("espeak-ng") else []
    if shutil.which("flite"):
        speakers += [("flite", voice) for voice in ("kal", "awb", "rms", "slt")] * 6
    if shutil.which("text2wave"):
        speakers += [("text2wave", "")] * 3
    if not speakers:
        raise Missing("apt-get install espeak-ng flite")
    return speakers


def _espeak_voices() -> list[str]:
    listed = subprocess.run(["espeak-ng", "--voices"], capture_output=True, text=True, check=True)
    languages = [line.split()[1] for line in listed.stdout.splitlines()[1:]]
    variants = ["", "+f1", "+f3", "+f5", "+m2", "+m4", "+m7", "+croak", "+whisper"]
    return [language + variants[place % len(variants)] for place, language in enumerate(languages)]


@cache
def _text() -> list[str]:
    """The sentences of the licences."""
    text = " ".join((LICENCES / name).read_text("utf-8", "replace") for name in ("GPL-3", "MPL-2.0", "GFDL-1.3"))
    return [sentence for sentence in re.split(r"(?<=[.;:])\s+", " ".join(text.split())) if len(sentence) > 20]


def _paragraph(rng: Rng) -> str:
    first = int(rng.integers(len(_text()) - 5))
    return " ".join(_text()[first : first + 5]).replace('"', " ")


def _spoken(rng: Rng, speaker: tuple[str, str], text: str) -> Pcm:
    program, voice = speaker
    command = {
        "espeak-ng": ["espeak-ng", "-v", voice, "-p", f"{rng.integers(10, 90)}", "-s", f"{rng.integers(110, 240)}"],
        "flite": ["flite", "-voice", voice, "-t", text, "-o", "/dev/stdout"],
        "text2wave": ["text2wave", "-o", "/dev/stdout"],
    }[program]
    command += ["--stdout"] if program == "espeak-ng" else []
    stdin = None if program == "flite" else text.encode()
    run = subprocess.run(command, input=stdin, capture_output=True, check=False)
    if run.returncode != 0:  # a few of espeak-ng's voices do not go with every variant: no clip, and another is tried
        return np.zeros(0, dtype=np.int16)
    return _from_wav(run.stdout)


def trimmed(sound: Pcm) -> Pcm:
    """The clip without its silent frames: speech all the way."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    power = np.mean(frames.astype(float) ** 2, axis=1)
    loud = power > power.max(initial=1.0) * 10 ** (-SPEECH_FLOOR_DB / 10)
    return np.asarray(frames[loud].ravel())


def at_level(sound: Pcm, dbm0: float) -> Wave:
    """The clip with its power brought to that of a sine of this level."""
    rms = np.sqrt(np.mean(sound.astype(float) ** 2)) or 1.0
    return np.asarray(sound * float(amplitude(dbm0)) / np.sqrt(2) / rms)


def running_speech(rng: Rng, clips: Sequence[Pcm], samples: int, dbm0: float) -> Wave:
    """Speech without silences, every clip brought to this level, so long as asked."""
    parts: list[Wave] = []
    left = samples
    while left > 0:
        speech = trimmed(clips[int(rng.integers(len(clips)))])
        if len(speech) > FRAME:
            parts.append(at_level(speech, dbm0))
            left -= len(speech)
    return np.concatenate(parts)[:samples]


def variety(rng: Rng, clips: Sequence[Pcm], hours: float, chunk_s: int = 60) -> Iterator[Pcm]:
    """So many hours, a minute at a time, of what can be made of the clips."""
    for _ in range(round(hours * 3600 / chunk_s)):
        sound = _changed(rng, clips, chunk_s * RATE)
        if rng.random() < 1 / 3:
            sound = sound + _changed(rng, clips, chunk_s * RATE) * rng.uniform(0.2, 1)
        yield _coded(rng, pcm(sound * 10 ** (rng.uniform(-6, 6) / 20)))


def _changed(rng: Rng, clips: Sequence[Pcm], samples: int) -> Wave:
    """Clips one after the other, each at a speed, and so a pitch, of its own: 0.7 to 1.4 of the true one."""
    parts: list[Wave] = []
    left = samples
    while left > 0:
        clip = clips[int(rng.integers(len(clips)))]
        first = int(rng.integers(max(1, len(clip) - 20 * RATE)))
        speed = float(np.exp(rng.uniform(np.log(0.7), np.log(1.4))))
        part = _speeded(at_level(clip[first : first + 20 * RATE], rng.uniform(-30, -12)), speed)
        parts.append(part)
        left -= len(part)
    return np.concatenate(parts)[:samples]


def _coded(rng: Rng, sound: Pcm) -> Pcm:
    choice = rng.integers(3)
    return (sound, decode_alaw(encode_alaw(sound)), decode_ulaw(encode_ulaw(sound)))[choice]


BLOCK = 102
HOP = 51


@cache
def _basis() -> Wave:
    angle = 2 * np.pi * np.concatenate([ROWS, COLUMNS])[None, :] / RATE * np.arange(BLOCK)[:, None]
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=1)


def nearness(sound: Pcm) -> Wave:
    """How nearly each 12.75 ms block, taken every 6.4 ms, and the one after it are one key: 0 no way, 1 purely.

    It is the rule of the common receivers: the share of all the energy that is in the strongest row and column tone,
    of two blocks on end that name the same key at a twist of no more than 12 dB.
    """
    blocks = np.lib.stride_tricks.sliding_window_view(sound, BLOCK)[::HOP].astype(np.float32)
    parts = blocks @ _basis().astype(np.float32)
    power = parts[:, :8] ** 2 + parts[:, 8:] ** 2
    row, column = power[:, :4].max(axis=1), power[:, 4:].max(axis=1)
    key = power[:, :4].argmax(axis=1) * 4 + power[:, 4:].argmax(axis=1)
    energy = np.sum(blocks**2, axis=1) + 1e5  # at least -50 dBm0 or so: silence is near to nothing
    share = (row + column) / (energy * BLOCK / 2)
    share[np.maximum(row, column) > 16 * np.minimum(row, column)] = 0
    both = np.minimum(share[:-2], share[2:])
    return np.asarray(np.where(key[:-2] == key[2:], both, 0), dtype=float)


def nearest_fragments(sound: Pcm, least: float, around_s: float = 0.5) -> list[Pcm]:
    """The pieces of a sound that come at least so near to a key, with half a second to either side."""
    places = np.flatnonzero(nearness(sound) >= least) * HOP
    fragments: list[Pcm] = []
    reach = int(around_s * RATE)
    end = -1
    for place in places:
        if place > end:
            fragments.append(sound[max(0, place - reach) : place + reach])
            end = int(place) + reach
    return fragments
