"""Who is calling, from the lines that a modem prints between rings: `NMBR=`, `NAME=` and their many spellings."""

from __future__ import annotations

import re

from ivrbox.dsp.callerid import number_in
from ivrbox.lines.line import CallerId

NEWS = re.compile(r"(DATE|TIME|NMBR|NBR|DDN_NMBR|NDID|NAME|MESG|DRON|DROF|DDN)\s*=\s*(.*)", re.IGNORECASE)
"""A line that comes unasked; group 1 is the field, group 2 its value."""

_NUMBER_FIELDS = frozenset({"NMBR", "NBR", "DDN_NMBR"})
_WITHHELD = frozenset({"", "O", "P", "PRIVATE", "OUT OF AREA", "UNAVAILABLE", "ANONYMOUS", "-"})

WAIT_MS = 400
"""How long a number waits for the name that may follow it; a modem prints all lines of one call in a row."""


class CallerIdLines:
    """Gathers the lines of one call into one event. Times are ms of any clock that goes on."""

    def __init__(self) -> None:
        """Nothing has been printed yet."""
        self.forget()

    def forget(self) -> None:
        """What was printed belongs to a call that is over."""
        self._number: str | None = None
        self._name: str | None = None
        self._has_number = False
        self._last_ms: float | None = None

    def push(self, line: str, now_ms: float) -> CallerId | None:
        """Take a line of text; give the caller once number and name are known."""
        match = NEWS.fullmatch(line)
        if match is None:
            return None
        field, value = match[1].upper(), match[2].strip().strip('"')
        if field in _NUMBER_FIELDS:
            self._number, self._has_number = number_in(value), True
        elif field == "NAME":
            self._name = None if value.upper() in _WITHHELD else value
        else:
            return None
        self._last_ms = now_ms
        return self._done() if self._has_number and field == "NAME" else None

    def poll(self, now_ms: float) -> CallerId | None:
        """Time has gone on: give the caller if what was printed is all that comes."""
        is_due = self._last_ms is not None and now_ms - self._last_ms >= WAIT_MS
        return self._done() if is_due else None

    def rung(self) -> CallerId | None:
        """A ring ends what is printed of a caller, and may be answered at once: give what is known."""
        return self._done() if self._last_ms is not None else None

    def _done(self) -> CallerId:
        caller = CallerId(self._number, self._name)
        self.forget()
        return caller
