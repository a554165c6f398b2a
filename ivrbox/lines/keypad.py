"""A keypad as test telephone: number pad or 4x4 matrix in, the key's tone out of a sound card.

    pad.poll() --> ToneKeyboard --> 20 ms frames --> card --> loop cable --> the box

A tone lasts as long as the key is held, 80 ms at least, and 80 ms of silence follow it: a telephone's own habit, so
that a fast finger does not make keys that no exchange would pass on.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from ivrbox.dsp import tones
from ivrbox.dsp.keys import DIGITS
from ivrbox.errors import LineError
from ivrbox.lines.hook import pin_faults
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ivrbox.lines.line import Frame

SHORTEST_FRAMES: Final = 4
GAP_FRAMES: Final = 4
LONGEST_S: Final = 10.0
LEVEL_DBM0: Final = -12.0
BUSY_S: Final = 6.0

HANG_UP: Final = "hang up"
"""What a pad gives for the key that puts the handset down: the busy tone is played, as an exchange would."""

KEYS_WAITING: Final = 64

KEY_CODES: Final = {
    **dict(zip((79, 80, 81, 75, 76, 77, 71, 72, 73, 82), "1234567890", strict=True)),  # keypad, whatever NumLock says
    55: "*",
    96: "#",  # Enter
    83: "#",  # the point, on pads whose Enter is worn
    98: "A",  # /
    78: "B",  # +
    14: "C",  # Backspace
    74: HANG_UP,  # -
}
"""Codes of Linux' input-event-codes.h."""


class KeyMove(NamedTuple):
    """A key went down or came up."""

    key: str
    is_down: bool


class Pad(Protocol):
    """Whatever has keys."""

    def poll(self) -> list[KeyMove]:
        """What was pressed and released since the last time; never waits."""

    def close(self) -> None:
        """Give it back."""


class ToneKeyboard:
    """Turns keys into the frames of a telephone, one after another, without a gap in the sound."""

    def __init__(self, hang_up_sound: NDArray[np.int16] | None = None) -> None:
        """Start silent; `hang_up_sound` (int16, 8 kHz) stands for putting the handset down."""
        self._hang_up_sound = tones.busy(BUSY_S) if hang_up_sound is None else hang_up_sound
        self._waiting: deque[str] = deque(maxlen=KEYS_WAITING)
        self._held: set[str] = set()
        self._sound = np.zeros(0, np.int16)
        self._key = ""
        self._played = 0
        self._gap = 0

    def take(self, move: KeyMove) -> None:
        """Take what a pad gave."""
        if move.is_down:
            self._held.add(move.key)
            self._waiting.append(move.key)
        else:
            self._held.discard(move.key)

    def next_frame(self) -> Frame:
        """The next 20 ms, int16 (160,)."""
        if not self._key and not self._gap and self._waiting:
            self._begin(self._waiting.popleft())
        if self._key:
            return self._go_on()
        self._gap = max(0, self._gap - 1)
        return np.zeros(FRAME_SAMPLES, np.int16)

    def _begin(self, key: str) -> None:
        self._key, self._played = key, 0
        held = tones.key(key, ms=1000 * LONGEST_S, row_dbm0=LEVEL_DBM0) if key in DIGITS else self._hang_up_sound
        self._sound = held

    def _go_on(self) -> Frame:
        start = self._played * FRAME_SAMPLES
        frame = self._sound[start : start + FRAME_SAMPLES]
        self._played += 1
        is_over = start + FRAME_SAMPLES >= self._sound.size
        is_let_go = self._key in DIGITS and self._key not in self._held and self._played >= SHORTEST_FRAMES
        if is_over or is_let_go:
            self._key, self._gap = "", GAP_FRAMES
        return np.pad(frame, (0, FRAME_SAMPLES - frame.size))


class NumberPad:
    """A USB number pad or keyboard, by evdev; grabbed, so that its keys do not type into a terminal."""

    def __init__(self, path: str) -> None:
        """Take it.

        Raises:
            LineError: evdev is not installed, there is no such device, or it is not ours to read.
        """
        self._path = path
        try:
            import evdev  # noqa: PLC0415 - only a keypad needs it

            self._device = evdev.InputDevice(path)
            self._device.grab()
        except ImportError as error:
            raise LineError(f"keypad {path}: needs evdev: pip install 'ivrbox[keypad]'") from error
        except OSError as error:
            raise LineError(f"keypad {path}: {error.strerror}; see `ivrbox devices`, and the group `input`") from error

    def poll(self) -> list[KeyMove]:
        """What was pressed and released; a key that repeats while held is one press.

        Raises:
            LineError: it was unplugged.
        """
        moves: list[KeyMove] = []
        try:
            for event in self._device.read():
                moves += key_moves(event.type, event.code, event.value)
        except BlockingIOError:
            pass
        except OSError as error:
            raise LineError(f"keypad {self._path}: is gone: {error.strerror}") from error
        return moves

    def close(self) -> None:
        """Give it back."""
        self._device.close()


def key_moves(kind: int, code: int, value: int) -> list[KeyMove]:
    """What an input event means: one move for a key of ours (value 1 down, 0 up, 2 repeats), nothing for all else."""
    if kind != 1 or value > 1 or code not in KEY_CODES:  # EV_KEY
        return []
    return [KeyMove(KEY_CODES[code], value == 1)]


class MatrixPad:
    """A 4x4 matrix on GPIO: rows driven one at a time, columns read; two equal scans of 20 ms make a key.

    Without diodes three keys make a fourth appear, so more than one key at a time is none.
    """

    def __init__(self, rows: Sequence[int | str], columns: Sequence[int | str], factory: object | None = None) -> None:
        """Take the pins: four rows, top first, and four columns (three will do), left first.

        Raises:
            LineError: a pin cannot be had, or there are too few or too many.
        """
        if len(rows) != 4 or len(columns) not in (3, 4):  # noqa: PLR2004 - a telephone's keys
            raise LineError(f"keypad: must be 4 rows and 3 or 4 columns, not {len(rows)} and {len(columns)}")
        self._devices: list[Any] = []
        with ExitStack() as undo, pin_faults("keypad") as gpiozero:
            undo.callback(self.close)
            for pin in rows:
                self._devices.append(gpiozero.DigitalOutputDevice(pin, pin_factory=factory))
            for pin in columns:
                self._devices.append(gpiozero.DigitalInputDevice(pin, pull_up=False, pin_factory=factory))
            undo.pop_all()
        self._rows, self._columns = self._devices[:4], self._devices[4:]
        self._seen = self._down = ""

    def poll(self) -> list[KeyMove]:
        """Scan once."""
        seen, before = self._scan(), self._seen
        self._seen = seen
        if seen != before or seen == self._down:
            return []
        moves = [KeyMove(key, is_down) for key, is_down in ((self._down, False), (seen, True)) if key]
        self._down = seen
        return moves

    def close(self) -> None:
        """Give the pins back."""
        for device in self._devices:
            device.close()

    def _scan(self) -> str:
        pressed = []
        for number, row in enumerate(self._rows):
            row.on()
            pressed += [DIGITS[4 * number + place] for place, column in enumerate(self._columns) if column.is_active]
            row.off()
        return pressed[0] if len(pressed) == 1 else ""
