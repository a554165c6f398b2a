"""The attendant: sits at the line, answers call after call, and lets no fault of one call reach the next.

on-hook: exchange(None) until it has rung `rings` times  ->  answer  ->  frames go round until the call is down
   ^                                                                                             |
   '--------------- on-hook again, window closed, end function, record written  <----------------'
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivrbox.appliance.board import GaveUp, LineBack, LineGone, Rang
from ivrbox.errors import LineLost, LineStuck
from ivrbox.lines.line import SILENCE, CallerId, Ringing
from ivrbox.units import FRAME_SAMPLES, seconds_to_samples

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.appliance.office import Office
    from ivrbox.appliance.visit import Visit
    from ivrbox.cdr import CallRecord
    from ivrbox.lines.line import Heard, Line

log = logging.getLogger(__name__)

RING_GAP = seconds_to_samples(8)
"""Ringing that pauses longer than this has stopped: longer than any cadence's own silence (E.180: 5 s)."""

FRESHEN_UP_EVERY = seconds_to_samples(2)
"""On-hook, changed flows are looked for this often, and whenever it rings."""

REOPEN_AFTER_S = (1, 2, 5, 10, 30)
"""A line that vanished is tried again after so many seconds; the last entry repeats."""


class Attendant:
    """Serves one line. `tick` moves it on by one frame, so a test or a rehearsal can drive it as the line would."""

    def __init__(self, line: Line, office: Office, *, rings: int = 2) -> None:
        """Sit down at an open line; answer after so many bursts of ringing."""
        self._line = line
        self._office = office
        self._rings = rings
        self._bursts = 0
        self._quiet = 0
        self._caller: CallerId | None = None
        self._said: NDArray[np.int16] | None = None
        self.visit: Visit | None = None
        self.last_filed: Future[CallRecord] | None = None

    def serve(self, stop: threading.Event, on_frame: Callable[[], object] = lambda: None) -> None:
        """Answer call after call until told to stop; then end the current call cleanly, its record written.

        `on_frame` is called after each frame, and only then: it is the pulse that a watchdog listens for.
        """
        while not stop.is_set():
            try:
                self.tick()
                on_frame()
            except LineLost as error:
                self._reopen(error, stop)
            except Exception:
                log.exception("line %s: a fault outside of any call", self._line.name)
                self.leave("fault")
                stop.wait(REOPEN_AFTER_S[0])  # a fault that repeats must not spin
        self.leave("box_stopped")

    def tick(self) -> None:
        """Exchange one frame."""
        heard = self._line.exchange(self._said)
        if self.visit is None:
            self._mind_the_bell(heard)
        else:
            self._attend(self.visit, heard)

    def leave(self, reason: str) -> None:
        """End the current call, if there is one, for a reason of the box's own."""
        if self.visit is not None:
            with self._office.holding(self.visit):
                self.visit.call.hang_up(reason)
            self._finish(self.visit)

    def _mind_the_bell(self, heard: Heard) -> None:
        self._quiet += FRAME_SAMPLES
        is_rung = any(isinstance(event, Ringing) for event in heard.events)
        if is_rung or (self._line.capabilities.realtime and self._quiet % FRESHEN_UP_EVERY == 0):
            self._office.freshen_up(wait=not self._line.capabilities.realtime)
        for event in heard.events:
            if isinstance(event, CallerId):
                self._caller, self._quiet = event, 0  # in many countries it comes before the first ring
            elif isinstance(event, Ringing):
                self._count_burst()
        if self._quiet > RING_GAP:
            self._give_up_on_ringing()
        if self._bursts >= self._rings:
            self._answer()

    def _count_burst(self) -> None:
        if not self._bursts:
            self._office.post(Rang())
            self._office.look_around(wait=not self._line.capabilities.realtime)
        self._bursts += 1
        self._quiet = 0

    def _give_up_on_ringing(self) -> None:
        if self._bursts:
            self._office.post(GaveUp())
        self._forget_ringing()

    def _answer(self) -> None:
        number = self._caller.number if self._caller else None
        self._forget_ringing()
        self._line.answer()
        try:
            self.visit = visit = self._office.receive(self._line, number)
        except Exception:
            self._line.hang_up()  # there is no call, so nothing else would put the line on-hook
            raise
        self._said = SILENCE
        with self._office.holding(visit):
            visit.call.answered()
        self._finish_if_down(visit)

    def _attend(self, visit: Visit, heard: Heard) -> None:
        with self._office.holding(visit):
            self._said = visit.call.step(heard)
            if visit.call.flash_wanted:
                visit.call.flash_wanted = False
                self._line.flash()
        self._finish_if_down(visit)

    def _finish_if_down(self, visit: Visit) -> None:
        if not visit.call.is_up:
            self._finish(visit)

    def _finish(self, visit: Visit) -> None:
        self.visit, self._said = None, None
        if self._line.troubles:
            visit.call.note("line_troubles", self._line.troubles)
        try:
            self._line.hang_up()
        finally:
            self.last_filed = self._office.dismiss(visit)

    def _forget_ringing(self) -> None:
        self._bursts, self._quiet, self._caller = 0, 0, None

    def _reopen(self, error: LineLost, stop: threading.Event) -> None:
        log.error("line %s is lost: %s", self._line.name, error, extra={"event": "line_lost"})
        self._office.post(LineGone(str(error)))
        self.leave("line_lost")
        self._forget_ringing()
        self._line.close()
        attempt = 0
        while not stop.wait(REOPEN_AFTER_S[min(attempt, len(REOPEN_AFTER_S) - 1)]):
            try:
                self._line.open()
            except LineStuck:
                raise  # no retry in this process can help: whoever watches it must start another
            except OSError as reason:
                attempt += 1
                log.warning("line %s is still missing: %s", self._line.name, reason)
            else:
                log.info("line %s is back", self._line.name, extra={"event": "line_back"})
                self._office.post(LineBack())
                return
