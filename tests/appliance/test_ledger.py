"""Records wait for a store that refuses, in order and up to a bound; one that is itself at fault holds nobody up."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance import ledger as ledger_module
from ivrbox.appliance.ledger import Ledger
from ivrbox.cdr import CallRecord, Store
from ivrbox.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RECORD = CallRecord("a", "desk", None, "2026-03-01T12:00:00+00:00", 9.0, "hangup")


class Medium:
    """A medium that can be full; the store on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_full = False
        self.written: list[str] = []

    def open(self) -> Store:
        self._check()
        store = Store(self.path)
        for verb in ("begin", "finish", "discarded"):
            setattr(store, verb, self._checked(verb, getattr(store, verb)))
        return store

    def _checked(self, verb: str, write: Callable[..., None]) -> Callable[..., None]:
        def checked(*arguments: object) -> None:
            self._check()
            self.written.append(verb)
            write(*arguments)

        return checked

    def _check(self) -> None:
        if self.is_full:
            raise StoreError("calls.db: database or disk is full")


@pytest.fixture
def medium(tmp_path: Path) -> Medium:
    return Medium(tmp_path / "calls.db")


@pytest.fixture
def ledger(medium: Medium) -> Iterator[Ledger]:
    with closing(Ledger(medium.open)) as opened:
        yield opened


def test_what_the_store_takes_is_written_at_once(ledger: Ledger) -> None:
    ledger.begin("a", "desk", None, RECORD.started, "open")
    ledger.discarded("a", {"at_s": 1.0})
    assert ledger.store.call("a").recording == "discarded"
    assert (ledger.waiting, ledger.trouble) == (0, "")


def test_records_wait_in_order_while_the_disk_is_full(
    medium: Medium, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    medium.is_full = True
    ledger.begin("a", "desk", None, RECORD.started, "off")
    ledger.finish(RECORD)
    ledger.begin("b", "desk", None, RECORD.started, "off")
    assert (ledger.waiting, ledger.trouble) == (3, "calls.db: database or disk is full")
    assert caplog.text.count("records wait in memory") == 1, "told once, not for each record"
    medium.is_full = False
    ledger.catch_up()
    assert (medium.written, ledger.waiting, ledger.trouble) == (["begin", "finish", "begin"], 0, "")
    assert ledger.store.call("a") == RECORD
    assert "takes records again" in caplog.text


def test_a_recording_is_promised_at_once_or_not_at_all(medium: Medium, ledger: Ledger) -> None:
    medium.is_full = True
    ledger.set_aside(replace(RECORD, id="before"))
    with pytest.raises(StoreError, match="disk is full"):
        ledger.promise(replace(RECORD, recording="kept"))
    medium.is_full = False
    ledger.catch_up()
    assert [record.id for record in ledger.store.calls()] == ["before"]
    ledger.promise(replace(RECORD, recording="kept"))
    assert ledger.store.promised() == {"a"}


def test_a_store_that_cannot_be_opened_at_the_start_is_opened_later(medium: Medium) -> None:
    medium.is_full = True
    with closing(Ledger(medium.open)) as ledger:
        ledger.finish(RECORD)
        with pytest.raises(StoreError, match="disk is full"):
            _ = ledger.store
        medium.is_full = False
        ledger.catch_up()
        assert ledger.store.call("a") == RECORD


def test_past_the_bound_the_oldest_are_lost_and_counted(
    medium: Medium, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ledger_module, "MOST_WAITING", 3)
    medium.is_full = True
    for name in "abcde":
        ledger.finish(replace(RECORD, id=name))
    assert (ledger.waiting, ledger.lost) == (3, 2)
    medium.is_full = False
    ledger.catch_up()
    assert sorted(record.id for record in ledger.store.calls()) == ["c", "d", "e"]
    assert "call a: too much waits" in caplog.text


def test_a_record_that_would_bring_back_what_is_gone_holds_nobody_up(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.finish(replace(RECORD, recording="discarded"))
    ledger.finish(replace(RECORD, recording="kept"))
    ledger.finish(replace(RECORD, id="b"))
    assert ledger.store.call("a").recording == "discarded"
    assert ledger.store.call("b").ended == "hangup"
    assert (ledger.waiting, ledger.lost, ledger.trouble) == (0, 1, "")
    assert "call a: its record is refused" in caplog.text


def test_what_can_never_be_written_is_named_at_the_end(medium: Medium, caplog: pytest.LogCaptureFixture) -> None:
    with closing(Ledger(medium.open)) as ledger:
        medium.is_full = True
        ledger.begin("a", "desk", None, RECORD.started, "off")
        ledger.finish(RECORD)
    assert "the records of these calls are lost: a" in caplog.text
