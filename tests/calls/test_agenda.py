"""The agenda gives events out in the order in which they happened."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivrbox.calls.agenda import Agenda
from ivrbox.dialog.events import HungUp, PromptEnded, Timer, TimerFired


def drain(agenda: Agenda, horizon: int) -> list[object]:
    events: list[object] = []
    while (event := agenda.next_until(horizon)) is not None:
        events.append(event)
    return events


def test_nothing_is_given_out_before_the_ear_has_vouched_for_it() -> None:
    agenda = Agenda()
    agenda.put(PromptEnded(1000))
    assert drain(agenda, 999) == []
    assert drain(agenda, 1000) == [PromptEnded(1000)]


def test_events_of_the_same_sample_keep_their_order() -> None:
    agenda = Agenda()
    agenda.put(PromptEnded(5))
    agenda.put(HungUp("hangup", 5))
    assert drain(agenda, 6) == [PromptEnded(5), HungUp("hangup", 5)]


def test_a_timer_started_again_fires_once_at_its_new_deadline() -> None:
    agenda = Agenda()
    agenda.start(Timer.INTER_DIGIT, 100)
    agenda.start(Timer.INTER_DIGIT, 300)
    assert drain(agenda, 1000) == [TimerFired(Timer.INTER_DIGIT, 300)]


def test_a_stopped_timer_never_fires_and_others_do() -> None:
    agenda = Agenda()
    agenda.start(Timer.FIRST_DIGIT, 100)
    agenda.start(Timer.CALL_LENGTH, 200)
    agenda.stop(Timer.FIRST_DIGIT)
    agenda.stop(Timer.MESSAGE_LENGTH)
    assert drain(agenda, 1000) == [TimerFired(Timer.CALL_LENGTH, 200)]


@given(st.lists(st.integers(0, 50)), st.lists(st.integers(0, 60)))
def test_order_is_by_time_whatever_the_cuts(times: list[int], horizons: list[int]) -> None:
    agenda = Agenda()
    for at in times:
        agenda.put(PromptEnded(at))
    given_out = [event for horizon in sorted(horizons) for event in drain(agenda, horizon)]
    given_out += drain(agenda, 100)
    assert given_out == [PromptEnded(at) for at in sorted(times)]
