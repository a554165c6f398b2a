from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrbox.cdr import CallRecord, Store, TurnRecord
from ivrbox.errors import StoreError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = ["id", "line", "caller", "started", "duration_s", "ended", "turns", "path", "recording"]

RECORD = CallRecord(
    id="20260301T120000Z-aaaa",
    line="desk",
    caller="030123456",
    started="2026-03-01T12:00:00+00:00",
    duration_s=42.5,
    ended="caller_hung_up",
    turns=(TurnRecord("agent", "Press 1.", None, 0.0), TurnRecord("user", "1", "complete", 3.25)),
    path=("consent.ask", "front-desk.menu"),
    recording="discarded",
    recording_detail=None,
    receipt={"at_s": 3.5, "bytes": 112000, "method": "key destroyed", "verified": True},
    faults=("function greet raised",),
    trace=("1.000 key ignored",),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "data" / "calls.db")
    yield opened
    opened.close()


def test_a_record_comes_back_as_it_was_written(store: Store) -> None:
    store.begin(RECORD.id, RECORD.line, RECORD.caller, RECORD.started, "open")
    store.finish(RECORD)
    assert store.call(RECORD.id) == RECORD
    assert store.calls() == [RECORD]


def test_json_has_the_keys_that_are_promised_first_and_in_order() -> None:
    plain = RECORD.to_json()
    assert list(plain)[: len(KEYS)] == KEYS
    assert list(plain["turns"][0])[:3] == ["role", "text", "outcome"]


def test_a_record_is_written_once_however_often_it_is_finished(store: Store) -> None:
    for _ in range(3):
        store.finish(RECORD)
        store.begin(RECORD.id, "other", None, "2027-01-01T00:00:00+00:00", "open")
    assert store.calls() == [RECORD]


def test_a_call_that_is_up_is_there_already(store: Store) -> None:
    store.begin("a", "desk", None, "2026-03-01T12:00:00+00:00", "open")
    record = store.call("a")
    assert (record.ended, record.duration_s, record.recording, record.turns) == ("open", 0.0, "open", ())


def test_a_discard_is_noted_while_the_call_is_up(store: Store) -> None:
    store.begin("a", "desk", None, "2026-03-01T12:00:00+00:00", "open")
    store.discarded("a", {"at_s": 1.5, "verified": True})
    assert store.call("a").recording == "discarded"
    assert store.call("a").receipt == {"at_s": 1.5, "verified": True}
    assert store.lose_open("a cut") == []


@pytest.mark.parametrize("state", ["off", "discarded", "lost", "damaged"])
@pytest.mark.parametrize("other", ["open", "kept"])
def test_what_is_gone_cannot_be_written_back(store: Store, state: str, other: str) -> None:
    store.finish(replace(RECORD, recording=state))
    with pytest.raises(StoreError, match="cannot go from its final state"):
        store.finish(replace(RECORD, recording=other))
    assert store.call(RECORD.id).recording == state


@pytest.mark.parametrize("state", ["discarded", "damaged"])
def test_a_kept_recording_can_be_shredded_or_found_damaged(store: Store, state: str) -> None:
    store.finish(replace(RECORD, recording="kept"))
    assert store.promised() == {RECORD.id}
    store.set_recording(RECORD.id, state, "older than 30 days")
    assert (store.call(RECORD.id).recording, store.call(RECORD.id).recording_detail) == (state, "older than 30 days")
    assert store.promised() == set()


def test_a_state_that_there_is_not_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="CHECK constraint failed"):
        store.finish(replace(RECORD, recording="kpet"))
    assert store.calls() == []


def test_what_was_open_at_a_cut_is_lost_at_boot(store: Store) -> None:
    for name, state in (("a", "open"), ("b", "kept"), ("c", "open"), ("d", "off")):
        store.begin(name, "desk", None, "2026-03-01T12:00:00+00:00", state)
    assert sorted(store.lose_open("the box went down")) == ["a", "c"]
    assert [store.call(name).recording for name in "abcd"] == ["lost", "kept", "lost", "off"]
    assert store.call("a").recording_detail == "the box went down"


def test_calls_are_newest_first_whatever_their_zone(store: Store) -> None:
    for name, started in (
        ("second", "2026-03-01T12:00:00+00:00"),
        ("third", "2026-03-01T09:00:00-05:00"),
        ("first", "2026-03-01T12:30:00+02:00"),
    ):
        store.finish(replace(RECORD, id=name, started=started))
    assert [record.id for record in store.calls()] == ["third", "second", "first"]
    assert [record.id for record in store.calls(limit=2)] == ["third", "second"]
    assert [record.id for record in store.calls(since="2026-03-01T13:00:00+01:00")] == ["third", "second"]


def test_an_unknown_call_is_answered_with_near_misses(store: Store) -> None:
    with pytest.raises(UnknownName, match="there are no calls yet"):
        store.call("x")
    store.finish(RECORD)
    with pytest.raises(UnknownName, match="did you mean 20260301T120000Z-aaaa"):
        store.call("20260301T120000Z-aaab")
    with pytest.raises(UnknownName, match=r"; the newest are 20260301T120000Z-aaaa$"):
        store.call("zzz")


def test_the_promises_of_the_medium_are_asked_for(store: Store) -> None:
    def pragma(name: str) -> object:
        return store._rows(f"PRAGMA {name}")[0][0]

    assert [pragma(name) for name in ("journal_mode", "synchronous", "secure_delete")] == ["wal", 2, 1]
    assert store.path.stat().st_mode & 0o777 == 0o600


def test_no_old_pages_stay_in_the_log_once_a_call_is_finished(store: Store) -> None:
    log = store.path.with_name("calls.db-wal")
    store.begin(RECORD.id, "desk", None, RECORD.started, "open")
    assert log.stat().st_size > 0
    store.finish(RECORD)
    assert log.stat().st_size == 0
    store.close()
    assert not log.exists()


def test_a_checkpoint_that_fails_does_not_unsay_what_was_committed(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(store, "checkpoint", fails)
    store.finish(replace(RECORD, recording="kept"))
    store.set_recording(RECORD.id, "damaged", "torn")
    assert store.call(RECORD.id).recording == "damaged"
    assert caplog.text.count("was not truncated: disk I/O error") == 2


def test_what_a_record_no_longer_says_is_nowhere_in_the_files(store: Store) -> None:
    store.finish(replace(RECORD, recording="kept", recording_detail="XYZZY-4711-XYZZY"))
    store.set_recording(RECORD.id, "discarded", "gone")
    assert not any(b"XYZZY" in path.read_bytes() for path in store.path.parent.iterdir())


def test_one_thread_writes_while_others_read(store: Store) -> None:
    other = Store(store.path)

    def write(number: int) -> None:
        store.finish(replace(RECORD, id=f"{number:03}"))

    def read(number: int) -> int:
        return len((store if number % 2 else other).calls())

    with ThreadPoolExecutor(4) as pool:
        writes = list(pool.map(write, range(60)))
        reads = list(pool.map(read, range(60)))
    assert len(writes) == len(reads) == 60
    assert len(other.calls()) == 60
    other.close()


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(StoreError, match=r"calls\.db: file is not a database"):
        Store(path)
    with pytest.raises(StoreError, match="calls"):
        Store(path / "below" / "calls.db")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TURNS = st.builds(TurnRecord, st.sampled_from(["user", "agent"]), TEXT, st.none() | TEXT, st.none() | st.floats(0, 1e4))
RECORDS = st.builds(
    CallRecord,
    id=TEXT,
    line=TEXT,
    caller=st.none() | TEXT,
    started=st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    duration_s=st.floats(0, 1e5),
    ended=TEXT,
    turns=st.lists(TURNS, max_size=3).map(tuple),
    path=st.lists(TEXT, max_size=3).map(tuple),
    recording=st.sampled_from(["off", "open", "kept", "discarded", "lost", "damaged"]),
    recording_detail=st.none() | TEXT,
    faults=st.lists(TEXT, max_size=3).map(tuple),
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RECORDS)
def test_any_record_survives_the_store(store: Store, record: CallRecord) -> None:
    store._write("DELETE FROM calls", {})
    store.finish(record)
    assert store.call(record.id) == record


def test_the_public_sqlite_reads_it(store: Store) -> None:
    store.finish(RECORD)
    with sqlite3.connect(store.path) as reader:
        row = reader.execute("SELECT turns ->> '$[1].text' FROM calls").fetchone()
    reader.close()
    assert row == ("1",)
