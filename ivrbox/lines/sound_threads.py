"""The two threads at a sound card: one reads, one writes, and neither does anything else.

    card --read--> stamp --> bounded queue --> the line's thread --> bounded queue --write--> card

A *period* is what goes over at once: a few frames, the same number each way. No logging, and nothing made beyond the
period itself. A queue that is full makes the reader wait: the card's buffer then runs over, which the line measures as
lost samples, and the box stays bounded. (`SimpleQueue` knows no bound, so each side looks at the length itself; but it
hands over with one lock in C, where `Queue` takes three in Python: half of what a frame used to cost here.)
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ivrbox.lines.sound_cushion import Cushion

if TYPE_CHECKING:
    from collections.abc import Callable

PERIOD_FRAMES: Final = 2
"""Frames that go over at once, unless the owner wants it otherwise.

Most of what a call costs is the waking: three threads here, two more in a sound server's library, and whatever they
touch has left the processor's caches since. Two frames at once halve that, and a key silences a prompt 40 ms later:
the period that it is in fills up first, and the answer waits behind the one that the card is playing.
"""

CAPTURED_FRAMES: Final = 24
"""Half a second of sound that the box may be behind before the card's own buffer has to bear it."""

PLAYED_FRAMES: Final = 3
"""Frames to be said that wait for the card; two periods, where those are more."""

PRIORITY: Final = 20
"""SCHED_FIFO priority: above all that is ordinary, below the kernel's interrupt threads (50); the unit allows it."""

LOOK_UP_S: Final = 0.05
"""How often a thread that waits for the other side looks whether it is to stop."""

FIRST_LOOK_S: Final = 0.005
"""How often the reader looks for the first period of a card that has only just started."""


class Captured(NamedTuple):
    """A period as the card gave it: bytes, when it was read (ns), and samples that waited behind it."""

    raw: bytes
    read_ns: int
    waiting: int


class CardThread(threading.Thread):
    """A thread that repeats one step until told to stop, or until the card fails; `fault` then says how."""

    def __init__(self, name: str, step: Callable[[], None], on_end: Callable[[], None]) -> None:
        """Prepare; `on_end` is called by the thread itself when it ends, however late that may be."""
        super().__init__(name=name, daemon=True)
        self._step = step
        self._on_end = on_end
        self._told_to_stop = threading.Event()
        self._knows_priority = threading.Event()
        self.fault: str | None = None
        self._is_realtime = False

    @property
    def is_realtime(self) -> bool:
        """Whether the system let it have real-time priority; waits until the thread has asked."""
        self._knows_priority.wait(1.0)
        return self._is_realtime

    def run(self) -> None:
        """Repeat the step."""
        self._is_realtime = _go_realtime()
        self._knows_priority.set()
        try:
            while not self._told_to_stop.is_set():
                self._step()
        except OSError as error:
            self.fault = str(error)
        finally:
            self._on_end()

    def stop(self) -> None:
        """Let the step that is under way be the last."""
        self._told_to_stop.set()


class Reader:
    """Reads periods and hands them over."""

    def __init__(self, stream: Any, frame: int, frames: int, clock_ns: Callable[[], int]) -> None:  # noqa: ANN401
        """Read from this stream; a frame is so many samples, and a period so many frames."""
        self._stream, self._period, self._clock_ns = stream, frame * frames, clock_ns
        self._most = CAPTURED_FRAMES // frames
        self._has_begun = False
        self.periods: queue.SimpleQueue[Captured] = queue.SimpleQueue()

    def step(self) -> None:
        """Read one period and hand it over, or wait for room, or for the card's first."""
        if self.periods.qsize() >= self._most:
            time.sleep(LOOK_UP_S)
        elif self._has_begun or self._begins():
            raw = self._stream.read(self._period, exception_on_overflow=False)
            self.periods.put(Captured(raw, self._clock_ns(), self._stream.get_read_available()))

    def _begins(self) -> bool:
        """Look for the first period.

        Reading before a sound server has any makes PortAudio spin, at real-time priority: it takes the processor from
        the very server that it waits for, on a machine with one core for good.
        """
        self._has_begun = self._stream.get_read_available() >= self._period
        if not self._has_begun:
            time.sleep(FIRST_LOOK_S)
        return self._has_begun


class Writer:
    """Takes periods and writes them, shaped so that neither gaps nor delay last; see `sound_cushion`."""

    def __init__(self, stream: Any, frame: int, frames: int) -> None:  # noqa: ANN401 - PyAudio has no types
        """Write to this stream; a frame is so many samples, and a period so many frames."""
        self._stream = stream
        self._room = stream.get_write_available()
        self._cushion = Cushion(self._room, frame, frames)
        self._most = max(2, PLAYED_FRAMES // frames)
        self.periods: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    @property
    def underruns(self) -> int:
        """How often the card had run dry."""
        return self._cushion.underruns

    @property
    def has_room(self) -> bool:
        """Whether it takes another period."""
        return self.periods.qsize() < self._most

    def step(self) -> None:
        """Write one period, if one comes."""
        with contextlib.suppress(queue.Empty):
            raw = self.periods.get(timeout=LOOK_UP_S)
            piles_up = self.periods.qsize() >= self._most - 1
            raw = self._cushion.shape(raw, self._room - self._stream.get_write_available(), piles_up=piles_up)
            if raw:
                self._stream.write(raw, exception_on_underflow=False)


def _go_realtime() -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))  # 0: this thread alone
    except (AttributeError, OSError):
        return False
    return True
