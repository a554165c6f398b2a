"""Lets go of what was kept for long enough: recordings of calls, and messages; the oldest go first.

The row says so before the file is gone: a cut between the two leaves a file that no row promises, and the next start
takes it away.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ivrbox.appliance.calendar import believed, read_clocks
from ivrbox.recordings import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.appliance.calendar import Moment
    from ivrbox.appliance.settings import RetentionSpec
    from ivrbox.cdr import Store
    from ivrbox.recordings import Archive

MEGABYTE = 1_000_000

FIRST_BOX = 1_767_225_600
"""2026-01-01: nothing was kept before there was a box. A file that says so was sealed while the date was not set."""


def tidy(
    store: Store,
    archive: Archive,
    messages: Archive,
    spec: RetentionSpec,
    *,
    clocks: Callable[[], Moment] = read_clocks,
) -> list[str]:
    """Shred what is overdue; returns a line of words for each file. May be run beside a box that answers calls.

    Raises:
        StoreError: the store cannot be written; nothing more is shredded then.
        SealError: the medium refused.
    """
    now = clocks()
    is_believed = believed(store.path.with_name("calendar.json"), now)
    limits = limits_of(spec, by_age=is_believed)
    told: list[str] = []

    def recording_goes(call_id: str, why: str) -> None:
        store.set_recording(call_id, "discarded", why)
        told.append(f"recording of call {call_id}: {why}")

    def message_goes(name: str, why: str) -> None:
        store.set_message(name, "discarded")
        told.append(f"message {name}: {why}")

    for place, goes in ((archive, recording_goes), (messages, message_goes)):
        if is_believed:
            _date_anew(place, now.date)
        place.retain(limits, now.date, goes)
    return told


def limits_of(spec: RetentionSpec, *, by_age: bool = True) -> Limits:
    """The settings as limits."""
    days = spec.days if by_age else 0
    return Limits(days or None, spec.count or None, round(spec.megabytes * MEGABYTE) or None)


def _date_anew(archive: Archive, now: float) -> None:
    """Count the age of what was sealed before the clock was set from now on."""
    for file in archive.files():
        if file.sealed_at < FIRST_BOX <= now:
            os.utime(archive.path(file.call_id), (now, now))
