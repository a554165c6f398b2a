"""What this machine has: sound cards, serial ports and modems, GPIO chips, number pads; each with what it can do.

A library that is not installed, or a part that cannot be read, is told in words; looking never fails.
"""

from __future__ import annotations

import fcntl
import os
import struct
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ivrbox.errors import IvrboxError, LineError
from ivrbox.lines.modem_profile import GENERIC, profile_for_usb, read_profile

if TYPE_CHECKING:
    from collections.abc import Callable

GPIO_GET_CHIPINFO: Final = 0x8044B401
"""`_IOR(0xB4, 0x01, struct gpiochip_info)`: name[32], label[32], number of lines (linux/gpio.h)."""

_CHIPINFO: Final = struct.Struct("32s32sI")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was found: what it is called in settings, and what it can do, in words."""

    name: str
    abilities: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of thing: what was found, or why nothing could be looked for."""

    kind: str
    parts: list[Part] = field(default_factory=list)
    problem: str = ""


def take_inventory() -> list[Shelf]:
    """Look at everything."""
    return [
        _shelf("sound card", sound_cards),
        _shelf("serial port", serial_ports),
        _shelf("GPIO chip", gpio_chips),
        _shelf("number pad", number_pads),
    ]


def sound_cards() -> list[Part]:
    """Sound devices by the name that settings use, with channels and rates.

    Raises:
        LineError: PyAudio is not installed.
    """
    pyaudio = _library("pyaudio", "audio")
    devices = import_module("ivrbox.lines.sound_devices")
    with devices.counted_chatter():
        audio = pyaudio.PyAudio()
        try:
            return [Part(device.name, _sound(devices, audio, device)) for device in devices.list_devices(audio)]
        finally:
            audio.terminate()


def serial_ports() -> list[Part]:
    """Serial ports, by their lasting name where they have one, with maker and USB id.

    Raises:
        LineError: pyserial is not installed.
    """
    list_ports = _library("serial.tools.list_ports", "modem")
    lasting = {os.path.realpath(path): path for path in _paths("/dev/serial/by-id", "*")}
    return [Part(lasting.get(port.device, port.device), _serial(port)) for port in list_ports.comports()]


def gpio_chips() -> list[Part]:
    """GPIO chips with their label and number of lines."""
    return [Part(path, _gpio(path)) for path in _paths("/dev", "gpiochip*")]


def number_pads() -> list[Part]:
    """Keyboards and number pads by the lasting name that `ivrbox keypad` takes."""
    return [Part(path, "keys, for ivrbox keypad") for path in _paths("/dev/input/by-id", "*-event-kbd")]


def _paths(folder: str, pattern: str) -> list[str]:
    return sorted(map(str, Path(folder).glob(pattern)))


def _shelf(kind: str, look: Callable[[], list[Part]]) -> Shelf:
    try:
        return Shelf(kind, look())
    except OSError as error:
        return Shelf(kind, problem=str(error))


def _library(name: str, extra: str) -> Any:  # noqa: ANN401 - a module
    try:
        return import_module(name)
    except ImportError as error:
        raise LineError(f"needs {error.name}: pip install 'ivrbox[{extra}]'") from error


def _sound(devices: Any, audio: Any, device: Any) -> str:  # noqa: ANN401 - modules and objects without types
    sides = [
        f"{direction} {channels} ch at {', '.join(map(str, rates)) or 'no usual rate'}"
        for direction, channels in (("input", device.inputs), ("output", device.outputs))
        if channels
        for rates in [devices.rates_of(audio, device, direction, 1) or devices.rates_of(audio, device, direction, 2)]
    ]
    return "; ".join(sides) or "neither input nor output"


def _serial(port: Any) -> str:  # noqa: ANN401 - pyserial's ListPortInfo
    if port.vid is None:
        return f"{port.description}, no USB device"
    usb = f"{port.vid:04x}:{port.pid:04x}"
    return f"{port.description}, USB {usb}{_as_modem(usb)}"


def _as_modem(usb: str) -> str:
    """What is known of the device of this USB id, in words; nothing where no profile claims it."""
    try:
        name = profile_for_usb(usb)
        profile = read_profile(name)
    except IvrboxError as error:
        return f": {error}"
    ways = "both ways at once" if profile.duplex else "half duplex"
    return "" if name == GENERIC else f": voice modem {profile.title}, profile {name}, {ways}"


def _gpio(path: str) -> str:
    try:
        chip = os.open(path, os.O_RDONLY)
    except OSError as error:
        return f"cannot be opened: {error.strerror}"
    try:
        raw = fcntl.ioctl(chip, GPIO_GET_CHIPINFO, bytes(_CHIPINFO.size))
    except OSError as error:
        return f"cannot be asked: {error.strerror}"
    finally:
        os.close(chip)
    _, label, lines = _CHIPINFO.unpack(raw)
    return f"{label.rstrip(bytes(1)).decode()}, {lines} lines"
