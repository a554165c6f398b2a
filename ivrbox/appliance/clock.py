"""The wall clock, as a value that can be pinned: it only ever stamps records, it never times a call."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Clock = Callable[[], datetime]


CALL_ID: Final = r"\d{8}T\d{6}Z-[0-9a-f]{8}"
"""What `new_call_id` makes, as a pattern for those who look for calls in a text."""


def wall_clock() -> datetime:
    """Tell the time, with its zone."""
    return datetime.now(UTC).astimezone()


def new_call_id(now: datetime) -> str:
    """Name a call: its start in UTC, so that names sort by time, and eight random hex digits against twins.

    A machine without a battery for its clock wakes at the same second after every power cut: the digits alone must
    tell its calls apart, since a record that comes under a known name is taken for that record come again.
    """
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
