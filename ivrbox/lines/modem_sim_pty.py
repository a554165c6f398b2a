"""A simulated modem on a pseudo-terminal, in real time: any program takes it for a serial port with a modem.

    program <--> /tmp/ttyV0 -> /dev/pts/N <--> PtyModem --> SimModem --> a person at the far end

A full buffer is back-pressure: what the program writes waits in the terminal until the modem has room. Closing the
port drops DTR. Cutting the far end's wire unplugs the modem: the terminal and its link vanish until it is mended.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
import tty
from typing import TYPE_CHECKING, Self

import numpy as np

from ivrbox.errors import LineError
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from ivrbox.lines.modem_sim import SimModem

_MOST = 4096


class PtyModem:
    """Runs a simulated modem behind `link`. Use as a context manager: the link is there while it is open."""

    def __init__(
        self,
        modem: SimModem,
        link: Path,
        *,
        speed: float = 1.0,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`speed` makes the modem's time run that much faster than the wall's, for rehearsals."""
        self._modem = modem
        self._link = link
        self._speed = speed
        self._clock = clock
        self._random = np.random.default_rng(seed)
        self._master: int | None = None
        self._slave_name = ""
        self._port_is_open = False
        self._received = b""
        self._unsent = b""
        self._began = clock()

    def __enter__(self) -> Self:
        """Plug the modem in.

        Raises:
            LineError: the link cannot be made.
        """
        self._plug_in()
        self._began = self._clock() - self._modem.clock / SAMPLE_RATE / self._speed
        return self

    def __exit__(self, *_: object) -> None:
        """Unplug the modem."""
        self._unplug()

    @property
    def is_in_use(self) -> bool:
        """Whether a program has the port open."""
        return self._port_is_open

    def run(self, stop: threading.Event) -> None:
        """Be a modem until told to stop."""
        while not stop.is_set():
            self.step()

    def step(self) -> None:
        """Be a modem for a moment: until it has something to do, at most a frame (20 ms of its time).

        When the machine was late it catches up frame by frame, so that what waits in the terminal is in time for it.
        """
        now = round((self._clock() - self._began) * SAMPLE_RATE * self._speed)
        self._modem.advance_to(min(now, self._modem.next_due))
        self._mind_the_plug()
        if self._master is None or not self._exchange(self._master):
            time.sleep(self._until_next)  # nobody has the port open, so there is nothing to wait for but time

    @property
    def _until_next(self) -> float:
        left = self._modem.next_due / SAMPLE_RATE / self._speed - (self._clock() - self._began)
        return max(0.0, left)

    def _exchange(self, master: int) -> bool:
        """Carry bytes both ways until the modem's next event; tell whether the port is open."""
        wanted = (0 if self._received else select.POLLIN) | (select.POLLOUT if self._unsent else 0)
        poll = select.poll()
        poll.register(master, wanted)
        happened = dict(poll.poll(1000 * self._until_next)).get(master, 0)
        if happened & select.POLLHUP:
            self._let_go()
            return False
        self._port_is_open = True
        if happened & select.POLLIN:
            self._received = os.read(master, _MOST)
        self._received = self._received[self._modem.receive(self._received) :]
        self._send(master)
        return True

    def _send(self, master: int) -> None:
        """In pieces of odd lengths, as a USB modem's packets come."""
        while data := self._unsent or self._modem.take(int(self._random.integers(1, 500))):
            try:
                self._unsent = data[os.write(master, data) :]
            except BlockingIOError:
                self._unsent = data
            if self._unsent:
                return

    def _let_go(self) -> None:
        if self._port_is_open:
            self._modem.port_closed()
        self._port_is_open, self._received, self._unsent = False, b"", b""
        self._modem.take()

    def _mind_the_plug(self) -> None:
        is_cut = self._modem.far.wire_is_cut
        if is_cut and self._master is not None:
            self._modem.power_up()
            self._unplug()
        elif not is_cut and self._master is None:
            self._plug_in()

    def _plug_in(self) -> None:
        master, slave = os.openpty()
        tty.setraw(slave)  # or the terminal would echo RING back as a command before anyone opens it
        self._slave_name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(master, False)
        self._master, self._port_is_open = master, False
        try:
            if self._link.is_symlink():
                self._link.unlink()
            self._link.symlink_to(self._slave_name)
        except OSError as error:
            os.close(master)
            self._master = None
            raise LineError(f"{self._link}: cannot be made a link to {self._slave_name}: {error.strerror}") from error

    def _unplug(self) -> None:
        master, self._master = self._master, None
        self._received = self._unsent = b""
        if master is None:
            return
        os.close(master)
        with contextlib.suppress(OSError):  # somebody else may have removed it
            if str(self._link.readlink()) == self._slave_name:
                self._link.unlink()
