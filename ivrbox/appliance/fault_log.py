"""The newest faults, kept in memory for whoever asks how the box is: warnings and errors, with dots for secrets."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ivrbox.cdr import PiiFilter

if TYPE_CHECKING:
    from ivrbox.cdr import Redactor

KEPT = 20
LONGEST = 300
"""Characters of a message: enough to know what to look for in the log."""


@dataclass(frozen=True)
class LoggedFault:
    """A warning or an error: when (ISO 8601), which of the two, and its words."""

    at: str
    level: str
    text: str


class FaultLog(logging.Handler):
    """Takes what is logged as a warning or worse; `total` counts by level since the start."""

    def __init__(self, redactor: Redactor) -> None:
        """Start empty."""
        super().__init__(logging.WARNING)
        self.addFilter(PiiFilter(redactor))
        self._newest: deque[LoggedFault] = deque(maxlen=KEPT)
        self.total = {"warning": 0, "error": 0}

    @property
    def newest(self) -> list[LoggedFault]:
        """The newest faults, newest first."""
        return list(reversed(self._newest.copy()))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        level = "error" if record.levelno >= logging.ERROR else "warning"
        self.total[level] += 1
        at = datetime.fromtimestamp(record.created, UTC).astimezone().isoformat(timespec="seconds")
        text = record.getMessage().partition("\n")[0][:LONGEST]
        self._newest.append(LoggedFault(at, level, text))
