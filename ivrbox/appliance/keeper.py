"""The keeper: writes records and seals recordings, on a worker, in the order in which calls ask for it."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from ivrbox.cdr import MessageRecord
from ivrbox.recordings import Recorder, RecordingState, Spool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from ivrbox.appliance.worker import Worker
    from ivrbox.calls.message import Message
    from ivrbox.cdr import CallRecord, Store
    from ivrbox.recordings import Archive, Receipt

log = logging.getLogger(__name__)


class Keeper:
    """Owns what outlives a call: the store, the archive, and the spools that calls record into."""

    def __init__(
        self, store: Store, archive: Archive, messages: Archive, worker: Worker, *, spool_s: float | None
    ) -> None:
        """Keep records in `store`; `spool_s` is the room for a recording in seconds, None to record nothing."""
        self._store = store
        self._archive = archive
        self._messages = messages
        self._worker = worker
        self._spool_s = spool_s
        self._spare: list[Spool] = []

    def recorder(self) -> Recorder:
        """Make ready to record a call, in a spool that was used before if one is free."""
        if self._spool_s is None:
            return Recorder.off()
        try:
            spool = self._spare.pop() if self._spare else Spool(self._spool_s)
        except OSError as error:
            log.warning("this call is not recorded: %s", error)
            return Recorder.off(str(error))
        return Recorder(spool)

    def open(self, call_id: str, line: str, caller: str | None, started: str, state: RecordingState) -> None:
        """Note that a call is up."""
        self._worker.submit(lambda: self._store.begin(call_id, line, caller, started, state))

    def write_discard(self, call_id: str, receipt: Receipt) -> Future[None]:
        """Have the record say that the recording is gone; the future is done once that is on the medium."""
        return self._worker.submit(lambda: self._store.discarded(call_id, asdict(receipt)))

    def file(self, record: CallRecord, recorder: Recorder, messages: Sequence[Message] = ()) -> Future[CallRecord]:
        """Seal what is to be kept and write the record; the future holds the record as written."""
        return self._worker.submit(lambda: self._filed(record, recorder, messages))

    def _filed(self, record: CallRecord, recorder: Recorder, messages: Sequence[Message]) -> CallRecord:
        sealed = tuple(self._sealed(f"{record.id}-{number}", message) for number, message in enumerate(messages, 1))
        record = replace(record, messages=sealed)
        if recorder.state is RecordingState.OPEN:
            kept = replace(record, recording=RecordingState.KEPT.value, recording_detail=recorder.detail or None)
            if self._archive.keep(recorder, record.id, lambda: self._store.finish(kept)):
                self._take_back(recorder)
                return kept
        final = _with_recording(record, recorder)
        self._store.finish(final)
        self._take_back(recorder)
        return final

    def _sealed(self, name: str, message: Message) -> MessageRecord:
        """Store one message; the call's own row, written right after, is what promises it."""
        message.recorder.end()
        is_kept = self._messages.keep(message.recorder, name, lambda: None)
        self._take_back(message.recorder)
        return MessageRecord(name, message.box, message.length_s, "kept" if is_kept else "lost")

    def _take_back(self, recorder: Recorder) -> None:
        if (spool := recorder.release()) is not None:
            self._spare.append(spool)


def _with_recording(record: CallRecord, recorder: Recorder) -> CallRecord:
    return replace(
        record,
        recording=recorder.state.value,
        recording_detail=recorder.detail or None,
        receipt=asdict(recorder.receipt) if recorder.receipt else None,
    )
