"""The rules of collecting digits, one by one, at the sample."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dialog.collector import Collector, Entry
from ivrbox.dialog.effects import Hush, StartTimer, StopTimer
from ivrbox.dialog.events import KeyPressed, KeyReleased, PromptEnded, Timer, TimerFired
from ivrbox.dialog.turns import Outcome
from ivrbox.flows.spec import KEYS, DigitSpec

if TYPE_CHECKING:
    from ivrbox.dialog.effects import Effect

SECOND = 8000
MS_10 = 80


def listening(spec: DigitSpec, digits: int = 4, at: int = 0) -> Collector:
    """A collector whose prompt has ended at sample `at`."""
    collector = Collector(spec, digits)
    collector.begin(at, speaking=False)
    return collector


def press(collector: Collector, keys: str, at: int, hold: int = 800, gap: int = 800) -> int:
    """Press keys one after another; the sample at which the last was released."""
    released = at
    for key in keys:
        collector.handle(KeyPressed(key, at))
        released = at + hold
        collector.handle(KeyReleased(key, released))
        at = released + gap
    return released


def timers(effects: list[Effect]) -> list[StartTimer]:
    return [effect for effect in effects if isinstance(effect, StartTimer)]


# Rule 1: the timers


def test_first_digit_timer_starts_when_the_prompt_ends() -> None:
    collector = Collector(DigitSpec(), 4)
    assert collector.begin(100, speaking=True) == []
    assert collector.handle(PromptEnded(16100)) == [StartTimer(Timer.FIRST_DIGIT, 16100 + 5 * SECOND)]


def test_first_digit_timer_starts_at_once_without_a_prompt() -> None:
    collector = Collector(DigitSpec(first_digit_timeout=3), 4)
    assert collector.begin(100, speaking=False) == [StartTimer(Timer.FIRST_DIGIT, 100 + 3 * SECOND)]


def test_first_key_stops_the_first_digit_timer() -> None:
    collector = listening(DigitSpec())
    assert collector.handle(KeyPressed("1", 5 * SECOND - MS_10)) == [StopTimer(Timer.FIRST_DIGIT)]
    assert collector.entry is None


def test_inter_digit_timer_runs_from_the_release_of_each_key() -> None:
    collector = listening(DigitSpec())
    collector.handle(KeyPressed("1", 1000))
    assert collector.handle(KeyReleased("1", 9000)) == [StartTimer(Timer.INTER_DIGIT, 9000 + 2 * SECOND)]
    assert collector.handle(KeyPressed("2", 12000)) == [StopTimer(Timer.INTER_DIGIT)]
    assert collector.handle(KeyReleased("2", 12800)) == [StartTimer(Timer.INTER_DIGIT, 12800 + 2 * SECOND)]


def test_held_key_does_not_time_out() -> None:
    collector = listening(DigitSpec())
    collector.handle(KeyPressed("1", 1000))
    collector.handle(TimerFired(Timer.FIRST_DIGIT, 5 * SECOND))  # a stale one: it was stopped
    assert collector.entry is None
    assert timers(collector.handle(KeyReleased("1", 60 * SECOND)))[0].deadline == 62 * SECOND


@pytest.mark.parametrize("early", [MS_10, 1])
def test_key_before_the_first_digit_deadline_is_taken(early: int) -> None:
    collector = listening(DigitSpec())
    collector.handle(KeyPressed("7", 5 * SECOND - early))
    collector.handle(TimerFired(Timer.FIRST_DIGIT, 5 * SECOND))
    assert (collector.entry, collector.digits) == (None, "7")


@pytest.mark.parametrize("late", [0, MS_10])
def test_key_at_or_after_the_first_digit_deadline_is_too_late(late: int) -> None:
    collector = listening(DigitSpec())
    collector.handle(TimerFired(Timer.FIRST_DIGIT, 5 * SECOND))
    collector.handle(KeyPressed("7", 5 * SECOND + late))
    assert collector.entry == Entry(Outcome.NO_INPUT, "", 5 * SECOND)


@pytest.mark.parametrize("early", [MS_10, 1])
def test_key_before_the_inter_digit_deadline_is_taken(early: int) -> None:
    collector = listening(DigitSpec())
    deadline = press(collector, "12", at=1000) + 2 * SECOND
    collector.handle(KeyPressed("3", deadline - early))
    collector.handle(TimerFired(Timer.INTER_DIGIT, deadline))
    assert (collector.entry, collector.digits) == (None, "123")


@pytest.mark.parametrize("late", [0, MS_10])
def test_key_at_or_after_the_inter_digit_deadline_is_too_late(late: int) -> None:
    collector = listening(DigitSpec())
    deadline = press(collector, "12", at=1000) + 2 * SECOND
    collector.handle(TimerFired(Timer.INTER_DIGIT, deadline))
    collector.handle(KeyPressed("3", deadline + late))
    assert collector.entry == Entry(Outcome.TIMEOUT_PARTIAL, "12", deadline)


# Rule 2: exactly one outcome, and no digit lost


@pytest.mark.parametrize(
    ("keys", "outcome"),
    [
        ("1234", Outcome.COMPLETE),
        ("12#", Outcome.END_KEY),
        ("1#", Outcome.TOO_SHORT),
        ("#", Outcome.NO_INPUT),
        ("12*", Outcome.CANCELLED),
        ("*", Outcome.CANCELLED),
    ],
)
def test_keys_end_an_entry_in_their_outcome(keys: str, outcome: Outcome) -> None:
    collector = listening(DigitSpec(min_digits=2, end_key="#", cancel_key="*"))
    press(collector, keys, at=1000)
    assert collector.entry is not None
    assert (collector.entry.outcome, collector.entry.digits) == (outcome, keys.rstrip("#*"))


@pytest.mark.parametrize(
    ("keys", "outcome"), [("", Outcome.NO_INPUT), ("1", Outcome.TOO_SHORT), ("12", Outcome.TIMEOUT_PARTIAL)]
)
def test_time_out_ends_an_entry_with_the_digits_so_far(keys: str, outcome: Outcome) -> None:
    collector = Collector(DigitSpec(min_digits=2), 4)
    [timer] = collector.begin(0, speaking=False)
    for key, at in zip(keys, (1000, 3000), strict=False):
        collector.handle(KeyPressed(key, at))
        [timer] = collector.handle(KeyReleased(key, at + 800))
    assert isinstance(timer, StartTimer)
    collector.handle(TimerFired(timer.timer, timer.deadline))
    assert collector.entry == Entry(outcome, keys, timer.deadline)


def test_nothing_changes_an_entry_that_has_ended() -> None:
    collector = listening(DigitSpec(), digits=1)
    collector.handle(KeyPressed("1", 1000))
    assert collector.handle(KeyReleased("1", 1800)) == []
    assert collector.handle(KeyPressed("2", 2000)) == []
    assert collector.handle(TimerFired(Timer.INTER_DIGIT, 90000)) == []
    assert collector.begin(95000, speaking=False) == []
    assert collector.entry == Entry(Outcome.COMPLETE, "1", 1000)


def test_entry_does_not_print_its_digits() -> None:
    assert "1234" not in repr(Entry(Outcome.COMPLETE, "1234", 5))


# Rule 3: the end key


def test_end_key_is_no_part_of_the_entry() -> None:
    collector = listening(DigitSpec(end_key="#"))
    press(collector, "123#", at=1000)
    assert collector.entry is not None
    assert collector.entry.digits == "123"


def test_end_key_alone_is_an_empty_entry_where_the_step_accepts_one() -> None:
    collector = listening(DigitSpec(end_key="#", min_digits=0))
    collector.handle(KeyPressed("#", 1000))
    assert collector.entry == Entry(Outcome.END_KEY, "", 1000)


@pytest.mark.parametrize("key", ["#", "*", "A", "D"])
def test_other_keys_than_the_end_key_are_digits_like_any(key: str) -> None:
    collector = listening(DigitSpec(), digits=2)
    press(collector, key + "1", at=1000)
    assert collector.entry is not None
    assert (collector.entry.outcome, collector.entry.digits) == (Outcome.COMPLETE, key + "1")


# Rule 4: complete at once


def test_entry_is_complete_when_the_last_key_goes_down() -> None:
    collector = listening(DigitSpec(), digits=2)
    press(collector, "1", at=1000)
    collector.handle(KeyPressed("2", 5000))
    assert collector.entry == Entry(Outcome.COMPLETE, "12", 5000)


# Rule 5: while speaking


def test_keys_during_the_prompt_are_ignored_by_default() -> None:
    collector = Collector(DigitSpec(), 1)
    collector.begin(0, speaking=True)
    assert collector.handle(KeyPressed("1", 1000)) == []
    assert collector.handle(KeyReleased("1", 1800)) == []
    collector.handle(PromptEnded(16000))
    assert collector.entry is None


@pytest.mark.parametrize(("onset", "taken"), [(16000 - MS_10, False), (16000 - 1, False), (16000, True)])
def test_key_reported_after_the_prompt_belongs_to_where_it_began(onset: int, *, taken: bool) -> None:
    collector = Collector(DigitSpec(), 1)
    collector.begin(0, speaking=True)
    collector.handle(PromptEnded(16000))
    collector.handle(KeyPressed("1", onset))
    assert (collector.entry is not None) is taken


def test_first_key_stops_the_prompt_and_is_the_first_digit() -> None:
    collector = Collector(DigitSpec(collect_while_speaking=True), 2)
    collector.begin(0, speaking=True)
    assert collector.handle(KeyPressed("1", 1000)) == [Hush()]
    collector.handle(KeyReleased("1", 1800))
    assert collector.handle(KeyPressed("2", 2600)) == [StopTimer(Timer.INTER_DIGIT)]
    assert collector.entry == Entry(Outcome.COMPLETE, "12", 2600)


def test_keys_typed_ahead_start_the_inter_digit_timer() -> None:
    collector = Collector(DigitSpec(collect_while_speaking=True), 4)
    collector.take("1", 500)
    assert collector.begin(1000, speaking=False) == [StartTimer(Timer.INTER_DIGIT, 1000 + 2 * SECOND)]


def test_key_typed_ahead_and_still_held_starts_no_timer_before_its_release() -> None:
    collector = Collector(DigitSpec(collect_while_speaking=True), 4)
    collector.take("1", 500)
    assert collector.begin(1000, speaking=False, held=True) == []
    assert collector.handle(KeyReleased("1", 1500)) == [StartTimer(Timer.INTER_DIGIT, 1500 + 2 * SECOND)]


def test_prompt_that_ends_after_a_key_typed_ahead_starts_no_first_digit_timer() -> None:
    collector = Collector(DigitSpec(collect_while_speaking=True), 4)
    collector.take("1", 500)
    collector.begin(1000, speaking=True)
    assert collector.handle(PromptEnded(5000)) == []


# Rule 8: longest match


def test_longer_branch_is_waited_for() -> None:
    collector = Collector(DigitSpec(), 2, branches=["1", "12"])
    collector.begin(0, speaking=False)
    deadline = press(collector, "1", at=1000) + 2 * SECOND
    assert collector.entry is None
    collector.handle(TimerFired(Timer.INTER_DIGIT, deadline))
    assert collector.entry == Entry(Outcome.TIMEOUT_PARTIAL, "1", deadline)


def test_longer_branch_is_taken_at_once() -> None:
    collector = Collector(DigitSpec(), 2, branches=["1", "12"])
    collector.begin(0, speaking=False)
    press(collector, "12", at=1000)
    assert collector.entry == Entry(Outcome.COMPLETE, "12", 2600)


@pytest.mark.parametrize("key", ["3", "9"])
def test_key_that_begins_no_longer_branch_is_not_waited_on(key: str) -> None:
    collector = Collector(DigitSpec(), 2, branches=["1", "12", "3"])
    collector.begin(0, speaking=False)
    collector.handle(KeyPressed(key, 1000))
    assert collector.entry == Entry(Outcome.COMPLETE, key, 1000)


# Keys of the flow


@pytest.mark.parametrize(
    ("keys", "digits", "reserved", "outcome"),
    [
        ("0", "0", "0", Outcome.COMPLETE),
        ("*", "*", "*", Outcome.COMPLETE),
        ("12*", "12", "*", Outcome.CANCELLED),
        ("1203", "1203", None, Outcome.COMPLETE),
    ],
)
def test_reserved_key_ends_an_entry_that_cannot_hold_it(
    keys: str, digits: str, reserved: str | None, outcome: Outcome
) -> None:
    collector = Collector(DigitSpec(), 4, reserved=["0", "*"])
    collector.begin(0, speaking=False)
    press(collector, keys, at=1000)
    assert collector.entry == Entry(outcome, digits, 1000 + 1600 * (len(keys) - 1), reserved)


# All rules at once


@settings(max_examples=150)
@given(
    keys=st.lists(st.tuples(st.sampled_from(KEYS), st.integers(1, 30000), st.integers(1, 30000)), max_size=12),
    digits=st.integers(1, 6),
    min_digits=st.integers(0, 6),
    end_key=st.sampled_from([None, "#"]),
    while_speaking=st.booleans(),
)
def test_every_entry_ends_once_and_tells_all_its_digits(
    keys: list[tuple[str, int, int]], digits: int, min_digits: int, end_key: str | None, *, while_speaking: bool
) -> None:
    spec = DigitSpec.model_validate(
        {"min_digits": min_digits, "end_key": end_key, "collect_while_speaking": while_speaking}
    )
    collector = Collector(spec, digits)
    events: list[KeyPressed | KeyReleased | PromptEnded] = [PromptEnded(16000)]
    at = 0
    for key, gap, hold in keys:
        events += [KeyPressed(key, at + gap), KeyReleased(key, at + gap + hold)]
        at += gap + hold
    running: StartTimer | None = None
    outcomes = 0
    typed = ""
    collector.begin(0, speaking=True)
    for event in [*sorted(events, key=lambda event: event.at), None]:
        if running is not None and (event is None or running.deadline <= event.at):
            collector.handle(TimerFired(running.timer, running.deadline))
            running = None
        if collector.entry is not None:
            break
        before = collector.digits
        for effect in collector.handle(event) if event is not None else []:
            running = effect if isinstance(effect, StartTimer) else None if isinstance(effect, StopTimer) else running
        typed += event.digit if isinstance(event, KeyPressed) and collector.digits != before else ""
    outcomes += collector.entry is not None
    assert outcomes == 1
    assert collector.entry is not None
    assert collector.entry.digits == typed
    assert end_key is None or end_key not in typed


def test_deadlines_never_go_back() -> None:
    collector = listening(DigitSpec(), digits=32)
    deadlines = []
    for at in range(1000, 200000, 9000):
        collector.handle(KeyPressed("1", at))
        deadlines += [timer.deadline for timer in timers(collector.handle(KeyReleased("1", at + 500)))]
    assert all(earlier < later for earlier, later in pairwise(deadlines))
