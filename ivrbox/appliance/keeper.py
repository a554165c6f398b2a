"""The keeper: writes records and seals recordings, on workers, and never lets a medium end a call.

    line's thread ── begin, discard ─▶ clerk (rows: short)            ──▶ ledger ──▶ store
                  └─ file ───────────▶ sealer (files: long) ─ promise ──▶   │
                                          └─ then: retention, a look at the medium

Two workers, so that a caller who opts out need not wait until the last caller's hour is sealed on a slow card.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeVar

from ivrbox.appliance.board import Board, Filed
from ivrbox.appliance.retention import tidy
from ivrbox.appliance.worker import WorkerFull
from ivrbox.cdr import MessageRecord
from ivrbox.errors import IvrboxError
from ivrbox.recordings import Recorder, RecordingState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ivrbox.appliance.shelving import Shelving
    from ivrbox.appliance.spools import SpoolRack
    from ivrbox.appliance.worker import Worker
    from ivrbox.calls.message import Message
    from ivrbox.cdr import CallRecord
    from ivrbox.recordings import Archive, Receipt

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Keeper:
    """Owns what outlives a call. The methods are for the line's thread: none of them waits, none raises."""

    def __init__(
        self,
        places: Shelving,
        clerk: Worker,
        sealer: Worker,
        *,
        spools: SpoolRack | None,
        board: Board | None = None,
    ) -> None:
        """Keep things at these places; without spools nothing is recorded."""
        self._places = places
        self._clerk = clerk
        self._sealer = sealer
        self._spools = spools
        self._board = board or Board()

    def recorder(self) -> Recorder:
        """Make ready to record a call or a message, if there is room for it."""
        if self._spools is None:
            return Recorder.off()
        why = self._places.governor.refusal
        if not why:
            try:
                if (spool := self._spools.take()) is not None:
                    return Recorder(spool, tone=self._spools.masked_as_tone)
                why = "recording refused: those of earlier calls are still being stored"
            except OSError as error:
                why = str(error)
        log.warning("nothing is recorded now: %s", why)
        return Recorder.off(why)

    def open(self, call_id: str, line: str, caller: str | None, started: str, state: RecordingState) -> None:
        """Note that a call is up."""
        try:
            self._clerk.submit(lambda: self._places.ledger.begin(call_id, line, caller, started, state))
        except WorkerFull as error:
            log.error("call %s: its beginning is not noted: %s", call_id, error)  # noqa: TRY400 - the end will be

    def write_discard(self, call_id: str, receipt: Receipt) -> Future[None]:
        """Have the record say that the recording is gone; the future is done once that is on the medium."""
        try:
            return self._clerk.submit(lambda: self._places.ledger.discarded(call_id, asdict(receipt)))
        except WorkerFull as error:
            log.error("call %s: its discard is written with its record: %s", call_id, error)  # noqa: TRY400 - it is done
            return _done(None)

    def file(self, record: CallRecord, recorder: Recorder, messages: Sequence[Message] = ()) -> Future[CallRecord]:
        """Seal what is to be kept and write the record; the future holds the record as it was written, or will be."""
        try:
            return self._sealer.submit(lambda: self._filed(record, recorder, messages))
        except WorkerFull as error:
            return _done(self._given_up(record, recorder, messages, str(error)))

    def look_around(self) -> Future[None]:
        """Have the sealer write what waits, let go of what is overdue, and look how much room there is."""
        try:
            return self._sealer.submit(self._look_around)
        except WorkerFull:
            return _done(None)  # there is enough to do, and each call that is filed looks around as well

    # On the sealer's thread

    def _filed(self, record: CallRecord, recorder: Recorder, messages: Sequence[Message]) -> CallRecord:
        sealed = tuple(self._sealed(f"{record.id}-{number}", message) for number, message in enumerate(messages, 1))
        final = self._settled(replace(record, messages=sealed), recorder)
        self._take_back(recorder)
        self._board.post(Filed(final))
        self._after_a_call()
        return final

    def _settled(self, record: CallRecord, recorder: Recorder) -> CallRecord:
        kept = replace(record, recording=RecordingState.KEPT.value, recording_detail=recorder.detail or None)
        if self._is_kept(self._places.archive, recorder, record.id, lambda: self._places.ledger.promise(kept)):
            return kept
        final = _with_recording(record, recorder)
        self._places.ledger.finish(final)
        return final

    def _sealed(self, name: str, message: Message) -> MessageRecord:
        """Store one message; the call's own row, written right after, is what promises it."""
        message.recorder.end()
        is_kept = self._is_kept(self._places.messages, message.recorder, name, lambda: None)
        self._take_back(message.recorder)
        return MessageRecord(name, message.box, message.length_s, "kept" if is_kept else "lost")

    def _is_kept(self, archive: Archive, recorder: Recorder, name: str, promise: Callable[[], object]) -> bool:
        """Seal a recording, and have it promised; whatever goes wrong, it is lost and says why."""
        if recorder.state is not RecordingState.OPEN:
            return False
        try:
            return archive.keep(recorder, name, promise)
        except Exception as error:
            log.exception("%s: could not be sealed", name)
            recorder.lose(f"{type(error).__name__}: {error}")
            return False

    def _look_around(self) -> None:
        self._places.ledger.catch_up()
        self._after_a_call()

    def _after_a_call(self) -> None:
        try:
            places = self._places
            for words in tidy(places.ledger.store, places.archive, places.messages, places.retention):
                log.info("%s", words)
        except IvrboxError as error:
            log.warning("what is overdue stays for now: %s", error)
        self._places.governor.look()

    def _take_back(self, recorder: Recorder) -> None:
        if self._spools is not None:
            self._spools.take_back(recorder)

    def _given_up(self, record: CallRecord, recorder: Recorder, messages: Sequence[Message], why: str) -> CallRecord:
        """On the line's thread: nothing can be stored now, so no sound of this call is; its record waits in memory."""
        log.error("call %s: %s; what was recorded is lost", record.id, why)
        for lost in (recorder, *(message.recorder for message in messages)):
            if lost.state is RecordingState.OPEN:
                lost.lose(why)
            self._take_back(lost)
        gone = tuple(MessageRecord(f"{record.id}-?", message.box, message.length_s, "lost") for message in messages)
        final = _with_recording(replace(record, messages=gone), recorder)
        self._places.ledger.set_aside(final)
        self._board.post(Filed(final))
        return final


def _with_recording(record: CallRecord, recorder: Recorder) -> CallRecord:
    return replace(
        record,
        recording=recorder.state.value,
        recording_detail=recorder.detail or None,
        receipt=asdict(recorder.receipt) if recorder.receipt else None,
    )


def _done(result: Result) -> Future[Result]:
    future: Future[Result] = Future()
    future.set_result(result)
    return future
