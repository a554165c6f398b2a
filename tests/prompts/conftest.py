"""Makers of sound files."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


MakeWav = Callable[..., bytes]


@pytest.fixture(scope="session")
def wav_bytes() -> MakeWav:
    """A maker of WAV files, of any layout, right or wrong."""

    def make(  # noqa: PLR0913 - each field of the header, to be set wrong one at a time
        data: bytes,
        *,
        bits: int = 16,
        channels: int = 1,
        rate: int = 8000,
        tag: int = 1,
        extra: bytes = b"",
        size: int | None = None,
    ) -> bytes:
        block = channels * bits // 8
        form = struct.pack("<HHIIHH", tag, channels, rate, rate * block % 2**32, block, bits) + extra
        chunks = b"fmt " + struct.pack("<I", len(form)) + form
        chunks += b"data" + struct.pack("<I", len(data) if size is None else size) + data
        return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks

    return make


@pytest.fixture
def ramp() -> NDArray[np.int16]:
    return np.arange(-32000, 32000, 40, dtype=np.int16)


@pytest.fixture
def prompt_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    folder.mkdir()
    return folder
