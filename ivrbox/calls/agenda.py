"""Events in the order in which they happened, not in which they became known.

A key is reported some tens of milliseconds after its onset; a time-out is known to the sample. So whatever the box
times itself waits here until the ear has vouched for every sample before it (its *horizon*): a key that began 10 ms
before a time-out always reaches the dialog before that time-out.

    time   ----------|-----------------|---------------|----------->
               key's onset        time-out due        now
               `- reported only now, and yet handled first: the time-out was held until the horizon passed it
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

from ivrbox.dialog.events import TimerFired

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.dialog.events import Event, Timer


class Agenda:
    """What is to happen, by sample of the call; entries of the same sample keep the order they came in."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: list[tuple[int, int, Event]] = []
        self._order = count()

    def put(self, event: Event) -> None:
        """Hold an event until the horizon has reached its `at`."""
        heapq.heappush(self._entries, (event.at, next(self._order), event))

    def start(self, timer: Timer, deadline: int) -> None:
        """(Re)start a timer that fires at sample `deadline`; it runs at most once at a time."""
        self.stop(timer)
        self.put(TimerFired(timer, deadline))

    def stop(self, timer: Timer) -> None:
        """Stop a timer; stopping one that does not run is no error."""
        self.drop(lambda event: isinstance(event, TimerFired) and event.timer is timer)

    def drop(self, unwanted: Callable[[Event], bool]) -> None:
        """Forget entries: what they announce will not happen."""
        kept = [entry for entry in self._entries if not unwanted(entry[2])]
        if len(kept) != len(self._entries):
            self._entries = kept
            heapq.heapify(self._entries)

    def next_until(self, horizon: int) -> Event | None:
        """Take the earliest event that no key can precede any more, or None.

        A deadline is the first sample that is too late, so an event at the very sample of the horizon comes before a
        key that begins there.
        """
        if self._entries and self._entries[0][0] <= horizon:
            return heapq.heappop(self._entries)[2]
        return None
