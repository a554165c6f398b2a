"""The loopback line: a telephone line inside the process, with a person at its far end.

It is the line of the demo and of every test: it needs no device, keeps the contract strictly (it complains when used
wrongly, as a real wire cannot), and can be a bad line by parameter.

    far end --> impairments (gain, twist, echo, noise, hum, codec, loss) --> heard by the box
    far end <-------------------------------------------------------------- said by the box
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from ivrbox.errors import IllegalTransition, LineError, LineLost
from ivrbox.lines.far_end import FarEnd
from ivrbox.lines.impairments import Channel, Impairments
from ivrbox.lines.line import SILENCE, Capabilities, Heard, Line
from ivrbox.lines.pace import DOZE_FRAMES, NoPace, Pace
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from ivrbox.lines.line import Frame, LineEvent


class Paced(Protocol):
    """Whatever makes a frame take its time."""

    def wait(self, frames: int = 1) -> None:
        """Return when the next frame is due, or so many frames are."""


class Loopback(Line):
    """A line whose far end, `far`, is driven from the same process.

    `realtime` paces it to 20 ms of wall time a frame; without it a call runs as fast as the machine can. `far` may be
    used from any thread, all else from the one that owns the line.
    """

    def __init__(
        self,
        name: str = "loopback",
        *,
        realtime: bool = False,
        impairments: Impairments | None = None,
        pace: Paced | None = None,
        can_flash: bool = True,
    ) -> None:
        """Make the line; `pace` stands in for the wall clock where a test brings its own."""
        self.name = name
        self.capabilities = Capabilities(realtime=realtime, can_flash=can_flash)
        self.far = FarEnd()
        self._channel = Channel(impairments or Impairments())
        self._pace = pace or (Pace() if realtime else NoPace())
        self._is_open = False
        self._off_hook = False

    def open(self) -> None:
        """Take the line.

        Raises:
            LineError: the wire is cut.
        """
        if self.far.wire_is_cut:
            raise LineError(f"{self.name}: cannot be opened: the wire is cut")
        self._is_open = True

    def close(self) -> None:
        """Hang up and release the line."""
        self.hang_up()
        self._is_open = False

    def answer(self) -> None:
        """Go off-hook.

        Raises:
            IllegalTransition: off-hook already, or nobody is ringing.
            LineLost: the wire is cut.
        """
        self._check_wire("answer")
        if self._off_hook:
            raise IllegalTransition(f"{self.name}: cannot answer off-hook; it was answered already")
        self.far.answered()
        self._off_hook = True

    def hang_up(self) -> None:
        """Go on-hook; idempotent, safe after any fault."""
        if self._off_hook:
            self._off_hook = False
            self.far.box_hung_up()

    def flash(self) -> None:
        """Press the hook for a moment.

        Raises:
            IllegalTransition: on-hook.
            LineError: this line cannot.
        """
        if not self.capabilities.can_flash:
            super().flash()
        if not self._off_hook:
            raise IllegalTransition(f"{self.name}: cannot flash on-hook; answer first")
        self.far.flashes += 1

    def exchange(self, said: Frame | None) -> Heard:
        """Say one frame (None: silence) and hear one.

        Raises:
            IllegalTransition: the line is not open, or something is to be said on-hook.
            LineError: what is to be said is not 160 samples of int16.
            LineLost: the wire is cut.
        """
        self._check_wire("exchange")
        if said is not None:
            self._check_said(said)
        self._pace.wait(1 if self._off_hook else DOZE_FRAMES)
        if not self._off_hook:
            return Heard(SILENCE, self.far.waits())
        return self._talk(SILENCE if said is None else said)

    def _talk(self, said: Frame) -> Heard:
        events: list[LineEvent] = []
        lost = 0
        while self._channel.loses_next():  # the box stalls: neither end hears the other, yet time goes on
            unheard, news = self.far.talks(SILENCE)
            self._channel.push(unheard, SILENCE)
            events += news
            lost += FRAME_SAMPLES
        spoken, news = self.far.talks(said)
        return Heard(self._channel.push(spoken, said), (*events, *news), lost)

    def _check_wire(self, verb: str) -> None:
        if not self._is_open:
            raise IllegalTransition(f"{self.name}: cannot {verb} a line that is not open")
        if self.far.wire_is_cut:
            raise LineLost(f"{self.name}: cannot {verb}: the wire is cut")

    def _check_said(self, said: Frame) -> None:
        if not self._off_hook:
            raise IllegalTransition(f"{self.name}: cannot speak on-hook; answer first")
        if said.shape != (FRAME_SAMPLES,) or said.dtype != np.int16:
            raise LineError(
                f"{self.name}: a frame said must be {FRAME_SAMPLES} samples of int16, "
                f"not {said.dtype} of shape {said.shape}"
            )
