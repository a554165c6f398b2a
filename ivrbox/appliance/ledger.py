"""The ledger: brings records to the store, and keeps them in memory for as long as the store does not take them.

A full disk, a medium that turned read-only, a damaged database: the box goes on answering calls. What could not be
written waits, in order, and is written before anything newer once the store is back.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from ivrbox.errors import RecordRefused, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ivrbox.cdr import CallRecord, Store

log = logging.getLogger(__name__)

MOST_WAITING = 1000
"""Writes that may wait: some days of calls, and a few MB of memory. Past it the oldest are lost, and counted."""


@dataclass(frozen=True)
class _Entry:
    """Something that is to be written about a call."""

    call_id: str
    write: Callable[[Store], None]


class Ledger:
    """Writes to the store, from any thread but the line's: a write takes as long as the medium takes.

    `trouble` says why the store refuses, and is empty while it does not; `waiting` and `lost` count writes. All three
    may be read by anyone.
    """

    def __init__(self, opener: Callable[[], Store]) -> None:
        """Have the store opened; if it cannot be, it is tried again whenever something is to be written."""
        self._opener = opener
        self._store: Store | None = None
        self._lock = Lock()
        self._entries: deque[_Entry] = deque()
        self.trouble = ""
        self.lost = 0
        self.catch_up()

    @property
    def waiting(self) -> int:
        """Writes that the store has not taken yet."""
        return len(self._entries)

    @property
    def store(self) -> Store:
        """The store.

        Raises:
            StoreError: it could not be opened so far.
        """
        if self._store is None:
            raise StoreError(self.trouble)
        return self._store

    def begin(self, call_id: str, line: str, caller: str | None, started_iso: str, recording_state: str) -> None:
        """Note that a call is up."""
        self._enter(_Entry(call_id, lambda store: store.begin(call_id, line, caller, started_iso, recording_state)))

    def discarded(self, call_id: str, receipt: Mapping[str, Any]) -> None:
        """Note that a recording is gone, while its call goes on."""
        self._enter(_Entry(call_id, lambda store: store.discarded(call_id, receipt)))

    def finish(self, record: CallRecord) -> None:
        """Write the record of a call that has ended."""
        self.set_aside(record)
        self.catch_up()

    def set_aside(self, record: CallRecord) -> None:
        """Have a record written with the next one. Never waits, so even the line's thread may do it."""
        self._put(_Entry(record.id, lambda store: store.finish(record)))

    def promise(self, record: CallRecord) -> None:
        """Write the record of a call whose recording is kept: now, or not at all.

        Raises:
            StoreError: it was not written.
        """
        self.catch_up()
        if self.trouble:
            raise StoreError(self.trouble)
        self.store.finish(record)

    def catch_up(self) -> None:
        """Write what waits, oldest first, as far as the store takes it."""
        with self._lock:
            try:
                self._write_all(self._opened())
            except StoreError as error:
                self._tell(str(error))
            else:
                self._tell("")

    def close(self) -> None:
        """Try once more, then close the store."""
        self.catch_up()
        if self._entries:
            calls = ", ".join(dict.fromkeys(entry.call_id for entry in self._entries))
            log.error("the store takes nothing, so the records of these calls are lost: %s", calls)
        if self._store is not None:
            self._store.close()

    def _enter(self, entry: _Entry) -> None:
        self._put(entry)
        self.catch_up()

    def _put(self, entry: _Entry) -> None:
        self._entries.append(entry)
        while len(self._entries) > MOST_WAITING:
            log.error("call %s: too much waits to be written, so its record is lost", self._entries.popleft().call_id)
            self.lost += 1

    def _opened(self) -> Store:
        if self._store is None:
            self._store = self._opener()
        return self._store

    def _write_all(self, store: Store) -> None:
        while self._entries:
            entry = self._entries[0]
            try:
                entry.write(store)
            except RecordRefused as error:
                log.error("call %s: its record is refused: %s", entry.call_id, error)  # noqa: TRY400 - the reason is the message
                self.lost += 1
            if self._entries and self._entries[0] is entry:  # it may have been crowded out meanwhile
                self._entries.popleft()

    def _tell(self, trouble: str) -> None:
        if trouble and not self.trouble:
            log.error("records wait in memory, since the store takes none: %s", trouble)
        elif self.trouble and not trouble:
            log.warning("the store takes records again")
        self.trouble = trouble
