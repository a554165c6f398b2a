"""The last moments of a stream as tone windows: their sums, powers and labels, in buffers used over and over.

A *label* is the key whose two frequencies lead a window, or NO_KEY. It is a cheap gate and meant to be loose: what
it lets pass is looked at with care, what it stops is not looked at again.

Where a stream is too quiet for any tone, nothing is worked out; that is made up for when something is heard again.

Windows are numbered from the start of the stream, `HOP` samples apart. The history begins with silence, so whatever
looks back finds something.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.dsp.goertzel import HOP, MOST_GAIN, TONE_GAIN, WINDOW, overlapping, powers, tone_sums
from ivrbox.units import dbm0_to_amplitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_KEY: Final = 16
"""The label of a window without a key: the keys are 0 to 15."""

KEEP: Final = 96
"""Windows kept behind the newest: 192 ms, for a press under doubt and the 30 ms before it."""

CHUNK: Final = 1024
"""Windows worked on at a time: what fits a second-level cache."""

RUN: Final = 5
"""Windows of one label in a row that make a candidate: 8 ms from first to last."""

_NO_RUN: Final = bytes([NO_KEY] * (RUN - 1))
_ANY_RUN: Final = re.compile(rb"([\x00-\x0f])\1{%d}" % (RUN - 1))

FLOOR: Final = float(round((TONE_GAIN * dbm0_to_amplitude(-49.5)) ** 2))
"""Power of a tone that may be one: -45 dBm0 is to be heard, and a window that is not quite full of it;
at or below -55 nothing may be (ITU-T Q.24, the AT&T column)."""

QUIET: Final = ((math.sqrt(FLOOR) - 1) / MOST_GAIN) ** 2
"""Energy of samples below which no window of them can hold a tone above the floor, whatever they are (the 1 is for the
rounding of its sums): white noise of -56 dBm0, a frame at a time."""

SHORT: Final = 256
"""Windows of a piece that is short enough to ask whether it is quiet. Of a longer one the answer is mostly no, and a
BLAS would wake threads for it, which only spin."""

STRONGER: Final = 32.0
"""Power ratio of the two tones, at most: 15 dB. So far the trace names the twist of what has more than a key may."""

PURITY: Final = 0.5
"""Share of its group's four powers that a leading tone has, at least: one alone has 0.58 (852 Hz, 2.35 % off) to 1. At
0.35 a voice makes three times the candidates, and no more keys are heard under noise, speech or codecs."""


def labels(power: NDArray[np.float64]) -> bytes | None:
    """Key (0 to 15) that leads each window, or NO_KEY, from powers of shape (8, n); None if no window has a key."""
    groups = power.reshape(2, 4, -1)
    leading = np.maximum.reduce(groups, axis=1)
    weaker = np.minimum.reduce(leading)
    hit = weaker > FLOOR
    if not np.logical_or.reduce(hit):
        return None
    hit &= weaker * STRONGER > np.maximum.reduce(leading)
    hit &= np.logical_and.reduce(leading > PURITY * np.add.reduce(groups, axis=1))
    if not np.logical_or.reduce(hit):
        return None
    row, column = groups.argmax(axis=1)
    return np.where(hit, 4 * row + column, NO_KEY).astype(np.uint8).tobytes()


def next_run(label: bytes, start: int) -> int | None:
    """Place, from `start` on, at which RUN equal labels begin; None if there is none."""
    found = _ANY_RUN.search(label, start)
    return found.start() if found else None


class WindowHistory:
    """The newest windows of a stream, by column: `sums` (16, n) and `powers` (8, n).

    Window number w stands in column w - base and ends with sample 16 * (w + 1), exclusive.
    """

    def __init__(self) -> None:
        """Start behind a silence; the first window that hears anything has number 0."""
        room = KEEP + CHUNK
        self.sums = np.zeros((16, room))
        self.powers = np.zeros((8, room))
        self.base = -KEEP
        self._count = self._known = KEEP  # columns taken, and those of them whose sums are worked out
        self._tail = _NO_RUN
        self._samples = np.zeros(room * HOP + WINDOW - HOP)
        self._windows = overlapping(self._samples)

    @property
    def end(self) -> int:
        """Number of the next window to come."""
        return self.base + self._count

    def append(self, samples: NDArray[np.int16], *, closely: bool = True) -> bytes | None:
        """Take a multiple of 16 samples, at most 16 * CHUNK; give the new windows' labels behind the RUN - 1 before.

        So a run that begins at place k of them ends with new window k. None if no new window has a key. Unless
        `closely`, windows without one may be looked at only once there is one.
        """
        windows = len(samples) // HOP
        if self._count + windows > self.powers.shape[1]:
            self._make_room()
        first, last = self._count, self._count + windows
        end = last * HOP + WINDOW - HOP
        self._samples[end - len(samples) : end] = samples
        self._count = last
        if not closely and windows <= SHORT and self._is_quiet(first, end):
            self._tail = _NO_RUN
            return None
        self._work_out(max(self._known, first - KEEP), last)
        label = labels(self.powers[:, first:last])
        if label is None:
            self._tail = _NO_RUN
            return None
        label = self._tail + label
        self._tail = label[1 - RUN :]
        return label

    def _is_quiet(self, first: int, end: int) -> bool:
        """Whether there can be no tone in the windows from `first` on, which end before sample `end`."""
        heard = self._samples[first * HOP : end]
        return float(heard @ heard) < QUIET

    def _work_out(self, first: int, last: int) -> None:
        """Sums and powers of windows that were only taken so far."""
        sums = tone_sums(self._windows[first:last], out=self.sums[:, first:last])
        powers(sums, out=self.powers[:, first:last])
        self._known = last

    def silence(self) -> None:
        """Forget what was heard, as if silence had been; numbers go on."""
        self.base, self._tail = self.end - KEEP, _NO_RUN
        self._count = self._known = KEEP
        for buffer in (self.sums, self.powers, self._samples):
            buffer[:] = 0

    def tone_powers(self, channel: int, first: int, count: int) -> list[float]:
        """Powers of one of the eight tones in some windows."""
        start = first - self.base
        powers: list[float] = self.powers[channel, start : start + count].tolist()
        return powers

    def leading(self, window: int) -> tuple[float, float]:
        """Power of the strongest row and of the strongest column in a window."""
        power = self.powers[:, window - self.base].tolist()
        return max(power[:4]), max(power[4:])

    def samples_until(self, sample: int, length: int) -> NDArray[np.float64]:
        """The `length` samples before a sample, both counted as windows are; as far back as the history goes."""
        end = sample - self.base * HOP + WINDOW - HOP
        start = max(0, end - length)
        return self._samples[start : start + length]

    def _make_room(self) -> None:
        moved = self._count - KEEP
        kept = slice(moved, self._count)
        self.sums[:, :KEEP] = self.sums[:, kept].copy()
        self.powers[:, :KEEP] = self.powers[:, kept].copy()
        tail = KEEP * HOP + WINDOW - HOP
        self._samples[:tail] = self._samples[moved * HOP : moved * HOP + tail].copy()
        self.base += moved
        self._count = KEEP
        self._known = max(0, self._known - moved)
