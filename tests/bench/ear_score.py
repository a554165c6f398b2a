"""What a receiver made of a row of keys, in numbers.

A receiver is judged slot by slot: right is the key that was sent, once (or as often as asked), and nothing else.
A receiver that gives no times (a program that only prints digits) is judged by the longest common subsequence, less
what it made up.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from ear_signals import RATE, Pcm, Trials

from ivrbox.dsp.dtmf import find_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray


class Heard(NamedTuple):
    """A digit, and where in the sound it was heard (seconds; NaN if the receiver does not say)."""

    digit: str
    at: float


class Receiver(Protocol):
    """A DTMF receiver under examination."""

    name: str

    def hear(self, sound: Pcm) -> list[Heard]:
        """All keys in a recording at 8000 Hz, from a fresh start."""
        ...


class Ours:
    """The ear of this box."""

    name = "ivrbox"

    def hear(self, sound: Pcm) -> list[Heard]:
        """All keys, at their onsets."""
        return [Heard(key.digit, key.onset_s) for key in find_keys(sound)]


class Margin(Protocol):
    """Prints how far beyond its clause a promise holds."""

    def __call__(self, clause: str, beyond: Iterable[float], unit: str, holds: Callable[[float], bool]) -> None: ...


def share_right(receiver: Receiver, trials: Trials, times: int = 1) -> float:
    """Share of the slots, 0 to 1, in which the key sent was heard so many times and no other was."""
    return share_right_in(receiver, trials, trials.pcm(), times)


def share_right_in(receiver: Receiver, trials: Trials, sound: Pcm, times: int = 1, stretch: float = 1.0) -> float:
    """The same, with a sound that something was done to; where it was made shorter, `stretch` is by how much."""
    heard = [each._replace(at=each.at * stretch) for each in receiver.hear(sound)]
    if any(math.isnan(each.at) for each in heard):
        return _share_by_order([digit for digit in trials.digits for _ in range(times)], heard)
    return float(np.mean(_slots_right(trials, heard, times)))


def share_heard(receiver: Receiver, trials: Trials) -> float:
    """Share of the slots, 0 to 1, in which anything at all was heard."""
    heard = receiver.hear(trials.pcm())
    if any(math.isnan(each.at) for each in heard):
        return min(1.0, len(heard) / len(trials.digits))
    return len({int(each.at * RATE // trials.slot) for each in heard}) / len(trials.digits)


def _slots_right(trials: Trials, heard: Sequence[Heard], times: int) -> NDArray[np.bool_]:
    said = [""] * (len(trials.digits) + 1)
    for each in heard:
        said[min(int(each.at * RATE // trials.slot), len(trials.digits))] += each.digit
    return np.array([said[place] == digit * times for place, digit in enumerate(trials.digits)])


def _share_by_order(sent: Sequence[str], heard: Sequence[Heard]) -> float:
    common = _longest_common([each.digit for each in heard], sent)
    invented = len(heard) - common
    return max(0.0, (common - invented) / len(sent))


def _longest_common(heard: Sequence[str], sent: Sequence[str]) -> int:
    row = np.zeros(len(sent) + 1, dtype=int)
    letters = np.array(sent)
    for digit in heard:
        grown = np.maximum(row[1:], row[:-1] + (letters == digit))
        row[1:] = np.maximum.accumulate(grown)
    return int(row[-1])
