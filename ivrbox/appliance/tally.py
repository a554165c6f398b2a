"""The tally: what the notices of the board add up to since the box was started."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

from ivrbox.appliance.board import Answered, Ended, Filed, LineGone
from ivrbox.appliance.line_state import LineState, state_after

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from ivrbox.appliance.board import Notice
    from ivrbox.appliance.clock import Clock


@dataclass(frozen=True)
class Counts:
    """A moment's counts. `since` and `call_since` are seconds of the monotonic clock."""

    state: LineState = LineState.IDLE
    since: float = 0.0
    why: str = ""
    call_id: str | None = None
    today: int = 0
    calls: int = 0
    seconds: float = 0.0
    samples_lost: int = 0
    line_losses: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    recordings: Counter[str] = field(default_factory=Counter)


class Tally:
    """Reads the board on any thread, and can be asked by any other."""

    def __init__(self, clock: Clock, *, today: int = 0, now: Callable[[], float] = time.monotonic) -> None:
        """Start at zero; `today` calls were answered already today, by an earlier run."""
        self._clock = clock
        self._now = now
        self._lock = Lock()
        self._day = clock().date()
        self._counts = Counts(since=now(), today=today)

    def read(self, notice: Notice) -> None:
        """Count a notice."""
        with self._lock:
            self._counts = self._counted(self._of_today(self._clock().date()), notice)

    @property
    def counts(self) -> Counts:
        """How things stand."""
        with self._lock:
            self._counts = self._of_today(self._clock().date())
            return self._counts

    def _of_today(self, day: date) -> Counts:
        is_new, self._day = day != self._day, day
        return replace(self._counts, today=0) if is_new else self._counts

    def _counted(self, counts: Counts, notice: Notice) -> Counts:
        state = state_after(counts.state, notice)
        if state is not counts.state:
            counts = replace(counts, state=state, since=self._now(), why="")
        match notice:
            case Answered(call_id):
                return replace(counts, call_id=call_id, today=counts.today + 1, calls=counts.calls + 1)
            case Ended(record, samples_lost):
                return replace(
                    counts,
                    call_id=None,
                    seconds=counts.seconds + record.duration_s,
                    samples_lost=counts.samples_lost + samples_lost,
                    ended=counts.ended + Counter([record.ended]),
                )
            case Filed(record):
                return replace(counts, recordings=counts.recordings + Counter([record.recording]))
            case LineGone(why):
                return replace(counts, why=why, line_losses=counts.line_losses + 1)
        return counts
