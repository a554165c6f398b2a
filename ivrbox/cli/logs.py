"""Logs of a command: to standard error or the journal, with everything private turned to dots on the way."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivrbox.appliance.journal import JournalHandler, stderr_is_journal
from ivrbox.cdr import PiiFilter

if TYPE_CHECKING:
    from ivrbox.cdr import Redactor


def log_to_stderr(redactor: Redactor, level: int = logging.WARNING) -> None:
    """Send the logs to standard error, at this level and above; where that is the journal, with their fields."""
    handler: logging.Handler
    if stderr_is_journal():
        handler = JournalHandler()
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.addFilter(PiiFilter(redactor))
    logging.basicConfig(level=level, handlers=[handler], force=True)
