from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrbox.errors import IllegalTransition
from ivrbox.recordings import TRANSITIONS, RecordingEvent, RecordingState, next_state

FINAL = {RecordingState.OFF, RecordingState.DISCARDED, RecordingState.LOST, RecordingState.DAMAGED}


def test_final_states_are_empty_rows() -> None:
    assert set(TRANSITIONS) == set(RecordingState)
    assert {state for state, row in TRANSITIONS.items() if not row} == FINAL


def test_the_words_are_those_of_the_record() -> None:
    assert {state.value for state in RecordingState} == {"off", "open", "kept", "discarded", "lost", "damaged"}


def test_an_illegal_move_names_event_state_and_what_is_allowed() -> None:
    with pytest.raises(IllegalTransition, match="cannot seal while discarded; allowed is nothing: it is final"):
        next_state(RecordingState.DISCARDED, RecordingEvent.SEAL)
    with pytest.raises(IllegalTransition, match="cannot shred while open; allowed is discard, seal, lose"):
        next_state(RecordingState.OPEN, RecordingEvent.SHRED)


@given(st.lists(st.sampled_from(RecordingEvent), max_size=8))
def test_what_is_gone_never_comes_back(events: list[RecordingEvent]) -> None:
    state, gone = RecordingState.OPEN, False
    for event in events:
        try:
            state = next_state(state, event)
        except IllegalTransition:
            continue
        assert not gone, "a final state was left"
        gone = state in FINAL
