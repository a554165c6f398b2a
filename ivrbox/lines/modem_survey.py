"""What a chip says it can do: `+FCLASS=?`, `+VSM=?`, `+VLS=?`. It is asked, since `ATI0` names chips wrongly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

VOICE_CLASS = 8
_PREFIX = r"(?:\+\w+:)?\W*"
"""Some chips begin each line of an answer with the command's name, some with a bracket."""

_DTMF_BIT = 0x8000_0000 >> 4
"""Bit 4 of a report mask, counted from the most significant: it can report DTMF."""


class Doing(IntEnum):
    """What a modem is doing, in the order of the masks of `+VLS=?`."""

    PLAYING = 0
    RECORDING = 1
    IDLE = 2


@dataclass(frozen=True)
class Sound:
    """A sample format that the chip offers: the number that names it, and its rates in Hz (none read: not known)."""

    id: int
    rates: tuple[range, ...]

    def has_rate(self, hertz: int) -> bool:
        """Whether it can be had at this rate; taken to be so where the chip does not say."""
        return not self.rates or any(hertz in rate for rate in self.rates)


@dataclass(frozen=True)
class Chip:
    """What the chip answered."""

    sounds: tuple[Sound, ...] = ()
    masks: tuple[tuple[int, tuple[int, int, int]], ...] = ()

    def offers(self, sound_id: int, hertz: int) -> bool:
        """Whether it has this sample format at this rate."""
        return any(sound.id == sound_id and sound.has_rate(hertz) for sound in self.sounds)

    def reports_digits(self, label: int, doing: Doing) -> bool | None:
        """Whether it reports DTMF with this `+VLS` label, doing this; None where it does not say."""
        masks = dict(self.masks).get(label)
        return None if masks is None else bool(masks[doing] & _DTMF_BIT)


def has_voice(lines: Iterable[str]) -> bool:
    """Whether the answer to `+FCLASS=?` lists class 8: `0,1,8` or `(0-1,8)` or `(0,1,2.0,8)`."""
    return any(low <= VOICE_CLASS <= high for line in lines for low, high in _spans(line))


def sounds(lines: Iterable[str]) -> tuple[Sound, ...]:
    """Formats from the answer to `+VSM=?`, one a line: `128,"8-BIT LINEAR",(7200,8000,11025)` and its like."""
    return tuple(sound for line in lines if (sound := _sound(line)) is not None)


def report_masks(lines: Iterable[str]) -> tuple[tuple[int, tuple[int, int, int]], ...]:
    """Label and the three masks (playing, recording, idle) from the answer to `+VLS=?`."""
    found = []
    for line in lines:
        match = re.match(_PREFIX + r'(\d+)\s*,\s*"[^"]*"\s*,(.*)', line)
        masks = re.findall(r"\b[0-9A-Fa-f]{8}\b", match[2]) if match else []
        if match and len(masks) == len(Doing):
            playing, recording, idle = (int(mask, 16) for mask in masks)
            found.append((int(match[1]), (playing, recording, idle)))
    return tuple(found)


_SLOWEST = 4000
"""A number from here on in a line of `+VSM=?` is a rate in Hz; those below are bits, marks and silence levels."""


def _sound(line: str) -> Sound | None:
    match = re.match(_PREFIX + r"(\d+)\s*(?:,|$)", line)
    if match is None:
        return None
    rest = re.sub(r'"[^"]*"', "", line[match.end() :])
    rates = tuple(range(low, high + 1) for low, high in _spans(rest) if low >= _SLOWEST)
    return Sound(int(match[1]), rates)


def _spans(text: str) -> list[tuple[int, int]]:
    """All numbers of a text, and all spans `7200-11025`, as (lowest, highest)."""
    found = re.findall(r"(?<![\d.])(\d+)(?:-(\d+))?(?![\d.])", text)
    return [(int(low), int(high or low)) for low, high in found]
