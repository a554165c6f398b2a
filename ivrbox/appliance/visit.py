"""A call as the office knows it: its name, the date, and the parts that outlive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from ivrbox.calls.call import Call
    from ivrbox.recordings import Recorder


@dataclass
class Visit:
    """One call, and what the office knows about it that the call itself does not: its name, and the date."""

    id: str
    line: str
    caller: str | None
    started: datetime
    call: Call
    recorder: Recorder
    secrets_seen: int = 0
