"""The cache of what was synthesized: a folder of WAV files, each addressed by what it says and who says it.

Nothing in it can go stale: another text, voice or `MAKING` is another name. A file that cannot be read counts as
absent. Everything here can be deleted at any time; it is made again.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from ivrbox.errors import WavError
from ivrbox.prompts.clip import Clip
from ivrbox.prompts.wavfile import read_wav, write_wav
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

MAKING = 2
"""Counts the ways in which clips were made; raised when filter, levels, trimming or pauses change."""

LARGEST_BYTES = 64_000_000
"""Size at which the least recently used entries go: a bit over an hour of speech."""


class Cache:
    """Clips on disk, by text and voice."""

    def __init__(self, folder: Path, largest_bytes: int = LARGEST_BYTES) -> None:
        """Use this folder, which is made when first written to."""
        self._folder = folder
        self._largest_bytes = largest_bytes

    def path(self, text: str, voice: str) -> Path:
        """Where the clip of this text stands, or would."""
        address = hashlib.sha256("\0".join((str(MAKING), voice, text)).encode("utf-8", "surrogatepass"))
        return self._folder / f"{address.hexdigest()[:32]}.wav"

    def load(self, text: str, voice: str) -> Clip | None:
        """The clip of this text, marked as used; None if it is not there or not whole."""
        path = self.path(text, voice)
        try:
            sound = read_wav(path)
        except WavError:
            return None
        if sound.rate != SAMPLE_RATE or sound.samples.ndim > 1 or not len(sound.samples):
            return None
        with suppress(OSError):  # a folder that is only readable still serves
            os.utime(path)
        return Clip(sound.samples, text)

    def store(self, clip: Clip, voice: str) -> None:
        """Keep a clip.

        Raises:
            OSError: the folder cannot be written to.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        write_wav(self.path(clip.text, voice), clip.samples)

    def prune(self, keep: Collection[Path]) -> None:
        """Delete what a crash left half written, then the least recently used entries until the size is right.

        `keep` names entries that stay whatever they weigh.
        """
        for part in self._folder.glob(".*.part"):
            part.unlink(missing_ok=True)
        entries = sorted(((path.stat(), path) for path in self._folder.glob("*.wav")), key=_last_used)
        surplus = sum(stat.st_size for stat, _ in entries) - self._largest_bytes
        for stat, path in entries:
            if surplus > 0 and path not in keep:
                path.unlink(missing_ok=True)
                surplus -= stat.st_size


def _last_used(entry: tuple[os.stat_result, Path]) -> int:
    return entry[0].st_mtime_ns
