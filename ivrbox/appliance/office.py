"""The office: makes a call out of the box's parts, and files what is left of it."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivrbox.appliance.backstage import Helpers
from ivrbox.appliance.board import Answered, Board, Ended
from ivrbox.appliance.clock import new_call_id
from ivrbox.appliance.record import record_of
from ivrbox.appliance.visit import Visit
from ivrbox.calls.call import Call, CallParts
from ivrbox.calls.ear import DetectorEar, LineEar
from ivrbox.errors import LineLost
from ivrbox.lines.line import DigitOwner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivrbox.appliance.board import Notice
    from ivrbox.appliance.clock import Clock
    from ivrbox.appliance.functions import FunctionHost
    from ivrbox.appliance.keeper import Keeper
    from ivrbox.appliance.repertoire import Repertoire
    from ivrbox.appliance.worker import Worker
    from ivrbox.cdr import CallRecord, Redactor
    from ivrbox.lines.line import Line
    from ivrbox.prompts.shelves import Shelves

log = logging.getLogger(__name__)

LOOK_EVERY = 300
"""On-hook, the keeper looks around at every so many freshenings: each ten minutes."""


@dataclass(frozen=True)
class Staff:
    """The parts of the box that every call shares."""

    repertoire: Repertoire
    shelf: Shelves
    host: FunctionHost
    speaker: Worker
    reader: Worker
    keeper: Keeper
    redactor: Redactor
    clock: Clock
    shown_caller: Callable[[str], str] = str
    board: Board = field(default_factory=Board)


class Office:
    """Receives callers and dismisses them. No fault of one call reaches the next."""

    def __init__(self, staff: Staff, *, flow: str | None = None, clock: Clock | None = None) -> None:
        """Work with these parts; a rehearsal may enter a flow of its own choice, at a time of its own."""
        self._staff = staff
        self._flow = flow
        self._clock = clock or staff.clock
        self._freshening: Future[None] = Future()
        self._freshening.set_result(None)
        self._freshened = 0

    def freshen_up(self, *, wait: bool) -> None:
        """Have changed flows taken up, between calls; `wait` where the next frame would not."""
        self._freshened += 1
        if self._freshened % LOOK_EVERY == 0:
            self._staff.keeper.look_around()
        if self._freshening.done():
            self._freshening = self._staff.reader.submit(self._staff.repertoire.refresh)
        if wait:
            self._freshening.result()

    def look_around(self, *, wait: bool) -> None:
        """Have the keeper see, before a call, whether there is room to record it; `wait` as above."""
        looked = self._staff.keeper.look_around()
        if wait:
            looked.result()

    def post(self, notice: Notice) -> None:
        """Put a notice on the board."""
        self._staff.board.post(notice)

    def receive(self, line: Line, number: str | None) -> Visit:
        """Make a call for whoever is on the line, which has just gone off-hook."""
        staff = self._staff
        started = self._clock()
        call_id = new_call_id(started)
        recorder = staff.keeper.recorder()
        caller = None if number is None else staff.shown_caller(number)
        staff.keeper.open(call_id, line.name, caller, started.isoformat(timespec="milliseconds"), recorder.state)
        helpers = Helpers(
            staff.host, staff.shelf, staff.speaker, lambda receipt: staff.keeper.write_discard(call_id, receipt)
        )
        can = line.capabilities
        ear = LineEar() if can.digits is DigitOwner.LINE else DetectorEar(can.echo_frames)
        parts = CallParts(
            staff.repertoire.new_dialog(self._flow),
            ear,
            recorder,
            staff.keeper.recorder,
            helpers,
            realtime=can.realtime,
            can_flash=can.can_flash,
        )
        staff.board.post(Answered(call_id, caller))
        log.info("call %s: answered on %s", call_id, line.name, extra={"event": "answered"})
        return Visit(call_id, line.name, caller, started, Call(parts, number, started), recorder)

    @contextmanager
    def holding(self, visit: Visit) -> Iterator[None]:
        """Hold the call's hand for one step: a fault of ours ends this call, never the box."""
        try:
            yield
        except LineLost:
            raise
        except Exception:
            log.exception("call %s: a fault ends it", visit.id, extra={"event": "fault"})
            visit.call.abandon("fault")
        self._keep_secrets(visit)

    def dismiss(self, visit: Visit) -> Future[CallRecord]:
        """Finish a call whose line is on-hook: hear its functions out, close the recording, file the record."""
        with self.holding(visit):
            visit.call.wrap_up()
        visit.recorder.end()
        record = self._staff.redactor.record(record_of(visit))
        self._staff.redactor.forget()
        self.post(Ended(record, visit.call.samples_lost))
        log.info("call %s: %s after %.1f s", visit.id, record.ended, record.duration_s, extra={"event": "ended"})
        return self._staff.keeper.file(record, visit.recorder, visit.call.messages)

    def _keep_secrets(self, visit: Visit) -> None:
        """Have the logs know what they must not say, as soon as the caller has said it."""
        for turn in visit.call.turns[visit.secrets_seen :]:
            if turn.pii:
                self._staff.redactor.add(turn.text)
        visit.secrets_seen = len(visit.call.turns)
