"""How the box is, at one moment, as plain values. Nothing in it tells a digit or a caller's number.

It is put together from what is in memory: asking never touches a disk, a line or a call.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ivrbox
from ivrbox.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.appliance.clock import Clock
    from ivrbox.appliance.fault_log import FaultLog
    from ivrbox.appliance.shelving import Shelving
    from ivrbox.appliance.tally import Tally
    from ivrbox.cdr import Store

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sources:
    """Where the facts come from. `told` gives the counts of events that were sent and dropped."""

    line: str
    kind: str
    tally: Tally
    faults: FaultLog
    shelving: Shelving
    told: Callable[[], dict[str, int]]


class StatusBook:
    """Tells how the box is."""

    def __init__(self, sources: Sources, clock: Clock, now: Callable[[], float] = time.monotonic) -> None:
        """Count the time that the box is up from here."""
        self._sources = sources
        self._now = now
        self._began = now()
        self._started = clock().isoformat(timespec="seconds")

    def status(self) -> dict[str, Any]:
        """The facts, ready for JSON; durations in seconds, sizes in bytes."""
        counts, now = self._sources.tally.counts, self._now()
        return {
            "version": ivrbox.__version__,
            "pid": os.getpid(),
            "started": self._started,
            "uptime_s": round(now - self._began, 1),
            "line": {
                "name": self._sources.line,
                "kind": self._sources.kind,
                "state": counts.state.value,
                "since_s": round(now - counts.since, 1),
                "why": counts.why,
                "call": counts.call_id,
                "losses": counts.line_losses,
                "samples_lost": counts.samples_lost,
            },
            "calls": {
                "today": counts.today,
                "total": counts.calls,
                "seconds": round(counts.seconds, 1),
                "ended": dict(counts.ended),
                "recordings": dict(counts.recordings),
            },
            "disk": asdict(self._sources.shelving.governor.room) | {"refusal": self._sources.shelving.governor.refusal},
            "records": self._records(),
            "faults": self._sources.faults.total | {"newest": [asdict(fault) for fault in self._sources.faults.newest]},
            "events": self._sources.told(),
            "process": {"resident_bytes": resident_bytes(), "threads": threading.active_count()},
        }

    def _records(self) -> dict[str, Any]:
        ledger = self._sources.shelving.ledger
        return {"waiting": ledger.waiting, "lost": ledger.lost, "trouble": ledger.trouble}


def resident_bytes() -> int:
    """Memory that this process has in RAM, of which the recording spool is a part."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE


def calls_of_today(store: Callable[[], Store], clock: Clock) -> int:
    """Calls that were answered since midnight, as far as the store can tell."""
    midnight = clock().replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return len(store().calls(since=midnight.isoformat()))
    except StoreError:
        return 0
