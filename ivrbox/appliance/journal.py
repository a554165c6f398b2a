"""Logs as the journal likes them: each with its fields, so that `journalctl IVRBOX_CALL=...` tells one call's story.

    IVRBOX_CALL    the call that the message names, if it names one
    IVRBOX_EVENT   what happened, where the log statement says so: answered, ended, line_lost, line_back, fault

The native protocol is a datagram of fields (systemd.io/JOURNAL_NATIVE_PROTOCOL).
"""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ivrbox.appliance.clock import CALL_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JOURNAL: Final = Path("/run/systemd/journal/socket")

_CALL = re.compile(rf"\bcall ({CALL_ID})\b")

# syslog(3) has more levels than Python; these are the ones that journalctl -p takes.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7


def stderr_is_journal(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether systemd has connected standard error to the journal (`JOURNAL_STREAM`, systemd.exec(5))."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class JournalHandler(logging.Handler):
    """Sends each record to the journal; one that the journal does not take goes to standard error as text."""

    def __init__(self, address: Path = JOURNAL) -> None:
        """Send to the socket at `address`, which need not be there yet."""
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))  # level and logger are fields; basicConfig would add them
        self._address = str(address)
        self._wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._wire.settimeout(0)
        self._spare = logging.StreamHandler()

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record; never waits, since the thread of the line logs as well."""
        try:
            self._wire.sendto(b"".join(_lines(record, self.format(record))), self._address)
        except OSError:
            self._spare.emit(record)

    def close(self) -> None:
        """Close the socket."""
        self._wire.close()
        super().close()


def _lines(record: logging.LogRecord, message: str) -> Iterator[bytes]:
    for name, value in _fields(record, message):
        data = value.encode("utf-8", "backslashreplace")
        if b"\n" in data:
            yield b"%s\n%s%s\n" % (name.encode(), len(data).to_bytes(8, "little"), data)
        else:
            yield b"%s=%s\n" % (name.encode(), data)


def _fields(record: logging.LogRecord, message: str) -> Iterator[tuple[str, str]]:
    yield "MESSAGE", message
    yield "PRIORITY", str(_priority(record.levelno))
    yield "SYSLOG_IDENTIFIER", "ivrbox"
    yield "LOGGER", record.name
    yield "CODE_FUNC", record.funcName or ""
    yield "CODE_LINE", str(record.lineno)
    if call := _CALL.search(message):
        yield "IVRBOX_CALL", call[1]
    if event := getattr(record, "event", None):
        yield "IVRBOX_EVENT", str(event)


def _priority(level: int) -> int:
    return next((priority for least, priority in _PRIORITIES if level >= least), _DEBUG)
