"""Callers who speak noise, and what came of their recordings."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.recordings import Archive, Recorder, Spool, key_ring
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass
class Shelf:
    """A folder of recordings, and the identity that opens them."""

    archive: Archive
    identity: Path

    def opened(self, call_id: str) -> NDArray[np.int16]:
        """The kept recording as samples, shape (n, 2), through the archive's own export."""
        out = self.archive.folder.parent / "out.wav"
        self.archive.export(call_id, out, self.identity)
        with wave.open(io.BytesIO(out.read_bytes())) as wav:
            assert wav.getparams()[:3] == (2, 2, 8000)
            return np.frombuffer(wav.readframes(wav.getnframes()), np.int16).reshape(-1, 2)


@pytest.fixture
def spool() -> Spool:
    return Spool(20)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    ring = key_ring(tmp_path / "keys")
    assert ring.made is not None
    return Shelf(Archive(tmp_path / "recordings", ring.recipients), ring.made)


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
