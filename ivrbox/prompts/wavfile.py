"""WAV files: whatever an owner or a synthesizer brings in, and what the box writes out.

Read are PCM samples of 8, 16, 24 or 32 bit, mono or stereo, 4 to 192 kHz, plain or WAVE_FORMAT_EXTENSIBLE. The
standard library's reader refuses the latter before Python 3.12, though it is how most programs write 24 bit; hence a
reader of our own. Written are 16 bit, mono or stereo.

Layout: Microsoft, "Multiple Channel Audio Data and WAVE Files"; IBM and Microsoft, "Multimedia Programming Interface
and Data Specifications 1.0", 1991.
"""

from __future__ import annotations

import os
import secrets
import struct
import wave
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr

from ivrbox.errors import WavError
from ivrbox.units import FULL_SCALE, SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LOWEST_RATE, HIGHEST_RATE = 4000, 192_000
ALLOWED = f"PCM of 8, 16, 24 or 32 bit, mono or stereo, {LOWEST_RATE} to {HIGHEST_RATE} Hz"

PCM, EXTENSIBLE = 0x0001, 0xFFFE
NAMES = {2: "ADPCM", 3: "floating point", 6: "A-law", 7: "mu-law", 0x31: "GSM 06.10", 0x55: "MP3"}

STREAMED = 0x7FFF_0000
"""A data size from here on is what programs write that do not know the length yet: it means "up to the end"."""

CHUNK_HEADER = 8
RIFF_HEADER = 12
FORMAT_SIZE = 16
SUBFORMAT = slice(24, 26)


@dataclass(frozen=True, eq=False)
class Sound:
    """What a WAV file holds: int16 samples, shape (n,) or (n, 2), and their rate in Hz."""

    samples: NDArray[np.int16]
    rate: int

    def mono(self) -> NDArray[np.int16]:
        """One channel, shape (n,): the mean of both where there are two."""
        if self.samples.ndim == 1:
            return self.samples
        return np.asarray(self.samples.mean(axis=1), np.int16)

    def at(self, rate: int) -> Sound:
        """The same sound at another rate in Hz; the same samples on every run."""
        if rate == self.rate:
            return self
        return Sound(_resampled(self.samples, self.rate, rate), rate)


def read_wav(path: Path) -> Sound:
    """Read a sound file.

    Raises:
        WavError: it cannot be opened, is not a WAV file, is cut short, or is none of the formats allowed.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise WavError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_wav(data, str(path))


def parse_wav(data: bytes, name: str) -> Sound:
    """The sound in the bytes of a WAV file; `name` is what errors call it.

    Raises:
        WavError: as `read_wav`.
    """
    try:
        chunks = dict(reversed(list(_chunks(data))))
        layout = _Layout.of(_wanted(chunks, b"fmt "))
        return Sound(layout.samples(_wanted(chunks, b"data")), layout.rate)
    except _Unreadable as reason:
        raise WavError(f"{name}: {reason}; allowed: {ALLOWED}") from None


def write_wav(path: Path, samples: NDArray[np.int16], rate: int = SAMPLE_RATE) -> None:
    """Write int16 samples, shape (n,) or (n, 2), as a WAV file: whole, or not at all, even in a power cut.

    Raises:
        OSError: the file cannot be written; what stood there before still does.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            with wave.open(file, "wb") as wav:
                wav.setparams((samples.shape[1] if samples.ndim > 1 else 1, 2, rate, 0, "NONE", ""))
                wav.writeframes(samples.astype("<i2").tobytes())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


class _Unreadable(Exception):
    """Why the bytes are no sound; becomes the middle of a WavError."""


@dataclass(frozen=True)
class _Layout:
    """How samples lie in the data chunk; checked when it is made."""

    channels: int
    rate: int
    bits: int

    @classmethod
    def of(cls, body: bytes) -> _Layout:
        if len(body) < FORMAT_SIZE:
            raise _Unreadable(f"its fmt chunk has {len(body)} bytes, {FORMAT_SIZE} are the least")
        tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
        if tag == EXTENSIBLE:
            tag = int.from_bytes(body[SUBFORMAT], "little")
        if tag != PCM:
            raise _Unreadable(f"holds {NAMES.get(tag, f'format {tag:#06x}')}")
        if bits not in (8, 16, 24, 32):
            raise _Unreadable(f"has {bits} bit")
        if channels not in (1, 2):
            raise _Unreadable(f"has {channels} channels")
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise _Unreadable(f"has {rate} Hz")
        return cls(channels, rate, bits)

    def samples(self, data: bytes) -> NDArray[np.int16]:
        """The upper 16 bits of each sample; an odd end that is no whole sample is left out."""
        width = self.bits // 8
        whole = len(data) - len(data) % (width * self.channels)
        raw = np.frombuffer(data, np.uint8, whole).reshape(-1, width)
        if width == 1:  # 8 bit alone is unsigned, with silence at 128
            level = (raw[:, 0].astype(np.int16) - 128) * 256
        else:
            level = np.ascontiguousarray(raw[:, -2:]).view("<i2")[:, 0].astype(np.int16)
        return level if self.channels == 1 else level.reshape(-1, self.channels)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each chunk in a RIFF file, in the order they stand."""
    if data[:4] != b"RIFF" or data[8:RIFF_HEADER] != b"WAVE":
        raise _Unreadable("is not a WAV file")
    place = RIFF_HEADER
    while place + CHUNK_HEADER <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        place += CHUNK_HEADER
        if name == b"data" and size >= STREAMED:
            size = len(data) - place
        if name in (b"fmt ", b"data") and place + size > len(data):
            raise _Unreadable(f"is cut short: {len(data) - place} of {size} bytes are there")
        yield name, data[place : place + size]
        place += size + size % 2


def _wanted(chunks: dict[bytes, bytes], name: bytes) -> bytes:
    if name not in chunks:
        raise _Unreadable(f"has no {name.decode().strip()} chunk")
    return chunks[name]


def _resampled(samples: NDArray[np.int16], old: int, new: int) -> NDArray[np.int16]:
    """By way of floats: asked for int16, soxr adds dither, and digital silence would be noise."""
    if len(samples) == 0:
        return samples
    level = soxr.resample(samples.astype(np.float32), old, new)
    return np.asarray(np.clip(np.rint(level), -FULL_SCALE - 1, FULL_SCALE), np.int16)
