"""The life of a recording, as a table.

    OFF         nothing is recorded: the settings say so, or recording was refused (the record says why)
    OPEN        it lives in locked memory only, and the caller can still opt out
    KEPT        it was sealed to the operator's key, and a row in the store promises it
    DISCARDED   it is gone: the caller opted out in the call, or a kept one was shredded later
    LOST        the box went down, or sealing failed, before it could be kept
    DAMAGED     a row promises it, but its file is missing or is not what was sealed

A final state is an empty row: that is how the reader sees that a discarded recording cannot come back.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from ivrbox.errors import IllegalTransition

if TYPE_CHECKING:
    from collections.abc import Mapping


class RecordingState(StrEnum):
    """Where a recording stands; the value is the word that the conversation record shows."""

    OFF = "off"
    OPEN = "open"
    KEPT = "kept"
    DISCARDED = "discarded"
    LOST = "lost"
    DAMAGED = "damaged"


class RecordingEvent(StrEnum):
    """What can happen to a recording."""

    DISCARD = "discard"
    SEAL = "seal"
    LOSE = "lose"
    SHRED = "shred"
    FIND_DAMAGED = "find damaged"


TRANSITIONS: Mapping[RecordingState, Mapping[RecordingEvent, RecordingState]] = MappingProxyType(
    {
        RecordingState.OFF: {},
        RecordingState.OPEN: {
            RecordingEvent.DISCARD: RecordingState.DISCARDED,
            RecordingEvent.SEAL: RecordingState.KEPT,
            RecordingEvent.LOSE: RecordingState.LOST,
        },
        RecordingState.KEPT: {
            RecordingEvent.SHRED: RecordingState.DISCARDED,
            RecordingEvent.FIND_DAMAGED: RecordingState.DAMAGED,
        },
        RecordingState.DISCARDED: {},
        RecordingState.LOST: {},
        RecordingState.DAMAGED: {},
    }
)


def next_state(state: RecordingState, event: RecordingEvent) -> RecordingState:
    """The state that follows.

    Raises:
        IllegalTransition: the table has no such move; the message names the event, the state and what it allows.
    """
    row = TRANSITIONS[state]
    if event not in row:
        allowed = ", ".join(row) or "nothing: it is final"
        raise IllegalTransition(f"recording: cannot {event} while {state}; allowed is {allowed}")
    return row[event]
