"""The pace of a line without a device: one frame each 20 ms of wall time, without drift."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ivrbox.units import FRAME_MS

if TYPE_CHECKING:
    from collections.abc import Callable

_FRAME_NS = FRAME_MS * 1_000_000
_STALL_NS = 5 * _FRAME_NS  # what a sound card's buffer would still have bridged

DOZE_FRAMES = 4
"""On-hook, a line that has nothing to hear may let so many frames go by at one wait, and bring them together.

A ring is then seen up to 80 ms late, which nobody notices, and a box that waits for calls wakes 12 times a second, not
50: most of what an idle box costs is the waking.
"""


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

    def wait(self, frames: int = 1) -> None:
        """Sleep until the next frame is due; with `frames`, until so many are: the next waits then return at once."""
        now = self._clock_ns()
        if self._due_ns is None or now - self._due_ns > _STALL_NS:
            self._due_ns = now
        self._due_ns += _FRAME_NS
        if self._due_ns > now:
            self._sleep((self._due_ns + (frames - 1) * _FRAME_NS - now) / 1e9)


class NoPace:
    """The pace of a simulated line: as fast as the machine goes."""

    def wait(self, frames: int = 1) -> None:
        """Return at once."""
