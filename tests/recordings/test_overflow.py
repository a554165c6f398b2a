from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ivrbox.recordings import Recorder, RecordingState, Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.recordings import Archive

    Speak = Callable[[Recorder, NDArray[np.int16]], None]
    Opened = Callable[[str], NDArray[np.int16]]
    Noise = Callable[..., NDArray[np.int16]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "overflow"


def row() -> None:
    """The record is written."""


def test_a_call_longer_than_its_room_is_kept_whole(
    folder: Path, archive: Archive, opened: Opened, speak: Speak, noise: Noise
) -> None:
    recorder, sound = Recorder(Spool(2, overflow=folder)), noise(533)
    speak(recorder, sound)
    recorder.end()
    assert recorder.detail == ""
    assert archive.keep(recorder, "a", row)
    assert (opened("a") == sound).all()


def test_overflow_has_no_name_and_no_sound_in_it(folder: Path, speak: Speak, noise: Noise) -> None:
    spool = Spool(1, overflow=folder)
    recorder, sound = Recorder(spool), noise(400)
    speak(recorder, sound)
    assert list(folder.iterdir()) == []
    assert spool._overflow is not None
    assert spool._overflow._file is not None
    stored = os.pread(spool._overflow._file, 1 << 20, 0)
    assert len(stored) > 100_000
    assert not any(sound[at : at + 4].tobytes() in stored for at in range(8000, 40000, 97))
    receipt = recorder.discard()
    assert receipt.verified
    assert receipt.method.endswith("overflow (sealed under that key) truncated and synced")
    assert not spool._overflow.is_used


def test_a_short_call_never_opens_an_overflow(folder: Path, speak: Speak, noise: Noise) -> None:
    recorder = Recorder(Spool(20, overflow=folder))
    speak(recorder, noise(200))
    assert recorder.discard().method == "key destroyed, memory zeroed; never stored"
    assert not folder.exists()


def test_a_full_medium_stops_the_recording_not_the_call(
    folder: Path, speak: Speak, noise: Noise, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, written = Recorder(Spool(1, overflow=folder)), []
    real = os.pwrite

    def pwrite(file: int, data: bytes, at: int) -> int:
        written.append(at)
        return real(file, data, at) if len(written) < 3 else 7

    monkeypatch.setattr(os, "pwrite", pwrite)
    speak(recorder, noise(500))
    recorder.end()
    assert recorder.state is RecordingState.OPEN
    assert recorder.samples == 3 * 8000
    assert recorder.detail.startswith("recording stopped after 3 s: ")
    assert "took only part of a chunk" in recorder.detail
    assert len(written) == 3, "nothing is tried again for every second that follows"


def test_overflow_that_cannot_be_synced_is_not_called_verified(
    folder: Path, speak: Speak, noise: Noise, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_file: int) -> None:
        raise OSError("the card is gone")

    spool = Spool(1, overflow=folder)
    recorder = Recorder(spool)
    speak(recorder, noise(200))
    monkeypatch.setattr(os, "fsync", broken)
    assert not recorder.discard().verified
    assert not spool._vault.bytes.any(), "it is unreadable all the same"
