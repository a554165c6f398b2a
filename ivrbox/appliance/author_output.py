"""What an author's function prints and logs: lines on their way to the box's log, within a budget."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ivrbox.appliance import function_wire as wire

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET_BYTES = 32 << 10
"""What one run may log. Less than a pipe holds (64 KiB), so that logging never waits for the box to read."""

_LONGEST_LINE = 1000


class LineBudget:
    """Sends log lines as long as the budget of this run lasts; then says once that more was dropped."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        """Take what sends a framed message; the budget is full."""
        self._send = send
        self._left = BUDGET_BYTES

    @property
    def is_spent(self) -> bool:
        """Whether nothing more of this run will be sent."""
        return self._left <= 0

    def refill(self) -> None:
        """Begin a new run."""
        self._left = BUDGET_BYTES

    def spend(self, level: str, text: str) -> None:
        """Send a line, cut where it is too long; nothing where the budget is spent."""
        if self._left <= 0:
            return
        message = wire.json_message("log", level=level, text=text[:_LONGEST_LINE])
        self._left -= len(message)
        if self.is_spent:
            message = wire.json_message("log", level="warning", text="more was logged or printed; it was dropped")
        self._send(message)


class Prints(io.TextIOBase):
    """Stands in for stdout and stderr: gives each printed line to `take`, and piles up no endless one."""

    encoding = "utf-8"

    def __init__(self, take: Callable[[str], None]) -> None:
        """Take what takes a line."""
        super().__init__()
        self._take = take
        self._begun = ""

    def writable(self) -> bool:
        """It can be printed to."""
        return True

    def write(self, text: str) -> int:
        """Print."""
        *lines, begun = (self._begun + text).split("\n")
        for line in lines:
            self._take(line)
        self._begun = begun[:_LONGEST_LINE]
        return len(text)

    def flush(self) -> None:
        """Give away a line that was only begun."""
        if self._begun:
            self._begun, line = "", self._begun
            self._take(line)
