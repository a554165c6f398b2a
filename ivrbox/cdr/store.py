"""Conversation records in SQLite: the only home of SQL, and the only truth.

WAL with `synchronous=FULL`: a committed row survives a power cut (the default of Python's build loses the newest).
`secure_delete` zeroes what is deleted, and truncating checkpoints keep old pages out of the log's tail.
"""

from __future__ import annotations

import difflib
import json
import logging
import sqlite3
from contextlib import closing, contextmanager
from importlib import resources
from threading import Lock
from typing import TYPE_CHECKING, Any

from ivrbox.cdr.records import CallRecord, MessageRecord, TurnRecord
from ivrbox.errors import RecordRefused, StoreError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

_PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA busy_timeout = 5000;
PRAGMA cache_size = -256;  -- KiB: rows are written one by one and seldom read, and a box has other uses for 2 MB
"""

_BEGIN = """
INSERT INTO calls (id, line, caller, started, recording) VALUES (:id, :line, :caller, :started, :recording)
ON CONFLICT (id) DO NOTHING
"""

_FINISH = """
INSERT INTO calls (id, line, caller, started, duration_s, ended, recording, recording_detail, receipt,
                   turns, path, messages, faults, trace)
VALUES (:id, :line, :caller, :started, :duration_s, :ended, :recording, :recording_detail, :receipt,
        :turns, :path, :messages, :faults, :trace)
ON CONFLICT (id) DO UPDATE SET
    line = excluded.line, caller = excluded.caller, started = excluded.started, duration_s = excluded.duration_s,
    ended = excluded.ended, recording = excluded.recording, recording_detail = excluded.recording_detail,
    receipt = excluded.receipt, turns = excluded.turns, path = excluded.path,
    messages = excluded.messages, faults = excluded.faults, trace = excluded.trace
"""

_CLOSE_UNENDED = """
UPDATE calls SET ended = :ended, faults = json_array(:fault),
                 duration_s = coalesce(json_extract(receipt, '$.at_s'), 0.0)
WHERE ended IS NULL RETURNING id
"""

_NEWEST = """
SELECT * FROM calls WHERE julianday(started) >= julianday(?)
ORDER BY julianday(started) DESC, id DESC LIMIT ?
"""

_JSON_COLUMNS = ("turns", "path", "messages", "faults", "trace")


class Store:
    """The store of one box: written by one worker, read by anyone.

    One object may be used from several threads; another process may read at the same time.
    """

    def __init__(self, path: Path) -> None:
        """Open the store, made if need be (mode 0600).

        Raises:
            StoreError: it cannot be opened, or is not a store.
        """
        self.path = path
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{path}: {error}") from error
        self._connection.row_factory = sqlite3.Row
        try:
            with self._reported():
                self._connection.executescript(_PRAGMAS)
                self._connection.executescript(resources.files(__package__).joinpath("schema.sql").read_text("utf-8"))
        except StoreError:
            self._connection.close()
            raise

    def begin(self, call_id: str, line: str, caller: str | None, started_iso: str, recording_state: str) -> None:
        """Note that a call is up; a second time changes nothing."""
        row = {"id": call_id, "line": line, "caller": caller, "started": started_iso, "recording": recording_state}
        self._write(_BEGIN, row)

    def discarded(self, call_id: str, receipt: Mapping[str, Any]) -> None:
        """Note at once that a recording is gone, while its call goes on."""
        row = {"id": call_id, "receipt": json.dumps(dict(receipt))}
        self._write("UPDATE calls SET recording = 'discarded', receipt = :receipt WHERE id = :id", row)

    def finish(self, record: CallRecord) -> None:
        """Write the record of a call that has ended, in one transaction; a second time changes nothing.

        Raises:
            StoreError: it could not be written, or would bring back a recording that is gone.
        """
        self._write(_FINISH, _row(record))
        self._tidy()

    def set_recording(self, call_id: str, state: str, detail: str) -> None:
        """Move the recording of a finished call on: shredded, or found damaged."""
        row = {"id": call_id, "state": state, "detail": detail}
        self._write("UPDATE calls SET recording = :state, recording_detail = :detail WHERE id = :id", row)
        self._tidy()

    def lose_open(self, why: str) -> list[str]:
        """At boot: whatever was open when the box went down is lost; returns those call ids."""
        with self._lock, self._reported():
            rows = self._connection.execute(
                "UPDATE calls SET recording = 'lost', recording_detail = ? WHERE recording = 'open' RETURNING id",
                (why,),
            ).fetchall()
        return [row["id"] for row in rows]

    def close_unended(self, ended: str, fault: str) -> list[str]:
        """At boot: close the rows of calls that nobody can finish any more; returns their ids.

        How long such a call lasted is not known; at least until its recording was discarded, if it was.
        """
        with self._lock, self._reported():
            rows = self._connection.execute(_CLOSE_UNENDED, {"ended": ended, "fault": fault}).fetchall()
        return [row["id"] for row in rows]

    def promised(self) -> set[str]:
        """The ids of all calls whose recording is kept."""
        return {row["id"] for row in self._rows("SELECT id FROM calls WHERE recording = 'kept'")}

    def promised_messages(self) -> set[str]:
        """The names of all messages that are kept."""
        rows = self._rows("SELECT messages FROM calls WHERE messages <> '[]'")
        messages = [MessageRecord(**message) for row in rows for message in json.loads(row["messages"])]
        return {message.name for message in messages if message.state == "kept"}

    def set_message(self, name: str, state: str) -> None:
        """Move a message of a finished call on; nothing happens if no record names it."""
        for row in self._rows("SELECT id, messages FROM calls WHERE id = ?", name.rpartition("-")[0]):
            messages = json.loads(row["messages"])
            for message in messages:
                message["state"] = state if message["name"] == name else message["state"]
            moved = {"id": row["id"], "messages": json.dumps(messages, ensure_ascii=False)}
            self._write("UPDATE calls SET messages = :messages WHERE id = :id", moved)

    def calls(self, *, limit: int | None = None, since: str | None = None) -> list[CallRecord]:
        """Calls, newest first: at most `limit`, not older than `since` (ISO 8601, UTC where it names no zone)."""
        return [_record(row) for row in self._rows(_NEWEST, since or "0000-01-01", -1 if limit is None else limit)]

    def call(self, call_id: str) -> CallRecord:
        """One call.

        Raises:
            UnknownName: there is no such call; the message offers near misses.
        """
        for row in self._rows("SELECT * FROM calls WHERE id = ?", call_id):
            return _record(row)
        known = [row["id"] for row in self._rows("SELECT id FROM calls ORDER BY julianday(started) DESC LIMIT 1000")]
        near, newest = difflib.get_close_matches(call_id, known), ", ".join(known[:3])
        others = f"; the newest are {newest}" if newest else "; there are no calls yet"
        hint = f"; did you mean {', '.join(near)}?" if near else others
        raise UnknownName(f"no call {call_id!r} in {self.path}{hint}")

    def checkpoint(self) -> None:
        """Move the log into the database and truncate it, so that no old page lingers there."""
        with self._lock, self._reported():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the store; its log is moved in and removed."""
        with self._lock:
            self._connection.close()

    def _tidy(self) -> None:
        """Checkpoint, if the medium lets us: what was committed stands, whatever comes of this."""
        try:
            self.checkpoint()
        except StoreError as error:
            log.warning("the log of the records was not truncated: %s", error)

    def _write(self, statement: str, row: Mapping[str, Any]) -> None:
        with self._lock, self._reported():
            self._connection.execute(statement, row)

    def _rows(self, query: str, *values: str | int) -> list[sqlite3.Row]:
        with self._lock, self._reported(), closing(self._connection.execute(query, values)) as cursor:
            return cursor.fetchall()

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise RecordRefused(f"{self.path}: {error}") from error
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error


def _row(record: CallRecord) -> dict[str, Any]:
    row = record.to_json()
    for column in _JSON_COLUMNS:
        row[column] = json.dumps(row[column], ensure_ascii=False)
    row["receipt"] = None if record.receipt is None else json.dumps(dict(record.receipt))
    return row


def _record(row: sqlite3.Row) -> CallRecord:
    values = dict(row)
    for column in _JSON_COLUMNS:
        values[column] = tuple(json.loads(values[column]))
    values["turns"] = tuple(TurnRecord(**turn) for turn in values["turns"])
    values["messages"] = tuple(MessageRecord(**message) for message in values["messages"])
    values["receipt"] = None if values["receipt"] is None else json.loads(values["receipt"])
    if values["ended"] is None:  # the call is up, or was when the box went down
        values |= {"ended": "open", "duration_s": 0.0}
    return CallRecord(**values)
