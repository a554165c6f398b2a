"""Each language has its own voice, and the same words in two languages are two clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.prompts import Clip
from ivrbox.prompts.shelves import Shelves, voice_for
from ivrbox.prompts.speech import EspeakNg, voice_named

if TYPE_CHECKING:
    from pathlib import Path


class Hum:
    """A voice whose sound is one number."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self._number = number

    def available(self) -> bool:
        return True

    def speak(self, text: str) -> Clip:
        return Clip(np.full(100, self._number, np.int16), text)


ORDINARY = Hum("ordinary", 1)


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelves:
    monkeypatch.setattr(
        "ivrbox.prompts.shelves.voice_for", lambda language, *_: Hum(language, 2) if language == "de" else ORDINARY
    )
    return Shelves(tmp_path / "cache", tmp_path, ORDINARY)


def heard(clip: Clip | None) -> int:
    assert clip is not None
    return int(clip.samples[0])


def test_the_same_words_sound_different_in_each_language(shelves: Shelves) -> None:
    assert shelves.prepare([("Hotel", None, None), ("Hotel", None, "de"), ("Hello", None, "en")]) == []
    assert heard(shelves.ready("Hotel")) == 1
    assert heard(shelves.ready("Hotel", None, "de")) == 2
    assert heard(shelves.ready("Hello", None, "en")) == 1
    assert shelves.ready("Hello", None, "de") is None
    assert shelves.ready("Hello", None, "fr") is None


def test_what_is_made_in_a_call_is_ready_in_its_language_only(shelves: Shelves) -> None:
    assert heard(shelves.make("Guten Tag", None, "de")) == 2
    assert heard(shelves.ready("Guten Tag", None, "de")) == 2
    assert shelves.ready("Guten Tag") is None
    shelves.make("4 1 1", None, "de", secret=True)
    assert shelves.ready("4 1 1", None, "de") is None


def test_a_second_preparation_leaves_the_other_languages_cache_alone(shelves: Shelves, tmp_path: Path) -> None:
    wanted = [("Hotel", None, None), ("Hotel", None, "de")]
    shelves.prepare(wanted)
    shelves.prepare(wanted)
    assert len(list((tmp_path / "cache").rglob("*.wav"))) == 2


def test_the_owners_choice_comes_first_then_one_that_knows_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EspeakNg, "available", lambda _: True)
    named = voice_for("de", ORDINARY, "espeak-ng/de+f3")
    assert named is not None
    assert named.name == "espeak-ng/de+f3"
    german = voice_for("de", ORDINARY)
    assert german is not None
    assert german.name == "espeak-ng/de"
    assert voice_for("en-GB", ORDINARY) is ORDINARY
    monkeypatch.setattr(EspeakNg, "available", lambda _: False)
    assert voice_for("de", ORDINARY) is ORDINARY
    assert voice_for("de", ORDINARY, "espeak-ng/de") is ORDINARY


@pytest.mark.parametrize("name", ["espeak-ng", "nobody/de", "", "festival/no_such_voice"])
def test_a_name_that_is_no_voice_here_is_none(name: str) -> None:
    assert voice_named(name) is None
