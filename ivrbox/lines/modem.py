"""A USB or serial voice modem as a line (V.253 and its relatives), described by a profile.

    exchange(said) --> ModemCall: turns --> Voice: streams --> Dialogue: commands --> Wire: port, reader thread
    heard, events <----- News: rings, caller, digits, hang-up <-------'

Most modems are half duplex: while they play they hear nothing but keys, which their own detector reports. So digits
are events of this line, whichever way it is turned; where a chip says (`+VLS=?`) that it reports none while it
records, the box's detector listens to what is recorded, and the modem is not asked. Never do both tell.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.errors import IllegalTransition, LineError, LineLost
from ivrbox.lines.line import SILENCE, Capabilities, DigitOwner, Heard, Line
from ivrbox.lines.modem_call import ModemCall
from ivrbox.lines.modem_dialogue import Dialogue, Refused
from ivrbox.lines.modem_ladder import answers, climb
from ivrbox.lines.modem_news import News
from ivrbox.lines.modem_profile import profile_for_usb, read_profile
from ivrbox.lines.modem_setup import set_up
from ivrbox.lines.modem_voice import FRAME_S
from ivrbox.lines.modem_wire import SerialWire, usb_id
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivrbox.lines.line import Frame, LineEvent
    from ivrbox.lines.modem_profile import ProfileSpec
    from ivrbox.lines.modem_setup import Setup
    from ivrbox.lines.modem_wire import Wire

log = logging.getLogger(__name__)

AUTO = "auto"
_LATE_S = 5 * FRAME_S
_PHONE_CLOSED = "a line that is not open"


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
        if profile == AUTO:
            profile = profile_for_usb(usb_id(port), profiles)
        self._profile: ProfileSpec = read_profile(profile, profiles)
        self._open_wire = open_wire or (lambda: SerialWire(port, self._profile.port))
        self.capabilities = _capabilities(duplex=self._profile.duplex, realtime=open_wire is None)
        self._news = News(self._profile.codes)
        self._dialogue: Dialogue | None = None
        self._setup: Setup | None = None
        self._call: ModemCall | None = None
        self._fault: str | None = None
        self._due = 0.0
        self._troubles = ""

    def open(self) -> None:
        """Take the port, ask the chip what it can do, and have it wait for rings.

        Raises:
            LineError: no such port, locked, no voice modem, or one that does not come to its senses.
        """
        self.close()
        try:
            self._dialogue = self._connect()
            if not answers(self._dialogue):
                self._dialogue = self._freed(self._dialogue)
            self._make_ready(self._dialogue)
        except OSError as error:
            self._release()
            raise LineError(f"{self.name}: {self._port} cannot be opened: {error}") from error
        self._fault = None

    def close(self) -> None:
        """Hang up and release the port; idempotent, safe after any fault."""
        self.hang_up()
        self._release()

    def answer(self) -> None:
        """Go off-hook. A modem that will not is freed by the ladder, and asked once more.

        Raises:
            IllegalTransition: not open, or off-hook already.
            LineLost: the port has gone, or the modem is beyond help.
        """
        dialogue = self._checked("answer")
        if self._call is not None:
            raise IllegalTransition(f"{self.name}: cannot answer off-hook; it was answered already")
        with self._losses("answer"):
            try:
                self._call = self._pick_up(dialogue)
            except LineError as error:
                log.warning("line %s: cannot go off-hook: %s", self.name, error)
                self._mend(dialogue)
                self._call = self._pick_up(self._checked("answer"))

    def hang_up(self) -> None:
        """Go on-hook; idempotent. A modem that will not is freed by the ladder, so that the next call is answered."""
        call, self._call = self._call, None
        if call is None or self._dialogue is None or self._fault is not None:
            return
        self._troubles = call.troubles
        try:
            try:
                call.end()
                self._put_down(self._dialogue)
            except LineError as error:
                log.warning("line %s: cannot go on-hook: %s", self.name, error)
                self._mend(self._dialogue)
        except OSError as error:
            self._fault = str(error)

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
        dialogue = self._checked("exchange")
        if said is not None:
            self._check_said(said)
        with self._losses("exchange"):
            if self._call is None:
                return Heard(SILENCE, self._wait(dialogue))
            return self._call.exchange(SILENCE if said is None else said)

    def beep(self, hertz: int, ms: int) -> None:
        """Have the modem itself sound a tone (`+VTS`), between `answer` and the first frame: for checks by ear.

        Raises:
            IllegalTransition: the line is not open.
            LineLost: the port has gone, or the modem refuses.
        """
        dialogue = self._checked("beep")
        with self._losses("beep"):
            dialogue.ask(self._profile.tone.format(low=hertz, high=hertz, length=ms // 10), ms / 1000 + 3)

    def _connect(self) -> Dialogue:
        wire = self._open_wire()
        self._due = wire.now()
        return Dialogue(wire, self._profile.start.gap_ms / 1000)

    def _reconnect(self) -> Dialogue:
        self._release()
        self._dialogue = self._connect()
        return self._dialogue

    def _release(self) -> None:
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            with suppress(OSError):  # the device may have gone before
                dialogue.wire.close()

    def _freed(self, dialogue: Dialogue) -> Dialogue:
        freed = climb(self.name, dialogue, self._profile.stop, self._reconnect)
        if freed is None:
            raise LineError("the modem does not answer AT with OK, whatever is tried")
        self._put_down(freed)
        return freed

    def _make_ready(self, dialogue: Dialogue) -> None:
        self._setup = set_up(self.name, dialogue, self._profile)
        duplex = self._profile.duplex
        self.capabilities = _capabilities(duplex=duplex, realtime=dialogue.wire.realtime)
        self._due = dialogue.wire.now()

    def _mend(self, dialogue: Dialogue) -> None:
        """Up the ladder, and ready for the next call; what cannot be mended is told by the next verb."""
        try:
            self._dialogue = self._freed(dialogue)
            self._make_ready(self._dialogue)
        except OSError as error:
            self._fault = str(error)

    def _pick_up(self, dialogue: Dialogue) -> ModemCall:
        assert self._setup is not None  # noqa: S101 - open() has made it
        call = ModemCall(self.name, dialogue, self._profile, self._setup, self._news)
        try:
            call.pick_up(duplex=self.capabilities.duplex)
        except Refused:
            if not self.capabilities.duplex:
                raise
            log.warning("line %s: the modem refuses full duplex (+VTR); going on with half", self.name)
            self.capabilities = _capabilities(duplex=False, realtime=dialogue.wire.realtime)
            call.pick_up(duplex=False)
        return call

    def _put_down(self, dialogue: Dialogue) -> None:
        refusals = []
        for command in self._profile.hook.hang_up:
            try:
                dialogue.ask(command)
            except Refused as error:
                refusals.append(error)
        if len(refusals) == len(self._profile.hook.hang_up):
            raise refusals[-1]

    def _wait(self, dialogue: Dialogue) -> tuple[LineEvent, ...]:
        """A frame goes by on-hook."""
        now = dialogue.wire.now()
        if now - self._due > _LATE_S:
            self._due = now
        self._due += FRAME_S
        events: list[LineEvent] = []
        while True:
            left = self._due - dialogue.wire.now()
            events += self._news.on_hook(dialogue.listen(max(0.0, left)), dialogue.wire.now() * 1000)
            if left <= 0:
                return tuple(events)

    def _checked(self, verb: str) -> Dialogue:
        if self._fault is not None:
            raise LineLost(f"{self.name}: cannot {verb}: {self._fault}")
        if self._dialogue is None:
            raise IllegalTransition(f"{self.name}: cannot {verb} {_PHONE_CLOSED}")
        return self._dialogue

    @contextmanager
    def _losses(self, verb: str) -> Iterator[None]:
        try:
            yield
        except LineLost:
            raise
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
