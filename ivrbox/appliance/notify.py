"""What systemd is told, by its own protocol: that the line is open, that frames move, and how things stand.

The watchdog is fed by frames and by nothing else: a process that lives, but whose line stands still, is replaced.
Outside of systemd all of this is silence.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Self

from ivrbox.units import FRAME_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

MEALS = 15
"""The watchdog is fed so many times within its patience: a line that needs most of it for itself is to have it."""


class Supervisor:
    """The supervisor of this process, if it has one; a message never waits and never raises."""

    def __init__(self, address: str = "", patience_s: float = 0.0) -> None:
        """Talk to the socket at `address` ("@..." is an abstract one); the watchdog waits `patience_s`, 0: for ever."""
        self.is_there = bool(address)
        self.is_ready = False
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._frames_a_meal = max(1, int(patience_s * 1000 / FRAME_MS / MEALS)) if patience_s else 0
        self._frames = 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Find out from systemd's variables who is there, and how patient: sd_notify(3), sd_watchdog_enabled(3)."""
        microseconds = environment.get("WATCHDOG_USEC", "0")
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        patience_s = int(microseconds) / 1e6 if is_ours and microseconds.isdecimal() else 0.0
        return cls(environment.get("NOTIFY_SOCKET", ""), patience_s)

    def ready(self, status: str) -> None:
        """The line is open: from here on the watchdog watches."""
        self.is_ready = True
        self._tell("READY=1", f"STATUS={status}")

    def status(self, words: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={words}")

    def still_starting(self, seconds: float, words: str) -> None:
        """The start needs up to so many seconds more, and is to be given them."""
        self._tell(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}", f"STATUS={words}")

    def stopping(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1", "STATUS=stopping")

    def frame(self) -> None:
        """One frame went over the line."""
        if not self._frames_a_meal:
            return
        self._frames += 1
        if self._frames >= self._frames_a_meal:
            self._frames = 0
            self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if not self.is_there:
            return
        message = "\n".join(line.replace("\n", " ") for line in lines)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
            wire.settimeout(0)
            try:
                wire.sendto(message.encode(), self._address)
            except OSError:
                return  # a supervisor that does not listen is no reason to leave a caller
