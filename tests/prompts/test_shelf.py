"""The shelf: prompts are there before the call, no fault is fatal, and words made up in a call stay in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from ivrbox.errors import Severity, SpeechError
from ivrbox.prompts import shelf as shelf_module
from ivrbox.prompts.cache import Cache
from ivrbox.prompts.chime import chime
from ivrbox.prompts.clip import Clip
from ivrbox.prompts.shelf import Shelf
from ivrbox.prompts.wavfile import write_wav

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


HALF_A_SECOND = np.arange(4000, dtype=np.int16)


class Parrot:
    """A voice without a synthesizer: a clip as long as its text, and a list of all texts it was asked for."""

    name: Final = "parrot/test"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False
        self.while_speaking: Callable[[], None] = lambda: None

    def available(self) -> bool:
        return True

    def speak(self, text: str) -> Clip:
        self.asked.append(text)
        self.while_speaking()
        if self.broken:
            raise SpeechError("the parrot is silent")
        return Clip(np.ones(100 * len(text), np.int16), text)


@pytest.fixture
def parrot() -> Parrot:
    return Parrot()


@pytest.fixture
def shelf(tmp_path: Path, prompt_dir: Path, parrot: Parrot) -> Shelf:
    return Shelf(tmp_path / "cache", prompt_dir, parrot)


def samples_of(shelf: Shelf, text: str, wav: str | None = None) -> list[int]:
    """The samples of a prompt that must be ready."""
    clip = shelf.ready(text, wav)
    assert clip is not None
    return [int(sample) for sample in clip.samples]


def files_under(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_prepared_prompt_is_ready(shelf: Shelf) -> None:
    assert shelf.ready("Hello.") is None
    assert shelf.prepare([("Hello.", None)]) == []
    ready = shelf.ready("Hello.")
    assert ready is not None
    assert ready.text == "Hello."
    assert len(ready.samples) == 600


def test_each_text_is_spoken_once(shelf: Shelf, parrot: Parrot) -> None:
    shelf.prepare([("One.", None), ("Two.", None), ("One.", None), ("One.", "missing.wav")])
    assert sorted(parrot.asked) == ["One.", "Two."]


def test_second_start_speaks_nothing(shelf: Shelf, parrot: Parrot, tmp_path: Path, prompt_dir: Path) -> None:
    shelf.prepare([("Hello.", None)])
    parrot.asked.clear()
    again = Shelf(tmp_path / "cache", prompt_dir, parrot)
    assert again.prepare([("Hello.", None)]) == []
    assert parrot.asked == []
    assert again.ready("Hello.") is not None


def test_damaged_cache_file_is_made_again(shelf: Shelf, parrot: Parrot, tmp_path: Path) -> None:
    shelf.prepare([("Hello.", None)])
    path = Cache(tmp_path / "cache").path("Hello.", parrot.name)
    path.write_bytes(path.read_bytes()[:100])
    parrot.asked.clear()
    assert shelf.prepare([("Hello.", None)]) == []
    assert parrot.asked == ["Hello."]
    assert len(path.read_bytes()) == 44 + 1200


def test_file_of_the_owner_is_said_instead_of_the_text(shelf: Shelf, parrot: Parrot, prompt_dir: Path) -> None:
    write_wav(prompt_dir / "hello.wav", HALF_A_SECOND)
    assert shelf.prepare([("Hello.", "hello.wav")]) == []
    ready = shelf.ready("Hello.", "hello.wav")
    assert ready is not None
    assert np.array_equal(ready.samples, HALF_A_SECOND)
    assert ready.text == "Hello."
    assert "Hello." not in parrot.asked


def test_same_text_with_and_without_a_file_are_two_prompts(shelf: Shelf, prompt_dir: Path) -> None:
    write_wav(prompt_dir / "hello.wav", HALF_A_SECOND)
    shelf.prepare([("Hello.", "hello.wav"), ("Hello.", None)])
    spoken, recorded = shelf.ready("Hello."), shelf.ready("Hello.", "hello.wav")
    assert spoken is not None
    assert recorded is not None
    assert (len(spoken.samples), len(recorded.samples)) == (600, 4000)


def test_file_of_another_rate_is_resampled_and_reported(shelf: Shelf, prompt_dir: Path) -> None:
    write_wav(prompt_dir / "hello.wav", np.zeros((44100, 2), np.int16), 44100)
    (fault,) = shelf.prepare([("Hello.", "hello.wav")])
    assert str(fault) == f"{prompt_dir}/hello.wav: has 44100 Hz: is resampled to 8000 Hz"
    assert fault.severity is Severity.WARNING
    ready = shelf.ready("Hello.", "hello.wav")
    assert ready is not None
    assert ready.duration_s == 1.0


def test_changed_file_is_taken_up_when_prepared_again(shelf: Shelf, prompt_dir: Path) -> None:
    for samples in (HALF_A_SECOND, HALF_A_SECOND[:800]):
        write_wav(prompt_dir / "hello.wav", samples)
        shelf.prepare([("Hello.", "hello.wav")])
        assert len(samples_of(shelf, "Hello.", "hello.wav")) == len(samples)


@pytest.mark.parametrize(("content", "found"), [(None, "cannot be read: No such file"), (b"MP3", "is not a WAV file")])
def test_file_that_cannot_be_used_is_spoken_from_its_text(
    shelf: Shelf, prompt_dir: Path, content: bytes | None, found: str
) -> None:
    if content is not None:
        (prompt_dir / "hello.wav").write_bytes(content)
    (fault,) = shelf.prepare([("Hello.", "hello.wav")])
    assert str(fault).startswith(f"{prompt_dir}/hello.wav: {found}")
    assert str(fault).endswith("; its text is spoken instead")
    assert fault.severity is Severity.WARNING
    assert len(samples_of(shelf, "Hello.", "hello.wav")) == 600


def test_text_that_nothing_can_speak_is_a_chime_and_a_warning(shelf: Shelf, parrot: Parrot) -> None:
    parrot.broken = True
    faults = shelf.prepare([("Hello.", None), ("Bye.", None)])
    assert list(map(str, faults)) == [
        "prompts: 'Hello.': the parrot is silent; a chime is heard instead",
        "prompts: 'Bye.': the parrot is silent; a chime is heard instead",
    ]
    assert samples_of(shelf, "Hello.") == chime("").samples.tolist()
    assert samples_of(shelf, "Bye.") == chime("").samples.tolist()


def test_chime_of_a_bad_day_is_not_kept_in_the_cache(shelf: Shelf, parrot: Parrot) -> None:
    parrot.broken = True
    shelf.prepare([("Hello.", None)])
    parrot.broken = False
    assert shelf.prepare([("Hello.", None)]) == []
    assert len(samples_of(shelf, "Hello.")) == 600


def test_box_without_any_voice_still_has_every_prompt(tmp_path: Path, prompt_dir: Path) -> None:
    mute = Shelf(tmp_path / "cache", prompt_dir, None)
    write_wav(prompt_dir / "hello.wav", HALF_A_SECOND)
    (fault,) = mute.prepare([("Hello.", "hello.wav"), ("Bye.", None), ("Sorry.", None)])
    assert "there is no synthesizer: install festival" in str(fault)
    assert samples_of(mute, "Hello.", "hello.wav") == HALF_A_SECOND.tolist()
    assert samples_of(mute, "Bye.") == chime("").samples.tolist()
    with pytest.raises(SpeechError, match="there is no synthesizer"):
        mute.make("Something else.")


def test_sound_file_without_a_text_is_a_chime_if_it_cannot_be_read(shelf: Shelf, prompt_dir: Path) -> None:
    (fault,) = shelf.prepare([("", "gone.wav")])
    assert str(fault).startswith(f"{prompt_dir}/gone.wav: cannot be read")
    assert str(fault).endswith("; a chime is heard instead")
    assert samples_of(shelf, "", "gone.wav") == chime("").samples.tolist()


def test_sound_files_without_a_text_are_told_apart(shelf: Shelf, prompt_dir: Path) -> None:
    for name, samples in (("a.wav", HALF_A_SECOND), ("b.wav", HALF_A_SECOND[::-1])):
        write_wav(prompt_dir / name, samples)
        shelf.make("", name)
    assert samples_of(shelf, "", "a.wav") == HALF_A_SECOND.tolist()
    assert samples_of(shelf, "", "b.wav") == HALF_A_SECOND[::-1].tolist()


def test_words_made_up_in_a_call_are_ready_the_second_time_but_never_stored(
    shelf: Shelf, parrot: Parrot, tmp_path: Path
) -> None:
    shelf.prepare([])
    before = files_under(tmp_path)
    assert shelf.make("Your card is 4711.").text == "Your card is 4711."
    shelf.make("Your card is 4711.")
    assert parrot.asked.count("Your card is 4711.") == 1
    assert shelf.ready("Your card is 4711.") is not None
    assert files_under(tmp_path) == before


def test_make_takes_what_the_cache_or_the_owner_has(shelf: Shelf, parrot: Parrot, prompt_dir: Path) -> None:
    shelf.prepare([("Hello.", None)])
    shelf.prepare([])
    parrot.asked.clear()
    write_wav(prompt_dir / "bye.wav", HALF_A_SECOND)
    assert len(shelf.make("Hello.").samples) == 600
    assert len(shelf.make("Bye.", "bye.wav").samples) == 4000
    assert parrot.asked == []


def test_make_says_when_the_voice_fails(shelf: Shelf, parrot: Parrot) -> None:
    parrot.broken = True
    with pytest.raises(SpeechError, match="the parrot is silent"):
        shelf.make("Hello.")
    assert shelf.ready("Hello.") is None


def test_memory_of_made_up_words_is_bounded(shelf: Shelf) -> None:
    for number in range(shelf_module.MOST_MADE + 1):
        shelf.make(f"Number {number}.")
    assert shelf.ready("Number 0.") is None
    assert shelf.ready(f"Number {shelf_module.MOST_MADE}.") is not None


def test_one_make_speaks_at_a_time_and_ready_does_not_wait_for_it(shelf: Shelf, parrot: Parrot) -> None:
    shelf.prepare([("Bye.", None)])
    seen = []
    parrot.while_speaking = lambda: seen.append((shelf._making.locked(), shelf.ready("Bye.") is not None))
    shelf.make("Hello.")
    assert seen == [(True, True)]


def test_cache_that_cannot_be_written_is_reported_and_the_prompt_is_ready(
    tmp_path: Path, prompt_dir: Path, parrot: Parrot
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    shelf = Shelf(tmp_path / "cache", prompt_dir, parrot)
    faults = shelf.prepare([("Hello.", None)])
    assert any("cannot be written to: " in str(fault) for fault in faults)
    assert all(fault.severity is Severity.WARNING for fault in faults)
    assert shelf.ready("Hello.") is not None


def test_cache_is_kept_small_but_holds_what_is_wanted(
    shelf: Shelf, parrot: Parrot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.prepare([("Old.", None)])
    monkeypatch.setattr(shelf._cache, "_largest_bytes", 0)
    shelf.prepare([("New.", None)])
    cache = Cache(tmp_path / "cache")
    assert cache.load("New.", parrot.name) is not None
    assert cache.load("Old.", parrot.name) is None


def test_cache_that_cannot_be_tidied_is_reported(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf._cache, "_largest_bytes", 0)
    (tmp_path / "cache" / "folder.wav").mkdir(parents=True)
    (fault,) = shelf.prepare([("Hello.", None)])
    assert str(fault).startswith("prompts: the cache of speech cannot be tidied: ")
    assert shelf.ready("Hello.") is not None


def test_a_secret_is_spoken_and_not_remembered(shelf: Shelf, tmp_path: Path) -> None:
    assert shelf.make("4 1 1 1", secret=True).text == "4 1 1 1"
    assert shelf.ready("4 1 1 1") is None
    assert not list(tmp_path.rglob("*.wav"))
