"""Voices: the synthesizers as they are installed, and programs in their place that fail in every way a program can."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.errors import SpeechError
from ivrbox.prompts import speech
from ivrbox.prompts.levels import HIGHEST_PEAK, SPEECH_DBM0, active_level, in_telephone_band
from ivrbox.prompts.speech import VOICES, EspeakNg, Festival, Flite, Voice, best_voice

if TYPE_CHECKING:
    from pathlib import Path

Stage = Callable[[str, str], None]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Puts shell scripts in place of all synthesizers: none is there but those that are played."""
    monkeypatch.setenv("PATH", f"{tmp_path}")
    speech._festival_voices.cache_clear()

    def play(name: str, script: str) -> None:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        program.chmod(0o755)

    return play


@pytest.fixture(autouse=True)
def _fresh_list_of_voices() -> None:
    speech._festival_voices.cache_clear()


def must_be_installed(voice: Voice) -> Voice:
    if shutil.which(voice.name.partition("/")[0]) is None:
        absent = pytest.fail if "CI" in os.environ else pytest.skip
        absent(f"{voice.name} is not installed")
    return voice


@pytest.fixture(params=VOICES, ids=lambda voice: voice.name)
def installed(request: pytest.FixtureRequest) -> Voice:
    return must_be_installed(request.param)


@pytest.fixture
def festival() -> Voice:
    return must_be_installed(Festival())


def test_voice_speaks_at_telephone_level_without_clipping(installed: Voice) -> None:
    assert installed.available()
    clip = installed.speak("This call may be recorded. To opt out, press 1.")
    assert clip.text == "This call may be recorded. To opt out, press 1."
    assert 2.0 < clip.duration_s < 6.0
    assert active_level(clip.samples) == pytest.approx(SPEECH_DBM0, abs=1)
    assert active_level(in_telephone_band(clip.samples)) == pytest.approx(SPEECH_DBM0, abs=2)
    assert np.abs(clip.samples.astype(int)).max() <= HIGHEST_PEAK


def test_voice_says_the_same_on_every_run(installed: Voice) -> None:
    assert np.array_equal(installed.speak("Hello.").samples, installed.speak("Hello.").samples)


@pytest.mark.parametrize(
    "text",
    [
        'Hello")) (system "touch {mark}") ((',
        'Hello\\")) (system "touch {mark}") ((',
        "-o {mark} $(touch {mark}) ; `touch {mark}`",
    ],
)
def test_text_that_looks_like_a_program_is_only_spoken(installed: Voice, tmp_path: Path, text: str) -> None:
    mark = tmp_path / "mark"
    assert installed.speak(text.format(mark=mark)).duration_s > 1.0
    assert not mark.exists()


def test_each_sentence_is_spoken(installed: Voice) -> None:
    one = installed.speak("Please hold the line.")
    three = installed.speak("Please hold the line. " * 3)
    assert three.duration_s > 2.5 * one.duration_s


def test_festival_pauses_between_sentences(festival: Voice) -> None:
    samples = festival.speak("Please hold the line. Please hold the line.").samples
    assert bytes(2 * speech.BETWEEN_SENTENCES) in samples.tobytes()
    assert samples[: speech.BETWEEN_SENTENCES].any()


def test_keys_are_words(installed: Voice) -> None:
    assert installed.speak("Press #.").duration_s > installed.speak("Press.").duration_s + 0.15


@pytest.mark.parametrize("text", ["", " ... ", "?!", "\N{HIRAGANA LETTER A}"])
def test_text_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(SpeechError, match="cannot speak a text without a letter or digit"):
        Festival().speak(text)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 0", "gave no sound"),
        ("echo no such voice >&2; exit 1", "festival/.* failed: no such voice"),
        ("exit 1", "failed: it did not say why"),
        ("echo this is no sound", "gave no sound: .*is not a WAV file"),
        ("printf RIFF", "gave no sound"),
    ],
)
def test_failing_synthesizer_is_a_speech_error_that_says_why(stage: Stage, script: str, reason: str) -> None:
    stage("festival", f"cat >/dev/null; {script}")
    with pytest.raises(SpeechError, match=reason) as failure:
        Festival().speak("Your card is 4711.")
    assert "4711" not in str(failure.value)


def test_silent_synthesizer_is_a_speech_error(stage: Stage, tmp_path: Path, wav_bytes: Callable[..., bytes]) -> None:
    (tmp_path / "silence.wav").write_bytes(wav_bytes(bytes(16000)))
    stage("flite", f"cat >/dev/null; cat {tmp_path}/silence.wav")
    with pytest.raises(SpeechError, match="gave no sound"):
        Flite().speak("Hello.")


def test_hung_synthesizer_is_ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "TIMEOUT_S", 0.05)
    stage("espeak-ng", "exec sleep 60")
    with pytest.raises(SpeechError, match="did not finish within"):
        EspeakNg().speak("Hello.")


@pytest.mark.usefixtures("stage")
def test_missing_synthesizer_is_a_speech_error() -> None:
    with pytest.raises(SpeechError, match="cannot be started: No such file"):
        Flite().speak("Hello.")


def name_of_best(preferred: str | None = None) -> str | None:
    voice = best_voice(preferred)
    return None if voice is None else voice.name


def test_best_voice_is_the_first_that_is_there(stage: Stage) -> None:
    assert name_of_best() is None
    stage("espeak-ng", "")
    assert name_of_best() == "espeak-ng/en-us"
    stage("flite", "")
    assert name_of_best() == "flite/rms"
    stage("festival", "cat >/dev/null; echo '(cmu_us_slt_arctic_hts)'")
    assert name_of_best() == "festival/cmu_us_slt_arctic_hts"


def test_preferred_voice_wins_if_it_is_there(stage: Stage) -> None:
    stage("flite", "")
    stage("espeak-ng", "")
    assert name_of_best("espeak-ng") == "espeak-ng/en-us"
    assert name_of_best("flite/slt") == "flite/slt"
    assert name_of_best("festival") == "flite/rms"
    assert name_of_best("nobody") == "flite/rms"


@pytest.mark.parametrize("script", ["echo '(kal_diphone)'", "exit 1"])
def test_festival_without_its_voice_is_not_there(stage: Stage, script: str) -> None:
    stage("festival", f"cat >/dev/null; {script}")
    assert not Festival().available()
