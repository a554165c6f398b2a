"""A lamp on a pin of its own, lit while the pin is high."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ivrbox.lines.hook import pin_faults

if TYPE_CHECKING:
    from ivrbox.lines.hook import Pin


class PinLamp:
    """A light-emitting diode and its resistor, between the pin and ground."""

    def __init__(self, pin: Pin, *, factory: object | None = None) -> None:
        """Take the pin, by its GPIO number or any name that gpiozero knows; `factory` is gpiozero's (a mock in tests).

        Raises:
            LineError: the pin cannot be had: in use, unknown, or there is no GPIO here.
        """
        with pin_faults("status.lamp_pin") as gpiozero:
            self._device: Any = gpiozero.DigitalOutputDevice(pin, initial_value=False, pin_factory=factory)

    def set(self, *, lit: bool) -> None:
        """Light it, or put it out."""
        self._device.value = lit

    def close(self) -> None:
        """Put it out and release the pin."""
        self._device.close()
