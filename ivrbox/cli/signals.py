"""Signals that end a command: a line that is off-hook must not stay so."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def endings() -> list[signal.Signals]:
    """What asks a process to end: a terminal that closes does, unless it was told to outlive it (`nohup`)."""
    outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT, *([] if outlives else [signal.SIGHUP])]


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let such a signal leave this block as an exception would, so that whatever was taken is given back."""
    before = {number: signal.signal(number, _leave) for number in endings() if number is not signal.SIGINT}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: object) -> None:
    sys.exit(128 + number)  # as a shell tells it
