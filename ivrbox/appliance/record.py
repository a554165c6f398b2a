"""From a call that is over to the record that is kept of it: the only way out for what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.cdr import CallRecord, TurnRecord
from ivrbox.units import samples_to_seconds

if TYPE_CHECKING:
    from ivrbox.appliance.visit import Visit
    from ivrbox.calls.call import Call
    from ivrbox.dialog.turns import Turn


def record_of(visit: Visit) -> CallRecord:
    """What is known of the call, secrets as dots; the state of its recording is settled later, by the keeper."""
    call = visit.call
    return CallRecord(
        id=visit.id,
        line=visit.line,
        caller=visit.caller,
        started=visit.started.isoformat(timespec="milliseconds"),
        duration_s=round(call.duration_s, 3),
        ended=call.ended or "fault",
        turns=tuple(map(turn_record, call.turns)),
        path=call.path,
        recording=visit.recorder.state.value,
        trace=tuple(f"{at_s:.3f} s: {words}" for at_s, words in _trace(call)),
    )


def _trace(call: Call) -> list[tuple[float, str]]:
    """What happened beside the turns, and what the ear made of the sound, in the order of time."""
    notes = [(note.at_s, f"{note.what}: {note.detail}".removesuffix(": ")) for note in call.notes]
    return sorted([*notes, *call.key_trace])


def turn_record(turn: Turn) -> TurnRecord:
    """One turn as anyone may see it."""
    outcome = None if turn.outcome is None else turn.outcome.value
    return TurnRecord(turn.role, turn.shown, outcome, round(samples_to_seconds(turn.at), 3))
