"""The states of a call, as one table.

    RINGING --answered--> UP --gone--> DRAINING --settled--> SEALED --ended--> OVER

`DRAINING`: the line is down, but a function that was running may still wish the recording gone; its wish counts.
`SEALED`: the opt-out window has closed; the end function runs here, and `discard_recording()` raises.
A final state is an empty row.
"""

from __future__ import annotations

from enum import StrEnum

from ivrbox.errors import IllegalTransition


class CallState(StrEnum):
    """Where a call stands."""

    RINGING = "ringing"
    UP = "up"
    DRAINING = "draining"
    SEALED = "sealed"
    OVER = "over"


class CallMove(StrEnum):
    """What moves a call on."""

    ANSWERED = "answered"
    GONE = "gone"
    SETTLED = "settled"
    ENDED = "ended"


TRANSITIONS: dict[CallState, dict[CallMove, CallState]] = {
    CallState.RINGING: {CallMove.ANSWERED: CallState.UP},
    CallState.UP: {CallMove.GONE: CallState.DRAINING},
    CallState.DRAINING: {CallMove.SETTLED: CallState.SEALED},
    CallState.SEALED: {CallMove.ENDED: CallState.OVER},
    CallState.OVER: {},
}


def after(state: CallState, move: CallMove) -> CallState:
    """Look up the state that follows; raise `IllegalTransition` naming the move, the state and what is allowed."""
    row = TRANSITIONS[state]
    if move not in row:
        allowed = ", ".join(row) or "nothing: the call is over"
        raise IllegalTransition(f"call: {move} in state {state}; allowed here: {allowed}")
    return row[move]
