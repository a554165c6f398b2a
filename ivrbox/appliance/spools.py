"""The rack of spools: each is used for call after call, and there are only so many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.recordings import Spool

if TYPE_CHECKING:
    from ivrbox.recordings import Recorder

MOST = 8
"""Recordings in memory at a time: of the call that is up, its messages, and calls that are still being sealed."""


class SpoolRack:
    """Hands spools out on the line's thread, and takes them back on any."""

    def __init__(self, seconds: float, most: int = MOST) -> None:
        """Make up to `most` spools with room for so many seconds, each when it is first needed."""
        self._seconds = seconds
        self._most = most
        self._made = 0
        self._spare: list[Spool] = []

    def take(self) -> Spool | None:
        """A free spool; None if all are in use.

        Raises:
            SealError: libsodium is not installed.
        """
        if self._spare:
            return self._spare.pop()
        if self._made >= self._most:
            return None
        spool = Spool(self._seconds)
        self._made += 1
        return spool

    def take_back(self, recorder: Recorder) -> None:
        """Take back, wiped, what a recorder had; nothing happens if it had none, or still has it."""
        if (spool := recorder.release()) is not None:
            self._spare.append(spool)
