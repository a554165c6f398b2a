"""A conversation record: what happened in a call, in the words of the trade, and nothing that must be forgotten."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class TurnRecord:
    """One turn: what the caller keyed in (digits, dots for PII, "" for silence) or what the box said.

    `at_s` is the moment in the call, in seconds; None where it is not known.
    """

    role: Literal["user", "agent"]
    text: str
    outcome: str | None = None
    at_s: float | None = None


@dataclass(frozen=True)
class MessageRecord:
    """A message that a caller left: its sealed file's name, the step that took it (`flow.step`), and its length.

    `state` is `kept`, or `lost` where it could not be sealed.
    """

    name: str
    box: str
    length_s: float
    state: str = "kept"


@dataclass(frozen=True)
class CallRecord:
    """One call, at its end. `started` is ISO 8601 with zone, `duration_s` seconds, `path` "flow.step" in order.

    `recording` is the word of its state; `recording_detail` says why it was refused or lost; `receipt` is what a
    discard left behind; `faults` are failures that the call survived; `trace` holds keys and timers, without PII.
    """

    id: str
    line: str
    caller: str | None
    started: str
    duration_s: float
    ended: str
    turns: tuple[TurnRecord, ...] = ()
    path: tuple[str, ...] = ()
    recording: str = "off"
    recording_detail: str | None = None
    receipt: Mapping[str, Any] | None = None
    messages: tuple[MessageRecord, ...] = ()
    faults: tuple[str, ...] = ()
    trace: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The record as plain values, in the order in which it is read."""
        return asdict(self)
