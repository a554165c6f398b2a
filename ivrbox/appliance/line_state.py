"""How the line stands, as a table over the notices of the board.

    IDLE ── Rang ──▶ RINGING ── Answered ──▶ IN_CALL
      ▲◀── GaveUp ──────┘                       │
      └◀──────────────── Ended ─────────────────┘

LineGone leads to LOST from everywhere, and only LineBack leads out of it.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from ivrbox.appliance.board import Answered, Ended, GaveUp, LineBack, LineGone, Rang

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivrbox.appliance.board import Notice


class LineState(StrEnum):
    """What an onlooker sees; the value is the word that `ivrbox status` shows."""

    IDLE = "idle"
    RINGING = "ringing"
    IN_CALL = "in_call"
    LOST = "lost"


_LIVE: Mapping[type[Notice], LineState] = {
    Rang: LineState.RINGING,
    GaveUp: LineState.IDLE,
    Answered: LineState.IN_CALL,
    Ended: LineState.IDLE,
    LineGone: LineState.LOST,
}

TRANSITIONS: Mapping[LineState, Mapping[type[Notice], LineState]] = MappingProxyType(
    {
        LineState.IDLE: _LIVE,
        LineState.RINGING: _LIVE,
        LineState.IN_CALL: _LIVE,
        LineState.LOST: {LineBack: LineState.IDLE},
    }
)


def state_after(state: LineState, notice: Notice) -> LineState:
    """The state that follows; a notice that the table does not have changes nothing."""
    return TRANSITIONS[state].get(type(notice), state)
