"""Promises of the test telephone: keys of a pad become tones that the box's own ear hears."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dsp.dtmf import find_keys
from ivrbox.errors import LineError
from ivrbox.lines.keypad import HANG_UP, KEY_CODES, KeyMove, MatrixPad, NumberPad, ToneKeyboard, key_moves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROWS, COLUMNS = (5, 6, 13, 19), (12, 16, 20, 21)


class Event(NamedTuple):
    """As evdev gives them."""

    type: int
    code: int
    value: int


def sound(keyboard: ToneKeyboard, frames: int) -> NDArray[np.int16]:
    return np.concatenate([keyboard.next_frame() for _ in range(frames)])


def keys_in(samples: NDArray[np.int16]) -> str:
    return "".join(key.digit for key in find_keys(samples))


def test_a_tap_sounds_long_enough_to_be_heard() -> None:
    keyboard = ToneKeyboard()
    keyboard.take(KeyMove("7", is_down=True))
    keyboard.take(KeyMove("7", is_down=False))
    heard = sound(keyboard, 20)
    assert keys_in(heard) == "7"
    assert np.flatnonzero(heard).max() < 640


def test_a_held_key_sounds_until_it_is_let_go() -> None:
    keyboard = ToneKeyboard()
    keyboard.take(KeyMove("7", is_down=True))
    held = sound(keyboard, 50)
    keyboard.take(KeyMove("7", is_down=False))
    [key] = find_keys(np.concatenate([held, sound(keyboard, 10)]))
    assert 0.98 < key.length_s < 1.06


@settings(max_examples=15, deadline=None)
@given(st.text("0123456789*#ABCD", min_size=1, max_size=8))
def test_keys_typed_too_fast_are_played_one_by_one(typed: str) -> None:
    keyboard = ToneKeyboard()
    for key in typed:
        keyboard.take(KeyMove(key, is_down=True))
        keyboard.take(KeyMove(key, is_down=False))
    assert keys_in(sound(keyboard, 10 * len(typed) + 5)) == typed


def test_hanging_up_plays_what_an_exchange_would() -> None:
    keyboard = ToneKeyboard(np.full(1000, 7, np.int16))
    keyboard.take(KeyMove(HANG_UP, is_down=True))
    keyboard.take(KeyMove(HANG_UP, is_down=False))
    assert np.array_equal(np.flatnonzero(sound(keyboard, 20)), np.arange(1000))


@pytest.mark.parametrize(("code", "key"), [(79, "1"), (82, "0"), (55, "*"), (96, "#"), (74, HANG_UP)])
def test_codes_of_a_number_pad(code: int, key: str) -> None:
    assert key_moves(1, code, 1) == [KeyMove(key, is_down=True)]
    assert key_moves(1, code, 0) == [KeyMove(key, is_down=False)]


def test_every_key_of_a_number_pad_is_known_by_its_own_code() -> None:
    codes = pytest.importorskip("evdev").ecodes
    names = {**{f"KP{digit}": str(digit) for digit in range(10)}, "KPASTERISK": "*", "KPENTER": "#", "KPDOT": "#"}
    names |= {"KPSLASH": "A", "KPPLUS": "B", "BACKSPACE": "C", "KPMINUS": HANG_UP}
    assert {getattr(codes, f"KEY_{name}"): key for name, key in names.items()} == KEY_CODES


@pytest.mark.parametrize("event", [(1, 79, 2), (1, 69, 1), (4, 4, 458), (0, 0, 0)])
def test_repeats_and_other_keys_are_nothing(event: tuple[int, int, int]) -> None:
    assert key_moves(*event) == []


class FakePad:
    """What evdev gives of a pad that was pressed once and is then unplugged."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.batches: list[list[Event] | OSError] = [
            [Event(4, 4, 1), Event(1, 80, 1), Event(1, 80, 2), Event(1, 80, 0)],
            BlockingIOError(),
            OSError(19, "No such device"),
        ]

    def grab(self) -> None: ...

    def close(self) -> None: ...

    def read(self) -> list[Event]:
        batch = self.batches.pop(0)
        if isinstance(batch, OSError):
            raise batch
        return batch


def test_a_number_pad_is_read_without_waiting_until_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    evdev = pytest.importorskip("evdev")
    monkeypatch.setattr(evdev, "InputDevice", FakePad)
    pad = NumberPad("/dev/input/pad")
    assert pad.poll() == [KeyMove("2", is_down=True), KeyMove("2", is_down=False)]
    assert pad.poll() == []
    with pytest.raises(LineError, match="keypad /dev/input/pad: is gone: No such device"):
        pad.poll()
    pad.close()


def test_a_pad_that_is_not_there_is_named() -> None:
    pytest.importorskip("evdev")
    with pytest.raises(LineError, match="keypad /dev/input/nothing: No such file"):
        NumberPad("/dev/input/nothing")


class Matrix:
    """A finger on a matrix: a column is high while one of its pressed keys lies in a row that is."""

    def __init__(self) -> None:
        self.board = MockFactory()
        self.pad = MatrixPad(ROWS, COLUMNS, self.board)
        self.pressed: list[tuple[int, int]] = []
        for row in self.pad._rows:
            self._follow(row)

    def _follow(self, row: object) -> None:
        on = row.on  # type: ignore[attr-defined]

        def follow() -> None:
            on()
            for column, pin in enumerate(COLUMNS):
                wire = self.board.pin(pin)
                rows = [self.board.pin(ROWS[place]) for place, of in self.pressed if of == column]
                wire.drive_high() if any(row.state for row in rows) else wire.drive_low()

        row.on = follow  # type: ignore[attr-defined]

    def scans(self, count: int = 3) -> list[KeyMove]:
        return [move for _ in range(count) for move in self.pad.poll()]


@pytest.fixture
def matrix() -> Iterator[Matrix]:
    made = Matrix()
    yield made
    made.pad.close()


def test_each_key_of_a_matrix_is_one_press_and_one_release(matrix: Matrix) -> None:
    for place, key in enumerate("123A456B789C*0#D"):
        matrix.pressed = [divmod(place, 4)]
        assert matrix.scans() == [KeyMove(key, is_down=True)]
        matrix.pressed = []
        assert matrix.scans() == [KeyMove(key, is_down=False)]


def test_a_contact_that_bounces_for_one_scan_is_no_key(matrix: Matrix) -> None:
    matrix.pressed = [(0, 0)]
    assert matrix.scans(1) == []
    matrix.pressed = []
    assert matrix.scans() == []


def test_two_keys_at_once_are_none(matrix: Matrix) -> None:
    matrix.pressed = [(0, 0), (1, 1)]
    assert matrix.scans() == []


def test_a_matrix_of_the_wrong_size_or_on_a_pin_in_use_is_refused(matrix: Matrix) -> None:
    with pytest.raises(LineError, match="must be 4 rows and 3 or 4 columns, not 3 and 4"):
        MatrixPad(ROWS[:3], COLUMNS, matrix.board)
    with pytest.raises(LineError, match="keypad: pin GPIO5 is already in use"):
        MatrixPad(ROWS, COLUMNS, matrix.board)
