"""The governor: sees to it that recordings never fill the medium, nor memory, at the cost of what matters more.

It looks at the medium now and then, on a worker, since a medium can be slow to answer; what it saw last is what counts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivrbox.appliance.ledger import Ledger
    from ivrbox.recordings import Archive


@dataclass(frozen=True)
class Room:
    """What was seen of the medium: bytes free and in all, and what is kept there. `refusal`: why nothing more is."""

    free: int = 0
    total: int = 0
    recordings: int = 0
    recordings_bytes: int = 0
    messages: int = 0
    refusal: str = ""


class Governor:
    """Says before each call whether it may be recorded. `room` is what it saw last."""

    def __init__(self, archive: Archive, messages: Archive, ledger: Ledger, reserve: int) -> None:
        """Keep `reserve` bytes of the medium free: one full recording, and what the owner wants to be left."""
        self._archive = archive
        self._messages = messages
        self._ledger = ledger
        self._reserve = reserve
        self.room = Room()

    @property
    def refusal(self) -> str:
        """Why nothing is recorded at present, or nothing."""
        if self._ledger.trouble:
            return f"recording refused: no record could promise it: {self._ledger.trouble}"
        return self.room.refusal

    def look(self) -> None:
        """Look at the medium."""
        try:
            self.room = self._seen()
        except OSError as error:
            self.room = Room(refusal=f"recording refused: {error}")

    def _seen(self) -> Room:
        folder = self._archive.folder
        medium, kept = os.statvfs(folder), self._archive.files()
        refusal = self._archive.refusal(self._reserve)
        if not os.access(folder, os.W_OK):
            refusal = f"recording refused: {folder} is read-only"
        return Room(
            free=medium.f_bavail * medium.f_frsize,
            total=medium.f_blocks * medium.f_frsize,
            recordings=len(kept),
            recordings_bytes=sum(file.bytes for file in kept),
            messages=len(self._messages.files()),
            refusal=refusal,
        )
