"""A USB or serial voice modem as a line (V.253 and its relatives), described by a profile.

    exchange(said) --> ModemCall: turns --> Voice: streams --> Dialogue: commands --> Wire: port, reader thread
    heard, events <----- News: rings, caller, digits, hang-up <-------'

Most modems are half duplex: while they play they hear nothing but keys, which their own detector reports. So digits
are events of this line, whichever way it is turned; where a chip says (`+VLS=?`) that it reports none while it
records, the box's detector listens to what is recorded, and the modem is not asked. Never do both tell.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.errors import IllegalTransition, LineError, LineLost
from ivrbox.lines.line import SILENCE, Capabilities, DigitOwner, Heard, Line
from ivrbox.lines.modem_call import ModemCall
from ivrbox.lines.modem_connection import Connection
from ivrbox.lines.modem_dialogue import Refused
from ivrbox.lines.modem_ladder import answers
from ivrbox.lines.modem_news import News
from ivrbox.lines.modem_profile import GENERIC, profile_for_usb, read_profile
from ivrbox.lines.modem_voice import FRAME_S
from ivrbox.lines.modem_wire import SerialWire, usb_id
from ivrbox.lines.pace import DOZE_FRAMES
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivrbox.lines.line import Frame, LineEvent
    from ivrbox.lines.modem_profile import ProfileSpec
    from ivrbox.lines.modem_wire import Wire

log = logging.getLogger(__name__)

AUTO = "auto"
_LATE_S = 5 * FRAME_S
_DOZE_S = (DOZE_FRAMES - 1) * FRAME_S

CHECK_EVERY_S = 600.0
"""A modem that has lost its way while it waited would never ring again: it is asked `AT` so often, and freed."""


class Modem(Line):
    """A voice modem on a serial port. Give the port its name under /dev/serial/by-id: `ttyACM0` may be another's next.

    `profile` is the name of one (`usr5637`), a path, or `auto`: by the USB id, else plain V.253. `open_wire` stands in
    for the serial port, where the modem is simulated in this process.
    """

    def __init__(
        self,
        port: str,
        *,
        name: str = "modem",
        profile: str = AUTO,
        profiles: str | None = None,
        open_wire: Callable[[], Wire] | None = None,
    ) -> None:
        """Read the profile; the port is opened by `open`.

        Raises:
            UnknownName, ConfigError: there is no such profile, or it is at fault.
        """
        self.name = name
        self._port = port
        self._profiles = profiles
        self._is_auto = profile == AUTO
        self._profile: ProfileSpec = read_profile(GENERIC if self._is_auto else profile, profiles)
        self._open_wire = open_wire or (lambda: SerialWire(port, self._profile.port))
        self.capabilities = _capabilities(duplex=self._profile.duplex, realtime=open_wire is None)
        self._news = News(self._profile.codes)
        self._connection: Connection | None = None
        self._call: ModemCall | None = None
        self._fault: str | None = None
        self._troubles = ""
        self._due = 0.0
        self._check_due = 0.0

    def open(self) -> None:
        """Take the port, ask the chip what it can do, and have it wait for rings.

        Raises:
            LineError: no such port, locked, no voice modem, or one that does not come to its senses.
        """
        self.close()
        if self._is_auto:
            self._recognise()
        try:
            self._connection = Connection(self.name, self._profile, self._open_wire)
        except OSError as error:
            raise LineError(f"{self.name}: {self._port} cannot be opened: {error}") from error
        self._fault = None
        self._is_ready(self._connection)

    def close(self) -> None:
        """Hang up and release the port; idempotent, safe after any fault."""
        self.hang_up()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def answer(self) -> None:
        """Go off-hook. A modem that will not is freed by the ladder, and asked once more.

        Raises:
            IllegalTransition: not open, or off-hook already.
            LineLost: the port has gone, or the modem is beyond help.
        """
        connection = self._checked("answer")
        if self._call is not None:
            raise IllegalTransition(f"{self.name}: cannot answer off-hook; it was answered already")
        with self._losses("answer"):
            try:
                self._call = self._pick_up(connection)
            except LineError as error:
                log.warning("line %s: cannot go off-hook: %s", self.name, error)
                self._mend(connection)
                self._call = self._pick_up(connection)

    def hang_up(self) -> None:
        """Go on-hook; idempotent. A modem that will not is freed by the ladder, so that the next call is answered."""
        call, self._call = self._call, None
        if call is None or self._connection is None:
            return
        self._troubles = call.troubles
        if self._fault is not None:
            return
        try:
            self._put_down(call, self._connection)
        except OSError as error:
            self._fault = str(error)  # told by the next verb

    @property
    def troubles(self) -> str:
        """What went wrong in this call, or in the last, and was survived."""
        return self._call.troubles if self._call is not None else self._troubles

    def flash(self) -> None:
        """Press the hook for a moment.

        Raises:
            IllegalTransition: not open, or on-hook.
            LineLost: the port has gone, or the modem refuses.
        """
        self._checked("flash")
        if self._call is None:
            raise IllegalTransition(f"{self.name}: cannot flash on-hook; answer first")
        with self._losses("flash"):
            self._call.flash()

    def exchange(self, said: Frame | None) -> Heard:
        """Say one frame (None: silence) and hear one; the only place that waits.

        Raises:
            IllegalTransition: the line is not open, or something is to be said on-hook.
            LineError: what is to be said is not 160 samples of int16.
            LineLost: the port has gone, or the modem is beyond help.
        """
        connection = self._checked("exchange")
        if said is not None:
            self._check_said(said)
        with self._losses("exchange"):
            if self._call is None:
                return Heard(SILENCE, self._wait(connection))
            return self._call.exchange(SILENCE if said is None else said)

    def beep(self, hertz: int, ms: int) -> None:
        """Have the modem itself sound a tone (`+VTS`), between `answer` and the first frame: for checks by ear.

        Raises:
            IllegalTransition: the line is not open.
            LineLost: the port has gone, or the modem refuses.
        """
        connection = self._checked("beep")
        with self._losses("beep"):
            command = self._profile.tone.format(low=hertz, high=hertz, length=ms // 10)
            connection.dialogue.ask(command, ms / 1000 + 3)

    def _recognise(self) -> None:
        """Only now: at start the modem may not have been plugged in yet, and another may be in its place since."""
        self._profile = read_profile(profile_for_usb(usb_id(self._port), self._profiles), self._profiles)
        self._news = News(self._profile.codes)
        log.info("line %s: %s is taken for a %s", self.name, self._port, self._profile.title)

    def _is_ready(self, connection: Connection) -> None:
        """Waiting for a call begins."""
        wire = connection.dialogue.wire
        self.capabilities = _capabilities(duplex=self._profile.duplex, realtime=wire.realtime)
        self._due = wire.now()
        self._check_due = self._due + CHECK_EVERY_S

    def _mend(self, connection: Connection) -> None:
        connection.mend()
        self._is_ready(connection)

    def _pick_up(self, connection: Connection) -> ModemCall:
        call = ModemCall(self.name, connection.dialogue, self._profile, connection.setup, self._news)
        duplex = self.capabilities.duplex
        try:
            call.pick_up(duplex=duplex)
        except Refused:
            if not duplex:
                raise
            log.warning("line %s: the modem refuses full duplex (+VTR); going on with half", self.name)
            self.capabilities = _capabilities(duplex=False, realtime=self.capabilities.realtime)
            call.pick_up(duplex=False)
        return call

    def _put_down(self, call: ModemCall, connection: Connection) -> None:
        try:
            call.end()
            connection.put_down()
        except LineError as error:
            log.warning("line %s: cannot go on-hook: %s", self.name, error)
            self._mend(connection)

    def _wait(self, connection: Connection) -> tuple[LineEvent, ...]:
        """A frame goes by on-hook."""
        now = connection.dialogue.wire.now()
        if now >= self._check_due:
            self._check(connection, now)
        if now - self._due > _LATE_S:
            self._due = now
        self._due += FRAME_S
        dozes = connection.dialogue.wire.realtime and self._due > now
        events = self._listen_until(self._due + (_DOZE_S if dozes else 0.0), connection)
        if events:  # it is well, and not to be disturbed while it rings
            self._check_due = now + CHECK_EVERY_S
        return tuple(events)

    def _listen_until(self, due: float, connection: Connection) -> list[LineEvent]:
        dialogue = connection.dialogue
        events: list[LineEvent] = []
        left = 1.0
        while left > 0:
            left = due - dialogue.wire.now()
            items = dialogue.listen(max(0.0, left))
            events += self._news.on_hook(items, 1000 * dialogue.wire.now())
        return events

    def _check(self, connection: Connection, now: float) -> None:
        self._check_due = now + CHECK_EVERY_S
        if not answers(connection.dialogue):
            log.warning("line %s: the modem no longer answers", self.name)
            self._mend(connection)

    def _checked(self, verb: str) -> Connection:
        if self._connection is None:
            raise IllegalTransition(f"{self.name}: cannot {verb} a line that is not open")
        if self._fault is not None:
            raise LineLost(f"{self.name}: cannot {verb}: {self._fault}")
        return self._connection

    @contextmanager
    def _losses(self, verb: str) -> Iterator[None]:
        """Whatever ends here has ended the line, until it is opened again."""
        try:
            yield
        except OSError as error:
            self._fault = str(error)
            raise LineLost(f"{self.name}: cannot {verb}: {error}") from error

    def _check_said(self, said: Frame) -> None:
        if self._call is None:
            raise IllegalTransition(f"{self.name}: cannot speak on-hook; answer first")
        if said.shape != (FRAME_SAMPLES,) or said.dtype != np.int16:
            raise LineError(
                f"{self.name}: a frame said must be {FRAME_SAMPLES} samples of int16, "
                f"not {said.dtype} of shape {said.shape}"
            )


def _capabilities(*, duplex: bool, realtime: bool) -> Capabilities:
    owner = DigitOwner.BOX if duplex else DigitOwner.LINE
    return Capabilities(duplex=duplex, digits=owner, realtime=realtime, can_flash=True)
