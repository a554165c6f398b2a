"""Voices: text becomes speech through a synthesizer of Debian's, run as a subprocess and never through a shell.

Heard through a phone-band line by small recognisers, festival's `slt` has 9 to 14 % of its words misread, flite's `rms`
15 to 20 %, espeak-ng's 43 to 50 %: hence their order. Text goes in through a pipe and sound comes out into
memory, so what is said never stands in a file or in the list of processes.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from ivrbox.errors import SpeechError, WavError
from ivrbox.prompts.clip import Clip
from ivrbox.prompts.levels import at_telephone_level, in_telephone_band, trimmed
from ivrbox.prompts.sentences import plain, sentences
from ivrbox.prompts.wavfile import parse_wav
from ivrbox.units import SAMPLE_RATE, ms_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

TIMEOUT_S = 30.0
"""A synthesis that takes longer has hung: festival needs a third of a second for a prompt of ten."""

BETWEEN_SENTENCES = ms_to_samples(300)


class Voice(Protocol):
    """Something that speaks."""

    @property
    def name(self) -> str:
        """Synthesizer and voice: `festival/cmu_us_slt_arctic_hts`."""

    def available(self) -> bool:
        """Whether this machine has it."""

    def speak(self, text: str) -> Clip:
        """The text as a clip at telephone level, without silence at its ends; takes up to seconds.

        Raises:
            SpeechError: nothing in the text can be said, or the synthesizer failed or hung. It does not quote the
                text, which may hold what a caller has told.
        """


class Festival:
    """Debian's `festival` with a voice such as that of `festvox-us-slt-hts`."""

    def __init__(self, voice: str = "cmu_us_slt_arctic_hts") -> None:
        """Name the voice as festival does, without its `voice_`."""
        self._voice = voice
        self.name: Final = f"festival/{voice}"

    def available(self) -> bool:
        """Whether festival is here and knows the voice; asked of festival once."""
        return shutil.which("festival") is not None and self._voice in _festival_voices()

    def speak(self, text: str) -> Clip:
        """As `Voice.speak`; one process for all sentences, an utterance each."""
        words = _sayable(text, self.name)
        script = f"(voice_{self._voice})\n" + "".join(map(_utterance, sentences(words)))
        return _clip(text, _run(FESTIVAL, script, self.name), self.name)


class Flite:
    """Debian's `flite`, the small one: half a second of start-up less, and a plainer voice."""

    def __init__(self, voice: str = "rms") -> None:
        """Name one of the voices that `flite -lv` lists."""
        self._voice = voice
        self.name: Final = f"flite/{voice}"

    def available(self) -> bool:
        """Whether flite is here."""
        return shutil.which("flite") is not None

    def speak(self, text: str) -> Clip:
        """As `Voice.speak`."""
        words = _sayable(text, self.name)
        command = ("flite", "-voice", self._voice, "-f", "/dev/stdin", "-o", "/dev/stdout")
        return _clip(text, _run(command, words, self.name), self.name)


class EspeakNg:
    """Debian's `espeak-ng`: hard to understand on the phone, but in nearly any language."""

    def __init__(self, voice: str = "en-us") -> None:
        """Name one of the voices that `espeak-ng --voices` lists."""
        self._voice = voice
        self.name: Final = f"espeak-ng/{voice}"

    def available(self) -> bool:
        """Whether espeak-ng is here."""
        return shutil.which("espeak-ng") is not None

    def speak(self, text: str) -> Clip:
        """As `Voice.speak`; in its own language it reads letters with their accents, keys and signs by their names."""
        words = _sayable(text, self.name, as_it_is=not self._voice.startswith("en"))
        command = ("espeak-ng", "-v", self._voice, "--stdin", "--stdout")
        return _clip(text, _run(command, words, self.name), self.name)


VOICES: Final[tuple[Voice, ...]] = (Festival(), Flite("rms"), Flite("slt"), EspeakNg())
"""All that may be there, best first."""

_SYNTHESIZERS: Final[Mapping[str, Callable[[str], Voice]]] = {
    "festival": Festival,
    "flite": Flite,
    "espeak-ng": EspeakNg,
}

FESTIVAL: Final = ("festival", "--heap", "1000000", "-b", "/dev/stdin")


def best_voice(preferred: str | None = None) -> Voice | None:
    """The voice asked for if this machine has it, else the best that it has, else none.

    `preferred` is a name as `Voice.name` gives it, or the synthesizer's alone: `flite`.
    """
    wanted = [voice for voice in VOICES if preferred in (voice.name, voice.name.partition("/")[0])]
    return next((voice for voice in (*wanted, *VOICES) if voice.available()), None)


def voice_named(name: str) -> Voice | None:
    """The voice of this name, such as `espeak-ng/de` or `festival/el_diphone`, if this machine has it."""
    synthesizer, _, voice = name.partition("/")
    if synthesizer not in _SYNTHESIZERS or not voice:
        return None
    found = _SYNTHESIZERS[synthesizer](voice)
    return found if found.available() else None


@functools.cache
def _festival_voices() -> str:
    try:
        return _run(FESTIVAL, "(print (voice.list))", "festival").decode("ascii", "replace")
    except SpeechError:
        return ""


def _utterance(sentence: str) -> str:
    """Scheme that speaks one sentence to standard output; within a string only two characters need an escape."""
    quoted = sentence.replace("\\", "\\\\").replace('"', '\\"')
    return f'(utt.save.wave (utt.synth (Utterance Text "{quoted}")) "-" (quote riff))\n'


def _sayable(text: str, name: str, *, as_it_is: bool = False) -> str:
    words = " ".join(text.split()) if as_it_is else plain(text)
    if not any(map(str.isalnum, words)):
        raise SpeechError(f"{name} cannot speak a text without a letter or digit")
    return words


def _run(command: Sequence[str], words: str, name: str) -> bytes:
    """What a synthesizer puts out for the words; into a file in memory, since flite seeks in its output."""
    try:
        with os.fdopen(os.memfd_create("speech"), "w+b") as output:
            subprocess.run(  # noqa: S603 - fixed programs, no shell, and the words are no part of the command
                command,
                input=words.encode("utf-8", "ignore"),
                stdout=output,
                stderr=subprocess.PIPE,
                timeout=TIMEOUT_S,
                check=True,
            )
            output.seek(0)
            return output.read()
    except subprocess.TimeoutExpired:
        raise SpeechError(f"{name} did not finish within {TIMEOUT_S:.0f} s") from None
    except subprocess.CalledProcessError as error:
        raise SpeechError(f"{name} failed: {_last_line(error.stderr)}") from None
    except OSError as error:
        raise SpeechError(f"{name} cannot be started: {error.strerror}") from error


def _last_line(stderr: bytes) -> str:
    return (stderr.decode("utf-8", "replace").strip().splitlines() or ["it did not say why"])[-1]


def _clip(text: str, output: bytes, name: str) -> Clip:
    """One clip of all the sounds in a synthesizer's output, a short pause between each two."""
    try:
        sounds = [parse_wav(wav, name).at(SAMPLE_RATE).mono() for wav in _wav_files(output)]
    except WavError as error:
        raise SpeechError(f"{name} gave no sound: {error}") from error
    spoken = [part for part in (trimmed(in_telephone_band(sound)) for sound in sounds) if len(part)]
    if not spoken:
        raise SpeechError(f"{name} gave no sound")
    return Clip(at_telephone_level(_joined(spoken)), text)


def _wav_files(output: bytes) -> Iterator[bytes]:
    """The WAV files that stand one after the other in a synthesizer's output."""
    while output:
        size = 8 + int.from_bytes(output[4:8], "little")
        yield output[:size]
        output = output[size:]


def _joined(parts: Sequence[NDArray[np.int16]]) -> NDArray[np.int16]:
    pause = np.zeros(BETWEEN_SENTENCES, np.int16)
    return np.concatenate([piece for part in parts for piece in (pause, part)][1:])
