"""Callers who speak noise, and what came of their recordings."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.recordings import Archive, KeyRing, Recorder, Spool, key_ring
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture
def spool() -> Spool:
    return Spool(20)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return key_ring(tmp_path / "keys")


@pytest.fixture
def identity(ring: KeyRing) -> Path:
    """The file that opens what `archive` keeps."""
    assert ring.made is not None
    return ring.made


@pytest.fixture
def archive(tmp_path: Path, ring: KeyRing) -> Archive:
    return Archive(tmp_path / "recordings", ring.recipients)


@pytest.fixture
def opened(tmp_path: Path, archive: Archive, identity: Path) -> Callable[[str], NDArray[np.int16]]:
    """Give a kept recording as samples, shape (n, 2), through the archive's own export."""

    def export(call_id: str) -> NDArray[np.int16]:
        archive.export(call_id, tmp_path / "out.wav", identity)
        with wave.open(str(tmp_path / "out.wav")) as wav:
            assert wav.getparams()[:3] == (2, 2, 8000)
            return np.frombuffer(wav.readframes(wav.getnframes()), np.int16).reshape(-1, 2)

    return export


@pytest.fixture
def noise() -> Callable[..., NDArray[np.int16]]:
    """Make the sound of a call, shape (frames * 160, 2), the same for the same seed."""

    def make(frames: int, seed: int = 1) -> NDArray[np.int16]:
        made = np.random.default_rng(seed).integers(-32768, 32768, (frames * FRAME_SAMPLES, 2))
        return made.astype(np.int16)

    return make


@pytest.fixture
def speak() -> Callable[[Recorder, NDArray[np.int16]], None]:
    """Push sound, shape (n * 160, 2), frame by frame."""

    def push(recorder: Recorder, sound: NDArray[np.int16]) -> None:
        for start in range(0, len(sound), FRAME_SAMPLES):
            frame = sound[start : start + FRAME_SAMPLES]
            recorder.push(frame[:, 0], frame[:, 1])

    return push
