"""The cache on disk: what is in it is whole and never stale, and it does not grow without end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.prompts import cache as cache_module
from ivrbox.prompts.cache import Cache
from ivrbox.prompts.clip import Clip
from ivrbox.prompts.wavfile import read_wav, write_wav

if TYPE_CHECKING:
    from pathlib import Path


def clip(text: str, samples: int = 800) -> Clip:
    return Clip(np.arange(samples, dtype=np.int16), text)


def stored(cache: Cache, text: str, used: int) -> Path:
    """An entry that was last used at this time; later is more."""
    cache.store(clip(text), "voice")
    os.utime(cache.path(text, "voice"), (used, used))
    return cache.path(text, "voice")


def test_stored_clip_comes_back_as_a_telephone_wav(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "a" / "b")
    cache.store(clip("Hello."), "voice")
    back = cache.load("Hello.", "voice")
    assert back is not None
    assert back.text == "Hello."
    assert np.array_equal(back.samples, clip("Hello.").samples)
    assert read_wav(cache.path("Hello.", "voice")).rate == 8000


def test_another_text_voice_or_making_is_another_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    cache.store(clip("Hello."), "voice")
    assert cache.load("Hello!", "voice") is None
    assert cache.load("Hello.", "other") is None
    monkeypatch.setattr(cache_module, "MAKING", cache_module.MAKING + 1)
    assert cache.load("Hello.", "voice") is None


def test_any_text_has_an_address(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    paths = {cache.path(text, "voice") for text in ("", "/", "../x", "\0", "\ud800", "long " * 1000)}
    assert len(paths) == 6
    assert all(path.parent == tmp_path and len(path.name) == 36 for path in paths)


@pytest.mark.parametrize("left", [0, 20, 44, 1000])
def test_file_cut_by_a_crash_counts_as_absent(tmp_path: Path, left: int) -> None:
    cache = Cache(tmp_path)
    cache.store(clip("Hello."), "voice")
    path = cache.path("Hello.", "voice")
    path.write_bytes(path.read_bytes()[:left])
    assert cache.load("Hello.", "voice") is None


@pytest.mark.parametrize(("shape", "rate"), [((800,), 16000), ((800, 2), 8000), ((0,), 8000)])
def test_wav_of_another_kind_counts_as_absent(tmp_path: Path, shape: tuple[int, ...], rate: int) -> None:
    cache = Cache(tmp_path)
    write_wav(cache.path("Hello.", "voice"), np.zeros(shape, np.int16), rate)
    assert cache.load("Hello.", "voice") is None


def test_least_recently_used_entries_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, largest_bytes=2 * (1600 + 44))
    paths = [stored(cache, text, used) for text, used in (("old", 1), ("new", 3), ("middle", 2))]
    cache.prune(keep=())
    assert [path.exists() for path in paths] == [False, True, True]


def test_use_makes_an_entry_young(tmp_path: Path) -> None:
    cache = Cache(tmp_path, largest_bytes=1600 + 44)
    paths = [stored(cache, text, used) for text, used in (("old", 1), ("new", 2))]
    cache.load("old", "voice")
    cache.prune(keep=())
    assert [path.exists() for path in paths] == [True, False]


def test_wanted_entries_stay_whatever_they_weigh(tmp_path: Path) -> None:
    cache = Cache(tmp_path, largest_bytes=0)
    wanted, other = stored(cache, "wanted", 1), stored(cache, "other", 2)
    cache.prune(keep={wanted})
    assert wanted.exists()
    assert not other.exists()


def test_scraps_of_a_crashed_write_go_and_other_files_stay(tmp_path: Path) -> None:
    scrap, other = tmp_path / ".abc.wav.1234.part", tmp_path / "README"
    scrap.touch()
    other.touch()
    Cache(tmp_path).prune(keep=())
    assert not scrap.exists()
    assert other.exists()


def test_cache_that_does_not_exist_yet_can_be_pruned_and_asked(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "not-yet")
    cache.prune(keep=())
    assert cache.load("Hello.", "voice") is None
