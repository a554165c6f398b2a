from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivrbox.recordings import KeptFile, Limits
from ivrbox.recordings.retention import overdue

DAY = 86400.0


def files(*ages_days: float, size: int = 1_000_000) -> list[KeptFile]:
    return [KeptFile(f"{age:g} days", size, 100 * DAY - age * DAY) for age in ages_days]


def gone(kept: list[KeptFile], limits: Limits) -> list[tuple[str, str]]:
    return [(file.call_id, why) for file, why in overdue(kept, limits, 100 * DAY)]


def test_without_limits_everything_stays() -> None:
    assert gone(files(1, 99), Limits()) == []


def test_what_is_older_than_its_days_goes_and_what_is_just_as_old_stays() -> None:
    assert gone(files(29, 30, 31), Limits(days=30)) == [("31 days", "older than 30 days")]


def test_the_oldest_go_when_there_are_too_many() -> None:
    expected = [("9 days", "more than 2 were kept"), ("5 days", "more than 2 were kept")]
    assert gone(files(5, 1, 9, 2), Limits(count=2)) == expected


def test_the_oldest_go_until_the_size_fits() -> None:
    assert gone(files(1, 2, 3), Limits(bytes=2_000_000)) == [("3 days", "more than 2 MB were kept")]


@given(
    st.lists(st.tuples(st.floats(0, 90), st.integers(0, 10**9)), max_size=30),
    st.none() | st.floats(0, 90),
    st.none() | st.integers(0, 20),
    st.none() | st.integers(0, 10**10),
)
def test_what_stays_is_within_all_limits_and_newer_than_what_goes(
    ages: list[tuple[float, int]], days: float | None, count: int | None, size: int | None
) -> None:
    kept = [KeptFile(f"call{i}", bytes_, 100 * DAY - age * DAY) for i, (age, bytes_) in enumerate(ages)]
    went = [file for file, _ in overdue(kept, Limits(days, count, size), 100 * DAY)]
    stays = [file for file in kept if file not in went]
    assert count is None or len(stays) <= count
    assert size is None or sum(file.bytes for file in stays) <= size
    assert days is None or all(100 * DAY - file.sealed_at <= days * DAY for file in stays)
    assert all(old.sealed_at <= new.sealed_at for old in went for new in stays)
