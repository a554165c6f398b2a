"""What was kept long enough goes: recordings and messages, by age, number and size; never by a clock that jumps."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.calendar import Moment
from ivrbox.appliance.retention import tidy
from ivrbox.appliance.settings import RetentionSpec
from ivrbox.cdr import CallRecord, MessageRecord, Store
from ivrbox.recordings import Archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAY = 86400.0
NOW = 1_790_000_000.0

Kept = tuple[Store, Archive, Archive]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """Four calls, 1, 50, 100 and 200 days old, each with a recording and a message of 1 kB."""
    archive, messages = Archive(tmp_path / "recordings", ()), Archive(tmp_path / "messages", ())
    with closing(Store(tmp_path / "calls.db")) as store:
        for days in (1, 50, 100, 200):
            call_id, sealed = f"call{days}", NOW - days * DAY
            message = MessageRecord(f"{call_id}-1", "desk.message", 3.0)
            began = "2026-03-01T12:00:00+00:00"
            store.finish(CallRecord(call_id, "x", None, began, 9.0, "hangup", recording="kept", messages=(message,)))
            for path in (archive.path(call_id), messages.path(message.name)):
                path.write_bytes(bytes(1000))
                os.utime(path, (sealed, sealed))
        yield store, archive, messages


def at(date: float, running_s: float = 500.0) -> Callable[[], Moment]:
    return lambda: Moment("boot", running_s, date)


def left(archive: Archive) -> list[str]:
    return sorted(file.call_id for file in archive.files())


def test_what_is_older_than_90_days_goes_by_default_and_its_record_says_why(kept: Kept) -> None:
    store, archive, messages = kept
    told = tidy(*kept, RetentionSpec(), clocks=at(NOW))
    assert (left(archive), left(messages)) == (["call1", "call50"], ["call1-1", "call50-1"])
    assert told[0] == "recording of call call200: shredded: older than 90 days"
    assert told[2] == "message call200-1: shredded: older than 90 days"
    record = store.call("call100")
    assert (record.recording, record.messages[0].state) == ("discarded", "discarded")
    assert "90 days" in (record.recording_detail or "")
    assert store.call("call50").messages[0].state == "kept"
    assert store.promised_messages() == {"call1-1", "call50-1"}


@pytest.mark.parametrize(
    ("spec", "stays"),
    [
        (RetentionSpec(days=0), 4),
        (RetentionSpec(days=0, count=3), 3),
        (RetentionSpec(days=0, megabytes=0.0021), 2),
        (RetentionSpec(days=60.0, count=1), 1),
    ],
)
def test_each_limit_holds_and_0_is_none(kept: Kept, spec: RetentionSpec, stays: int) -> None:
    tidy(*kept, spec, clocks=at(NOW))
    assert left(kept[1]) == sorted(["call1", "call50", "call100", "call200"][:stays])
    assert len(left(kept[2])) == stays


def test_a_clock_that_jumps_to_2040_shreds_nothing_by_age(kept: Kept) -> None:
    spec = RetentionSpec(days=300.0)
    assert tidy(*kept, spec, clocks=at(NOW)) == []
    assert tidy(*kept, spec, clocks=at(NOW + 14 * 365 * DAY, 600.0)) == []
    assert tidy(*kept, spec, clocks=at(NOW + 200, 700.0)) == []
    assert len(left(kept[1])) == 4


def test_what_was_sealed_before_the_clock_was_set_ages_from_the_day_it_is(kept: Kept) -> None:
    store, archive, messages = kept
    os.utime(archive.path("call1"), (300.0, 300.0))
    assert tidy(store, archive, messages, RetentionSpec(days=250.0), clocks=at(NOW)) == []
    assert archive.path("call1").stat().st_mtime == NOW
