"""The wall clock, as a value that can be pinned: it only ever stamps records, it never times a call."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Tell the time, with its zone."""
    return datetime.now(UTC).astimezone()


def new_call_id(now: datetime) -> str:
    """Name a call: its start in UTC, so that names sort by time, and four random hex digits against twins."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
