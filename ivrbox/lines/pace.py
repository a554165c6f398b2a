"""The pace of a line without a device: one frame each 20 ms of wall time, without drift."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ivrbox.units import FRAME_MS

if TYPE_CHECKING:
    from collections.abc import Callable

_FRAME_NS = FRAME_MS * 1_000_000
_STALL_NS = 5 * _FRAME_NS  # what a sound card's buffer would still have bridged


class Pace:
    """A monotonic deadline that moves on by one frame at a time.

    A frame that comes a little late shortens the next wait, so the average never drifts. After a stall that no
    buffer would have bridged (the machine slept) the pace starts afresh instead of racing to catch up.
    """

    def __init__(
        self, clock_ns: Callable[[], int] = time.monotonic_ns, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Take the clock (ns) and the sleeper (s); tests bring their own."""
        self._clock_ns = clock_ns
        self._sleep = sleep
        self._due_ns: int | None = None

    def wait(self) -> None:
        """Sleep until the next frame is due."""
        now = self._clock_ns()
        if self._due_ns is None or now - self._due_ns > _STALL_NS:
            self._due_ns = now
        self._due_ns += _FRAME_NS
        if self._due_ns > now:
            self._sleep((self._due_ns - now) / 1e9)


class NoPace:
    """The pace of a simulated line: as fast as the machine goes."""

    def wait(self) -> None:
        """Return at once."""
