"""The notice board: what happens on the line and to calls, for whoever wants to know: status, lamp, events.

Rang, then Answered, Ended and Filed, or GaveUp; at any time LineGone, and LineBack after it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.cdr import CallRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rang:
    """It has begun to ring."""


@dataclass(frozen=True)
class GaveUp:
    """It rings no more, and nobody was answered."""


@dataclass(frozen=True)
class Answered:
    """A call is up. `caller` is what its record will tell of the number."""

    call_id: str
    caller: str | None


@dataclass(frozen=True)
class Ended:
    """The line is on-hook again; the recording is not settled yet. `samples_lost`: what the line lost in this call."""

    record: CallRecord
    samples_lost: int = 0


@dataclass(frozen=True)
class Filed:
    """The record of a call is final."""

    record: CallRecord


@dataclass(frozen=True)
class LineGone:
    """The line is gone; `why` in the words of its adapter."""

    why: str


@dataclass(frozen=True)
class LineBack:
    """The line is open again."""


Notice = Rang | GaveUp | Answered | Ended | Filed | LineGone | LineBack


class Board:
    """Passes notices on, on the thread that posts them; so a reader must never wait, and may not break a call."""

    def __init__(self) -> None:
        """Nobody reads it yet."""
        self._readers: list[Callable[[Notice], object]] = []

    def read_by(self, reader: Callable[[Notice], object]) -> None:
        """Have someone read every notice from now on."""
        self._readers.append(reader)

    def post(self, notice: Notice) -> None:
        """Tell everyone."""
        for reader in self._readers:
            try:
                reader(notice)
            except Exception:
                log.exception("a reader of the notice board failed at %s", type(notice).__name__)
