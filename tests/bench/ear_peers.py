"""Other people's receivers and codecs, reached through their own shared libraries and programs.

Receivers are spandsp (Debian `libspandsp2`) and multimon-ng (`multimon-ng`), codecs GSM 06.10 (`libgsm1`) and Opus
(`libopus0`).
Nothing of theirs is copied; what is not installed raises `Missing`, which names the package.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import soxr
from ear_score import Heard, Ours, Receiver
from ear_signals import RATE, Pcm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 80
"""Samples between two questions to spandsp whether it has heard something: 10 ms."""


class Missing(RuntimeError):
    """A package that the bench needs is not installed."""


@cache
def _library(name: str, package: str) -> ctypes.CDLL:
    found = ctypes.util.find_library(name)
    if found is None:
        raise Missing(f"apt-get install {package}")
    return ctypes.CDLL(found)


class Spandsp:
    """spandsp's `dtmf_rx` with its default settings, as Asterisk's kin use it."""

    name = "spandsp"

    def __init__(self) -> None:
        """Load the library; raises Missing."""
        self._spandsp = _library("spandsp", "libspandsp2")
        self._spandsp.dtmf_rx_init.restype = ctypes.c_void_p
        self._spandsp.dtmf_rx_init.argtypes = [ctypes.c_void_p] * 3
        self._spandsp.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
        self._spandsp.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
        self._spandsp.dtmf_rx_free.argtypes = [ctypes.c_void_p]
        self._digits = ctypes.create_string_buffer(129)

    def hear(self, sound: Pcm, chunk: int = CHUNK) -> list[Heard]:
        """All keys, at the end of the chunk with which each was reported."""
        return list(self._reports(np.ascontiguousarray(sound), chunk))

    def _reports(self, sound: Pcm, chunk: int) -> Iterator[Heard]:
        state = self._spandsp.dtmf_rx_init(None, None, None)
        try:
            for start in range(0, len(sound), chunk):
                size = min(chunk, len(sound) - start)
                self._spandsp.dtmf_rx(state, sound.ctypes.data + 2 * start, size)
                count = self._spandsp.dtmf_rx_get(state, self._digits, 128)
                for digit in self._digits.raw[:count].decode("ascii"):
                    yield Heard(digit, (start + size) / RATE)
        finally:
            self._spandsp.dtmf_rx_free(state)


class Multimon:
    """multimon-ng's DTMF demodulator. It takes 22 050 Hz and prints digits without times."""

    name = "multimon-ng"

    def __init__(self) -> None:
        """Find the program; raises Missing."""
        found = shutil.which("multimon-ng")
        if found is None:
            raise Missing("apt-get install multimon-ng")
        self._command = [found, "-q", "-t", "raw", "-a", "DTMF", "/dev/stdin"]

    def hear(self, sound: Pcm) -> list[Heard]:
        """All keys in order, at unknown times."""
        wave = soxr.resample(sound.astype(np.float32) / 32768, RATE, 22050)
        raw = np.clip(np.rint(wave * 32768), -32768, 32767).astype("<i2").tobytes()
        run = subprocess.run(self._command, input=raw, capture_output=True, check=False)
        lines = run.stdout.decode("ascii", "replace").splitlines()
        return [Heard(line.split()[1], float("nan")) for line in lines if line.startswith("DTMF: ")]


RECEIVERS: dict[str, Callable[[], Receiver]] = {each.name: each for each in (Ours, Spandsp, Multimon)}
"""All that can be examined, by name."""


def _gsm() -> ctypes.CDLL:
    library = _library("gsm", "libgsm1")
    library.gsm_create.restype = ctypes.c_void_p
    for function in (library.gsm_encode, library.gsm_decode):
        function.argtypes = [ctypes.c_void_p] * 3
    library.gsm_destroy.argtypes = [ctypes.c_void_p]
    return library


GSM_BYTES = 33
GSM_FRAME = 160


def gsm_encode(sound: Pcm) -> bytes:
    """The sound as GSM 06.10 full rate: 33 bytes for each 20 ms."""
    library = _gsm()
    coder = library.gsm_create()
    padded = _whole_frames(sound, GSM_FRAME)
    data = np.empty(len(padded) // GSM_FRAME * GSM_BYTES, dtype=np.uint8)
    for frame in range(len(padded) // GSM_FRAME):
        library.gsm_encode(coder, padded.ctypes.data + 2 * GSM_FRAME * frame, data.ctypes.data + GSM_BYTES * frame)
    library.gsm_destroy(coder)
    return data.tobytes()


def gsm_decode(data: bytes) -> Pcm:
    """The sound of GSM 06.10 frames."""
    library = _gsm()
    decoder = library.gsm_create()
    frames = np.frombuffer(data[: len(data) // GSM_BYTES * GSM_BYTES], dtype=np.uint8)
    sound = np.empty(len(frames) // GSM_BYTES * GSM_FRAME, dtype=np.int16)
    for frame in range(len(frames) // GSM_BYTES):
        library.gsm_decode(decoder, frames.ctypes.data + GSM_BYTES * frame, sound.ctypes.data + 2 * GSM_FRAME * frame)
    library.gsm_destroy(decoder)
    return sound


def gsm(sound: Pcm) -> Pcm:
    """The sound through GSM 06.10 full rate and back."""
    return gsm_decode(gsm_encode(sound))[: len(sound)]


def _whole_frames(sound: Pcm, frame: int) -> Pcm:
    return np.concatenate([sound, np.zeros(-len(sound) % frame, dtype=np.int16)])


OPUS_APPLICATION_VOIP = 2048
OPUS_FRAME = 160


def opus(sound: Pcm) -> Pcm:
    """The sound through Opus at 8 kHz, 20 ms frames, voice settings as they come, and back."""
    library = _library("opus", "libopus0")
    for create in (library.opus_encoder_create, library.opus_decoder_create):
        create.restype = ctypes.c_void_p
    library.opus_encode.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    library.opus_decode.argtypes = [
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_void_p,
        *[ctypes.c_int] * 2,
    ]
    for destroy in (library.opus_encoder_destroy, library.opus_decoder_destroy):
        destroy.argtypes = [ctypes.c_void_p]
    error = ctypes.c_int()
    coder = library.opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, ctypes.byref(error))
    decoder = library.opus_decoder_create(RATE, 1, ctypes.byref(error))
    packet = ctypes.create_string_buffer(1500)
    padded = _whole_frames(sound, OPUS_FRAME)
    heard = np.empty_like(padded)
    for start in range(0, len(padded), OPUS_FRAME):
        size = library.opus_encode(coder, padded.ctypes.data + 2 * start, OPUS_FRAME, packet, 1500)
        library.opus_decode(decoder, packet, size, heard.ctypes.data + 2 * start, OPUS_FRAME, 0)
    library.opus_encoder_destroy(coder)
    library.opus_decoder_destroy(decoder)
    return heard[: len(sound)]
