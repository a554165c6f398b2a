"""A date that jumps is not believed for a day; a date that only goes on is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.calendar import DOUBT_S, JUMP_S, Moment, believed, read_clocks

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86400.0
T0 = 1_780_000_000.0


def told(file: Path, *moments: Moment) -> list[bool]:
    return [believed(file, moment) for moment in moments]


def test_the_first_look_is_believed_and_so_is_a_clock_that_runs(tmp_path: Path) -> None:
    moments = [Moment("boot", 100.0 + day * DAY, T0 + day * DAY) for day in (0, 1, 30, 31)]
    assert told(tmp_path / "calendar.json", *moments) == [True] * 4


@pytest.mark.parametrize("jump", [JUMP_S + 60, 20 * 365 * DAY, -JUMP_S - 60, -56 * 365 * DAY])
def test_a_jump_is_doubted_until_the_machine_has_run_for_a_day(tmp_path: Path, jump: float) -> None:
    moments = [
        Moment("boot", 100.0, T0),
        Moment("boot", 200.0, T0 + jump + 100),
        Moment("boot", 200.0 + DOUBT_S / 2, T0 + jump + 100 + DOUBT_S / 2),
        Moment("boot", 200.0 + DOUBT_S, T0 + jump + 100 + DOUBT_S),
    ]
    assert told(tmp_path / "calendar.json", *moments) == [True, False, False, True]


def test_doubt_outlives_a_restart_of_the_machine(tmp_path: Path) -> None:
    moments = [
        Moment("one", 100.0, T0),
        Moment("one", 200.0, T0 + 30 * DAY),
        Moment("two", 3600.0, T0 + 30 * DAY + 3700),
        Moment("two", DOUBT_S + 10, T0 + 31 * DAY + 3700),
    ]
    assert told(tmp_path / "calendar.json", *moments) == [True, False, False, True]


def test_a_box_that_was_off_for_a_weekend_is_not_suspicious_and_one_that_wakes_in_1970_is(tmp_path: Path) -> None:
    moments = [Moment("one", 100.0, T0), Moment("two", 50.0, T0 + 3 * DAY), Moment("three", 50.0, 40.0)]
    assert told(tmp_path / "calendar.json", *moments) == [True, True, False]


def test_a_torn_note_of_the_last_look_is_as_good_as_none(tmp_path: Path) -> None:
    file = tmp_path / "calendar.json"
    file.write_bytes(b'{"boot": "on')
    assert told(file, Moment("boot", 1.0, T0)) == [True]


def test_the_clocks_of_this_machine_can_be_read() -> None:
    now = read_clocks()
    assert len(now.boot) == 36
    assert now.running_s > 0
    assert now.date > T0 - 365 * DAY
