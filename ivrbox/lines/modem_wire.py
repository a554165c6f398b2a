"""The serial port of a modem: one thread that reads it, a bounded ring, and writes that wait no longer than they may.

    port --> reader thread --> ring (bounded, counts what it loses) --> read()

`Wire` is all that the modem line knows of a port. The in-process simulated modem (`modem_sim_wire`) is one too, with a
clock of its own, so that a call over a modem can be rehearsed in simulated time.
"""

from __future__ import annotations

import errno
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import serial
from serial.tools import list_ports

if TYPE_CHECKING:
    from ivrbox.lines.modem_profile import PortSpec

RING_BYTES = 32_000
"""Four seconds of 8-bit sound: far more than the box ever falls behind, and little memory."""

WRITE_LIMIT_S = 2.0
"""A modem that has not taken what was written within this time is stuck."""

_BY_ID = Path("/dev/serial/by-id")
_ADVICE = {
    errno.ENOENT: "there is no such port",
    errno.ELOOP: "its links lead round in a circle",
    errno.EACCES: "permission denied: add the user to the group that owns it (dialout)",
    errno.EPERM: "permission denied: add the user to the group that owns it (dialout)",
    errno.EAGAIN: "another program has locked it (is ModemManager probing it?)",
    errno.EBUSY: "another program has locked it (is ModemManager probing it?)",
}


class Wire(Protocol):
    """A port that is open. Every method raises OSError when the device has gone."""

    realtime: bool

    def now(self) -> float:
        """Seconds of the clock that this wire runs by; it only goes on."""

    def read(self, limit_s: float) -> bytes:
        """Bytes that have come; waits up to `limit_s` for the first of them, and gives none after that."""

    def write(self, data: bytes) -> None:
        """Send all of these; waits while the modem's buffer is full."""

    def take_lost(self) -> int:
        """Bytes that came and were dropped since the last time this was asked."""

    def close(self) -> None:
        """Release the port; idempotent."""


class ByteRing:
    """What was read and not yet taken: bounded; the oldest goes when it is full, and is counted."""

    def __init__(self, limit: int = RING_BYTES) -> None:
        """Hold at most so many bytes."""
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._lost = 0
        self._fault: OSError | None = None
        self._news = threading.Condition()

    def put(self, data: bytes) -> None:
        """Add what was read."""
        with self._news:
            self._pieces.append(data)
            self._held += len(data)
            while self._held > self._limit:
                dropped = len(self._pieces.popleft())
                self._held -= dropped
                self._lost += dropped
            self._news.notify()

    def break_off(self, fault: OSError) -> None:
        """Nothing more will come: once the ring is empty, taking raises this."""
        with self._news:
            self._fault = fault
            self._news.notify()

    def take(self, limit_s: float) -> bytes:
        """All that is there; waits for the first of it. Raises the fault that ended the stream."""
        with self._news:
            self._news.wait_for(lambda: self._pieces or self._fault, limit_s)
            if not self._pieces and self._fault is not None:
                raise OSError(str(self._fault)) from self._fault
            taken = b"".join(self._pieces)
            self._pieces.clear()
            self._held = 0
            return taken

    def take_lost(self) -> int:
        """Bytes dropped since the last time."""
        with self._news:
            lost, self._lost = self._lost, 0
            return lost


class SerialWire:
    """A real serial port, held exclusively."""

    realtime = True

    def __init__(self, port: str, spec: PortSpec) -> None:
        """Open the port.

        Raises:
            OSError: it is not there, is locked, or may not be used; the message says which.
        """
        try:
            self._port = serial.Serial(port, spec.baud, write_timeout=WRITE_LIMIT_S, rtscts=spec.rtscts, exclusive=True)
        except (serial.SerialException, ValueError) as error:
            raise OSError(_advice(error)) from error
        self._ring = ByteRing()
        self._closing = False
        self._reader = threading.Thread(target=self._read, name=f"modem {port}", daemon=True)
        self._reader.start()

    def now(self) -> float:
        """Wall seconds, monotonic."""
        return time.monotonic()

    def read(self, limit_s: float) -> bytes:
        """Take what the reader thread has brought."""
        return self._ring.take(limit_s)

    def write(self, data: bytes) -> None:
        """Send; a modem that takes nothing for 2 s is as good as gone."""
        self._port.write(data)

    def take_lost(self) -> int:
        """Bytes that the ring had no room for."""
        return self._ring.take_lost()

    def close(self) -> None:
        """Stop the reader and release the port."""
        if self._closing:
            return
        self._closing = True
        self._port.cancel_read()
        self._reader.join(WRITE_LIMIT_S)
        self._port.close()

    def _read(self) -> None:
        try:
            while not self._closing:
                if data := self._port.read(1):
                    self._ring.put(data + self._port.read(self._port.in_waiting))
        except (OSError, TypeError) as error:  # TypeError: pyserial's own descriptor has become None in a race
            self._ring.break_off(OSError(f"the port has gone: {error}"))


def _advice(error: Exception) -> str:
    number = getattr(error, "errno", None)
    text = _ADVICE.get(number, str(error)) if number is not None else str(error)
    return f"{text}; there are {_ports()}" if number == errno.ENOENT else text


def _ports() -> str:
    found = sorted(map(str, _BY_ID.glob("*"))) if _BY_ID.is_dir() else []
    return ", ".join(found) or "no serial ports with a name under /dev/serial/by-id"


def usb_id(port: str) -> str:
    """The USB vendor and product of a serial port, as `0baf:0303`; empty for one that is not on USB, or not there."""
    try:
        device = str(Path(port).resolve())
    except (OSError, RuntimeError, ValueError):  # links that go round, or no name at all: opening it will say so
        return ""
    for found in list_ports.comports():
        if found.device == device and found.vid is not None:
            return f"{found.vid:04x}:{found.pid:04x}"
    return ""
