"""Whatever a box was doing when it went down is finished or undone before anything else."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.recovery import recover
from ivrbox.cdr import CallRecord, MessageRecord, Store
from ivrbox.recordings import Archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGAN = "2026-03-01T12:00:00+00:00"
AGE = b"age-encryption.org/v1\n"


class Wreck:
    """What a box that went down has left behind."""

    def __init__(self, data: Path) -> None:
        self.store = Store(data / "calls.db")
        self.archive, self.messages = Archive(data / "recordings", ()), Archive(data / "messages", ())

    def boots(self) -> None:
        recover(self.store, self.archive, self.messages)

    def files(self) -> list[str]:
        return sorted(path.name for place in (self.archive, self.messages) for path in place.folder.iterdir())


@pytest.fixture
def wreck(tmp_path: Path) -> Iterator[Wreck]:
    left = Wreck(tmp_path)
    with closing(left.store):
        yield left


def test_a_call_that_was_up_is_closed_as_a_power_cut_and_its_recording_is_lost(wreck: Wreck) -> None:
    wreck.store.begin("a", "desk", "5550100", BEGAN, "open")
    wreck.boots()
    record = wreck.store.call("a")
    assert (record.ended, record.duration_s, record.recording) == ("power_cut", 0.0, "lost")
    assert record.faults == ("the box went down before the call had ended",)
    assert record.caller == "5550100"


def test_a_caller_who_had_opted_out_stays_opted_out(wreck: Wreck) -> None:
    wreck.store.begin("a", "desk", None, BEGAN, "open")
    wreck.store.discarded("a", {"at_s": 3.5, "bytes": 112000, "method": "key destroyed", "verified": True})
    (wreck.archive.folder / "a.age").write_bytes(AGE)
    wreck.boots()
    record = wreck.store.call("a")
    assert (record.ended, record.duration_s, record.recording) == ("power_cut", 3.5, "discarded")
    assert wreck.files() == []


def test_a_shredding_that_was_begun_is_completed(wreck: Wreck) -> None:
    wreck.store.finish(CallRecord("a", "desk", None, BEGAN, 9.0, "hangup", recording="kept"))
    (wreck.archive.folder / "a.age").write_bytes(AGE)
    wreck.store.set_recording("a", "discarded", "shredded: older than 90 days")
    wreck.boots()
    assert wreck.files() == []
    assert wreck.store.call("a").ended == "hangup", "a call that had ended is left as it was"


def test_discards_are_completed_before_anything_that_can_fail(wreck: Wreck, monkeypatch: pytest.MonkeyPatch) -> None:
    (wreck.archive.folder / "a.age").write_bytes(AGE)
    (wreck.messages.folder / "b-1.age.part").write_bytes(AGE)
    monkeypatch.setattr(wreck.store, "lose_open", lambda _: pytest.fail("the power goes again"))
    with pytest.raises(pytest.fail.Exception, match="goes again"):
        wreck.boots()
    assert wreck.files() == []


def test_what_is_promised_but_missing_is_told_once(wreck: Wreck, caplog: pytest.LogCaptureFixture) -> None:
    message = MessageRecord("a-1", "desk.message", 2.0)
    wreck.store.finish(CallRecord("a", "desk", None, BEGAN, 9.0, "hangup", recording="kept", messages=(message,)))
    wreck.boots()
    record = wreck.store.call("a")
    assert (record.recording, record.messages[0].state) == ("damaged", "damaged")
    assert caplog.text.count("file is missing") == 2
    wreck.boots()
    assert caplog.text.count("file is missing") == 2


def test_what_is_whole_is_left_alone(wreck: Wreck) -> None:
    message = MessageRecord("a-1", "desk.message", 2.0)
    kept = CallRecord("a", "desk", None, BEGAN, 9.0, "hangup", recording="kept", messages=(message,))
    wreck.store.finish(kept)
    (wreck.archive.folder / "a.age").write_bytes(AGE)
    (wreck.messages.folder / "a-1.age").write_bytes(AGE)
    wreck.boots()
    assert wreck.store.call("a") == kept
    assert wreck.files() == ["a-1.age", "a.age"]


def test_a_medium_that_refuses_does_not_keep_the_box_from_starting(
    wreck: Wreck, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (wreck.archive.folder / "a.age").write_bytes(AGE)
    wreck.store.begin("b", "desk", None, BEGAN, "open")

    def refuses(_: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(wreck.archive, "_remove", refuses)
    wreck.boots()
    assert "could not be taken away" in caplog.text
    assert wreck.store.call("b").ended == "power_cut"
