"""The status lamp: how the line stands, seen from across the room.

    idle       a wink every three seconds: the box lives, and a lamp that is dark for longer tells that it does not
    ringing    fast
    in call    steady
    fault      two winks a second apart from the next two: the line is lost

It blinks on a thread of its own, since a line that is lost moves no frames; a lamp that has nothing to change costs
nothing.
"""

from __future__ import annotations

import logging
import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from ivrbox.appliance.line_state import LineState, state_after
from ivrbox.lines.lamp import PinLamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivrbox.appliance.board import Notice

log = logging.getLogger(__name__)

JOIN_LIMIT_S = 2.0

PATTERNS_MS: Mapping[LineState, tuple[int, ...]] = MappingProxyType(
    {
        LineState.IDLE: (60, 2940),
        LineState.RINGING: (150, 150),
        LineState.IN_CALL: (),
        LineState.LOST: (120, 180, 120, 1080),
    }
)
"""Lit, dark, lit, dark ... in ms, then from the start; nothing is steadily lit."""


class Lamp(Protocol):
    """Anything that can be lit."""

    def set(self, *, lit: bool) -> None:
        """Light it, or put it out."""

    def close(self) -> None:
        """Put it out for good."""


class LampMachine:
    """Which lamp follows which, without a clock: `step` gives what to show, and for how many ms (None: for good)."""

    def __init__(self) -> None:
        """Begin with an idle line."""
        self.state = LineState.IDLE
        self._next = 0

    def handle(self, notice: Notice) -> bool:
        """Take a notice; True if another pattern is to be shown at once."""
        before, self.state = self.state, state_after(self.state, notice)
        if self.state is before:
            return False
        self._next = 0
        return True

    def step(self) -> tuple[bool, int | None]:
        """What to show now, and for how long."""
        pattern = PATTERNS_MS[self.state]
        if not pattern:
            return True, None
        number, self._next = self._next, (self._next + 1) % len(pattern)
        return number % 2 == 0, pattern[number]


class LampBlinker:
    """Shows a machine's patterns on a lamp."""

    def __init__(self, lamp: Lamp) -> None:
        """Start blinking."""
        self._lamp = lamp
        self._machine = LampMachine()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="lamp", daemon=True)
        self._thread.start()

    @classmethod
    def on_pin(cls, pin: int | str) -> LampBlinker:
        """Blink on a pin.

        Raises:
            LineError: the pin cannot be had.
        """
        return cls(PinLamp(pin))

    def read(self, notice: Notice) -> None:
        """Take a notice of the board; never waits for the lamp."""
        with self._changed:
            if self._machine.handle(notice):
                self._changed.notify()

    def close(self) -> None:
        """Stop, and put the lamp out."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(JOIN_LIMIT_S)
        self._lamp.close()

    def _run(self) -> None:
        try:
            with self._changed:
                while not self._is_closed:
                    lit, for_ms = self._machine.step()
                    self._lamp.set(lit=lit)
                    self._changed.wait(None if for_ms is None else for_ms / 1000)
        except Exception:
            log.exception("the status lamp has failed, and stays as it is")
