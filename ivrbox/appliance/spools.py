"""The rack of spools: each is used for call after call, and there are only so many."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from weakref import WeakSet

from ivrbox.recordings import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from ivrbox.recordings import Recorder

log = logging.getLogger(__name__)

MOST = 8
"""Recordings in memory at a time: of the call that is up, its messages, and calls that are still being sealed."""


class SpoolRack:
    """Hands spools out on the line's thread, and takes them back on any.

    One that is not given back but let go of, by a message that its caller dropped, makes room for another as well.
    """

    def __init__(
        self, seconds: float, most: int = MOST, *, overflow: Path | None = None, masked_as_tone: bool = False
    ) -> None:
        """Make up to `most` spools with room for so many seconds, each when it is first needed.

        A call that lasts longer goes on in the folder `overflow`, if there is one. `masked_as_tone` says what its
        recorders shall put in the place of secrets: a soft tone, or silence.
        """
        self.masked_as_tone = masked_as_tone
        self._seconds = seconds
        self._overflow = overflow
        self._most = most
        self._is_first = True
        self._alive: WeakSet[Spool] = WeakSet()
        self._spare: list[Spool] = []

    def take(self) -> Spool | None:
        """A free spool; None if all are in use.

        Raises:
            SealError: libsodium is not installed.
        """
        if self._spare:
            return self._spare.pop()
        if len(self._alive) >= self._most:
            return None
        spool = Spool(self._seconds, overflow=self._overflow)
        self._alive.add(spool)
        for warning in spool.warnings if self._is_first else ():
            log.warning("%s", warning)
        self._is_first = False
        return spool

    def take_back(self, recorder: Recorder) -> None:
        """Take back, wiped, what a recorder had; nothing happens if it had none, or still has it."""
        if (spool := recorder.release()) is not None:
            self._spare.append(spool)
