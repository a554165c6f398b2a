"""Sound cards by name: what there is, and which one an owner means.

ALSA and PortAudio write some hundred lines to standard error while they look around; they are counted and left out,
anything else that was written meanwhile is passed on.
"""

from __future__ import annotations

import difflib
import logging
import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import pyaudio

from ivrbox.errors import LineError
from ivrbox.units import FRAME_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

log = logging.getLogger(__name__)

Direction = Literal["input", "output"]

RATES: Final = (48000, 44100, 32000, 16000, 8000)
"""Rates to try, the most usual of USB cards first."""

_CHATTER: Final = (b"ALSA lib", b"Cannot connect to server", b"jack server", b"Jack", b"Expression '", b"Failed to ")


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """One device as PortAudio lists it; `index` is good until the list is made again, so it is never kept."""

    index: int
    name: str
    inputs: int
    outputs: int
    rate: int


@dataclass(frozen=True, slots=True)
class Side:
    """One direction of a card as it is to be used."""

    device: SoundDevice
    channels: int
    rate: int


def list_devices(audio: Any) -> list[SoundDevice]:  # noqa: ANN401 - PyAudio has no types
    """All devices of an open `pyaudio.PyAudio`."""
    found = map(audio.get_device_info_by_index, range(audio.get_device_count()))
    return [
        SoundDevice(
            info["index"],
            info["name"],
            info["maxInputChannels"],
            info["maxOutputChannels"],
            int(info["defaultSampleRate"]),
        )
        for info in found
    ]


def find_device(devices: Sequence[SoundDevice], name: str, direction: Direction) -> SoundDevice:
    """The device that has this name, or, where none has, the only one whose name contains it (in any case).

    Raises:
        LineError: none has, or more than one; the message lists them.
    """
    able = [device for device in devices if (device.inputs if direction == "input" else device.outputs)]
    exact = [device for device in able if device.name == name]
    found = exact or [device for device in able if name.casefold() in device.name.casefold()]
    if len(found) == 1 or exact:
        return found[0]
    if found:
        raise LineError(f"sound {direction} {name!r}: {len(found)} devices are named so: {_names(found)}")
    near = difflib.get_close_matches(name, [device.name for device in able], 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {_names(able) or 'none'}"
    raise LineError(f"sound {direction} {name!r}: no such device; {hint}")


def rates_of(audio: Any, device: SoundDevice, direction: Direction, channels: int) -> list[int]:  # noqa: ANN401
    """The usual rates that a device takes in this direction."""
    return [rate for rate in RATES if takes(audio, device, direction, channels, rate)]


def takes(audio: Any, device: SoundDevice, direction: Direction, channels: int, rate: int) -> bool:  # noqa: ANN401
    """Whether a device can do 16-bit sound with so many channels at this rate."""
    wish = {f"{direction}_device": device.index, f"{direction}_channels": channels}
    try:
        return bool(audio.is_format_supported(float(rate), **wish, **{f"{direction}_format": pyaudio.paInt16}))
    except ValueError:
        return False


def choose_side(audio: Any, name: str, direction: Direction, rate: int | None) -> Side:  # noqa: ANN401
    """The device of this name, with one channel if it can, at this rate or else the first of `RATES` that it can do.

    Raises:
        LineError: there is no such device, or it cannot do that; the message says what it can.
    """
    device = find_device(list_devices(audio), name, direction)
    for channels in (1, 2):
        rates = rates_of(audio, device, direction, channels)
        if rate is not None and takes(audio, device, direction, channels, rate):
            return Side(device, channels, rate)
        if rate is None and rates:
            return Side(device, channels, rates[0])
    found = f"cannot do {rate} Hz" if rate else "cannot do 16-bit sound at a usual rate"
    able = rates_of(audio, device, direction, 1) or rates_of(audio, device, direction, 2)
    hint = f"it can do {', '.join(map(str, able))} Hz" if able else "it may be busy elsewhere"
    raise LineError(f"sound {direction} {device.name!r}: {found}; {hint}")


def open_side(audio: Any, side: Side, direction: Direction, frames: int = 1) -> Any:  # noqa: ANN401
    """A blocking stream of 16-bit samples, so many frames of 20 ms at a time.

    Raises:
        LineError: it cannot be opened; the message says which and why.
    """
    try:
        return audio.open(
            rate=side.rate,
            channels=side.channels,
            format=pyaudio.paInt16,
            frames_per_buffer=side.rate * FRAME_MS * frames // 1000,
            **{direction: True, f"{direction}_device_index": side.device.index},
        )
    except (OSError, ValueError) as error:
        raise LineError(f"sound {direction} {side.device.name!r}: cannot be opened: {error}") from error


@contextmanager
def counted_chatter() -> Iterator[None]:
    """Keep the libraries' chatter off standard error while devices are probed or opened; count it in the log."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            _pass_on(caught.read().splitlines(keepends=True))


def _pass_on(lines: list[bytes]) -> None:
    others = [line for line in lines if line.strip() and not line.startswith(_CHATTER)]  # empty lines are JACK's
    os.write(2, b"".join(others))
    log.debug("ALSA and PortAudio wrote %d lines while probing", len(lines) - len(others))


def _names(devices: Sequence[SoundDevice]) -> str:
    return ", ".join(repr(device.name) for device in devices)
