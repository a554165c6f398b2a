"""Whether the date can be believed: a wrong one may not be the reason to shred what was kept for callers.

A box without a battery clock wakes up in 1970, and a time server that errs can send it to 2040. So a date that has
jumped by more than a week against the time the machine has run, or that a start finds more than a week after the last
known one, is doubted until the machine has run for another day.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

JUMP_S = 7 * 86400.0
"""Clocks that are wrong are wrong by years; a box that was switched off for some days is not suspicious."""

DOUBT_S = 86400.0
"""A clock that goes wrong is put right within a day, by a time server or by a person."""


@dataclass(frozen=True)
class Moment:
    """One reading of all clocks: the boot's name, seconds since it, seconds since 1970, and seconds of doubt left."""

    boot: str
    running_s: float
    date: float
    doubt_s: float = 0.0


def read_clocks() -> Moment:
    """Read the clocks of this machine."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return Moment(boot, time.clock_gettime(time.CLOCK_BOOTTIME), time.time())


def doubt(before: Moment | None, now: Moment) -> float:
    """Seconds that the machine is to run from now until its date is believed; 0: it is."""
    if before is None:
        return 0.0
    ran = now.running_s - before.running_s if now.boot == before.boot else now.running_s
    jumped = now.date - before.date - ran
    return DOUBT_S if abs(jumped) > JUMP_S else max(0.0, before.doubt_s - ran)


def believed(file: Path, now: Moment) -> bool:
    """Whether the date is to be believed, by what `file` remembers of the last look at it."""
    left = doubt(_load(file), now)
    part = file.with_name(f".{file.name}.part")
    with suppress(OSError):  # a medium that cannot remember it has nothing shredded either
        part.write_text(json.dumps(asdict(now) | {"doubt_s": left}), "ascii")
        part.replace(file)
    return not left


def _load(file: Path) -> Moment | None:
    try:
        return Moment(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
