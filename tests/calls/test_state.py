"""The table of a call's states."""

from __future__ import annotations

import pytest

from ivrbox.calls.state import TRANSITIONS, CallMove, CallState, after
from ivrbox.errors import IllegalTransition


def test_a_call_goes_once_from_ringing_to_over() -> None:
    state = CallState.RINGING
    for move in (CallMove.ANSWERED, CallMove.GONE, CallMove.SETTLED, CallMove.ENDED):
        state = after(state, move)
    assert state is CallState.OVER
    assert TRANSITIONS[state] == {}


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(CallState)


@pytest.mark.parametrize("state", list(CallState))
@pytest.mark.parametrize("move", list(CallMove))
def test_an_illegal_move_says_what_was_asked_where_and_what_is_allowed(state: CallState, move: CallMove) -> None:
    if move in TRANSITIONS[state]:
        assert after(state, move) is TRANSITIONS[state][move]
        return
    with pytest.raises(IllegalTransition, match=f"{move} in state {state}; allowed here: "):
        after(state, move)
