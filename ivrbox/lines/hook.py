"""The pins of a line on a Raspberry Pi: hook relay, ring detector, loop sensor, busy lamp, shutdown button.

The hook pin is active high, wants a pull-down of its own, and is off at start, at hang-up, at close and at every end of
the process that Python can see. For those that it cannot see (SIGKILL, a lost supply) see `hw/wiring.md`.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
import warnings
from collections import deque
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from ivrbox.errors import LineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

Pin = int | str
Level = Literal["low", "high"]

PULSES_KEPT: Final = 2048
"""Pulses between two frames are a few; more than this is a pin that floats."""

BUTTON_HELD_S: Final = 2.0
"""A button that is brushed in passing must not put the box to sleep."""


@dataclass(frozen=True)
class PinSpec:
    """Which pins there are, by their GPIO number or any name that gpiozero knows; None: not wired.

    `ring_active` and `loop_active` name the level that the pin has while the opto-coupler conducts; that of most
    circuits pulls the pin down. `button_command` is run when the button was held for two seconds.
    """

    hook_pin: Pin | None = None
    ring_pin: Pin | None = None
    ring_active: Level = "low"
    loop_pin: Pin | None = None
    loop_active: Level = "low"
    lamp_pin: Pin | None = None
    button_pin: Pin | None = None
    button_command: tuple[str, ...] = ("systemctl", "poweroff")

    @property
    def pins(self) -> dict[str, Pin]:
        """The pins that are wired, by their key in the settings."""
        named = {key: getattr(self, key) for key in ("hook_pin", "ring_pin", "loop_pin", "lamp_pin", "button_pin")}
        return {key: pin for key, pin in named.items() if pin is not None}


class LinePins:
    """The pins, taken; `close` gives them back, hook first."""

    def __init__(
        self, spec: PinSpec, *, clock_ns: Callable[[], int] = time.monotonic_ns, factory: object | None = None
    ) -> None:
        """Take the pins that are wired; `factory` is gpiozero's (its mock in tests).

        Raises:
            LineError: a pin cannot be had: in use, unknown, or there is no GPIO here.
        """
        self._clock_ns = clock_ns
        self._factory = factory
        self._pulses: deque[int] = deque(maxlen=PULSES_KEPT)
        self._broken_since: int | None = None
        self._longest_break = 0
        self._devices: dict[str, Any] = {}
        with ExitStack() as undo:
            undo.callback(self.close)
            for key in spec.pins:
                self._take(key, spec)
            undo.pop_all()
        atexit.register(self.close)

    def off_hook(self) -> None:
        """Close the loop, and light the lamp."""
        self._switch("on")

    def on_hook(self) -> None:
        """Open the loop, and put the lamp out."""
        self._switch("off")

    @property
    def can_ring(self) -> bool:
        """Whether a ring detector is wired."""
        return "ring_pin" in self._devices

    def ring_pulses_ms(self) -> list[float]:
        """When the ring detector conducted since the last call of this, in ms of the clock."""
        return [self._pulses.popleft() / 1e6 for _ in range(len(self._pulses))]

    def loop_broken_ms(self) -> float:
        """The longest that the loop was broken, by the clock, since the last call of this; 0 where no pin tells.

        A break that goes on counts from its beginning. So it does not matter how many frames come at once.
        """
        if "loop_pin" not in self._devices:
            return 0.0
        longest, self._longest_break = self._longest_break, 0
        since = self._broken_since  # which the pin's own thread may change meanwhile
        return max(longest, 0 if since is None else self._clock_ns() - since) / 1e6

    def close(self) -> None:
        """Go on-hook and release the pins; idempotent."""
        atexit.unregister(self.close)
        self.on_hook()
        for device in self._devices.values():
            device.close()
        self._devices.clear()

    def _switch(self, verb: str) -> None:
        for key in ("hook_pin", "lamp_pin"):
            if key in self._devices:
                getattr(self._devices[key], verb)()

    def _take(self, key: str, spec: PinSpec) -> None:
        pin = spec.pins[key]
        with pin_faults(f"line.options.{key}") as gpiozero:
            match key:
                case "ring_pin":
                    self._devices[key] = self._ring(gpiozero, pin, spec.ring_active)
                case "loop_pin":
                    self._devices[key] = self._loop(gpiozero, pin, spec.loop_active)
                case "button_pin":
                    self._devices[key] = self._button(gpiozero, pin, spec.button_command)
                case _:
                    self._devices[key] = self._output(gpiozero, pin)

    def _output(self, gpiozero: Any, pin: Pin) -> Any:  # noqa: ANN401 - gpiozero has no types
        return gpiozero.DigitalOutputDevice(pin, active_high=True, initial_value=False, pin_factory=self._factory)

    def _input(self, gpiozero: Any, pin: Pin, active: Level) -> Any:  # noqa: ANN401
        return gpiozero.DigitalInputDevice(pin, pull_up=active == "low", pin_factory=self._factory)

    def _ring(self, gpiozero: Any, pin: Pin, active: Level) -> Any:  # noqa: ANN401
        device = self._input(gpiozero, pin, active)
        device.when_activated = lambda: self._pulses.append(self._clock_ns())
        return device

    def _loop(self, gpiozero: Any, pin: Pin, active: Level) -> Any:  # noqa: ANN401
        device = self._input(gpiozero, pin, active)
        device.when_deactivated = self._loop_breaks
        device.when_activated = self._loop_closes
        if not device.is_active:
            self._loop_breaks()
        return device

    def _loop_breaks(self) -> None:
        self._broken_since = self._clock_ns()

    def _loop_closes(self) -> None:
        since, self._broken_since = self._broken_since, None
        if since is not None:
            self._longest_break = max(self._longest_break, self._clock_ns() - since)

    def _button(self, gpiozero: Any, pin: Pin, command: tuple[str, ...]) -> Any:  # noqa: ANN401
        button = gpiozero.Button(pin, hold_time=BUTTON_HELD_S, pin_factory=self._factory)
        button.when_held = lambda: _run(command)
        return button


@contextmanager
def pin_faults(where: str) -> Iterator[Any]:
    """Take pins with gpiozero, which is given; whatever it finds wrong is told as one line that begins with `where`.

    Raises:
        LineError: the library or the pins are missing, or a pin cannot be had.
    """
    try:
        import gpiozero  # noqa: PLC0415 - a box without pins does without the library

        with warnings.catch_warnings():  # where there are no pins it warns of each way that it tried to reach some
            warnings.simplefilter("ignore", gpiozero.PinFactoryFallback)
            yield gpiozero
    except ImportError as error:
        raise LineError(f"{where}: no GPIO here: {error}") from error
    except Exception as error:  # each of gpiozero's pin factories has errors of its own
        missing = "no GPIO here: " if type(error).__name__ == "BadPinFactory" else ""
        raise LineError(f"{where}: {missing}{error}") from error


def _run(command: tuple[str, ...]) -> None:
    """Start the owner's own command, without a shell, and without waiting: it may well be the end of this machine."""
    log.warning("shutdown button: %s", " ".join(command))
    try:
        os.posix_spawnp(command[0], command, os.environ)
    except OSError as error:
        log.error("shutdown button: %s cannot be run: %s", command[0], error.strerror)  # noqa: TRY400 - says it all
