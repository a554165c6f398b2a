"""The lamp tells across the room how the line stands, and a lamp that fails is nobody's problem."""

from __future__ import annotations

import threading
import warnings
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from gpiozero import BadPinFactory, Device, PinFactoryFallback
from gpiozero.pins.mock import MockFactory

from ivrbox.appliance.board import Answered, Ended, LineBack, LineGone, Rang
from ivrbox.appliance.lamp import PATTERNS_MS, LampBlinker, LampMachine
from ivrbox.appliance.line_state import LineState
from ivrbox.cdr import CallRecord
from ivrbox.errors import LineError
from ivrbox.lines.lamp import PinLamp

if TYPE_CHECKING:
    from ivrbox.appliance.board import Notice

RECORD = CallRecord("a", "line", None, "2026-03-01T12:00:00+00:00", 9.0, "hangup")
ANSWERED = Answered("a", None)


def test_every_state_has_a_pattern_of_its_own() -> None:
    assert set(PATTERNS_MS) == set(LineState)
    assert len(set(PATTERNS_MS.values())) == len(LineState)
    assert all(len(pattern) % 2 == 0 for pattern in PATTERNS_MS.values())


@pytest.mark.parametrize(
    ("notices", "shows"),
    [
        ([], [(True, 60), (False, 2940), (True, 60)]),
        ([Rang()], [(True, 150), (False, 150), (True, 150)]),
        ([Rang(), ANSWERED], [(True, None), (True, None)]),
        ([Rang(), ANSWERED, Ended(RECORD)], [(True, 60), (False, 2940)]),
        ([LineGone("x"), Rang()], [(True, 120), (False, 180), (True, 120), (False, 1080), (True, 120)]),
        ([LineGone("x"), LineBack()], [(True, 60)]),
    ],
)
def test_each_state_shows_its_pattern(notices: list[Notice], shows: list[tuple[bool, int | None]]) -> None:
    machine = LampMachine()
    for notice in notices:
        machine.handle(notice)
    assert [machine.step() for _ in shows] == shows


def test_a_new_state_is_shown_from_its_beginning_and_an_old_one_goes_on() -> None:
    machine = LampMachine()
    machine.step()
    assert not machine.handle(Ended(RECORD))
    assert machine.step() == (False, 2940)
    assert machine.handle(Rang())
    assert machine.step() == (True, 150)


class Witness:
    """A lamp that tells when it was lit for good."""

    def __init__(self, fails: int = 0) -> None:
        self.shown: list[bool] = []
        self.changed = threading.Semaphore(0)
        self.is_closed = False
        self._fails = fails

    def set(self, *, lit: bool) -> None:
        self.shown.append(lit)
        self.changed.release()
        if len(self.shown) == self._fails:
            raise OSError("the pin is gone")

    def close(self) -> None:
        self.is_closed = True


def test_a_notice_changes_the_lamp_at_once() -> None:
    lamp = Witness()
    with closing(LampBlinker(lamp)) as blinker:
        assert lamp.changed.acquire(timeout=30)
        blinker.read(ANSWERED)
        assert lamp.changed.acquire(timeout=30), "not after the three seconds of the idle pattern alone"
    assert lamp.is_closed


def test_a_lamp_that_fails_is_told_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    lamp = Witness(fails=1)
    blinker = LampBlinker(lamp)
    assert lamp.changed.acquire(timeout=30)
    blinker.close()
    blinker.read(Rang())
    assert "the status lamp has failed" in caplog.text


def test_a_lamp_on_a_pin_is_lit_by_a_high_level_and_out_when_it_is_given_back() -> None:
    factory = MockFactory()
    lamp, pin = PinLamp(17, factory=factory), factory.pin(17)
    assert not pin.state
    lamp.set(lit=True)
    assert pin.state
    lamp.set(lit=False)
    assert not pin.state
    lamp.close()


def test_a_pin_that_is_taken_is_named() -> None:
    factory = MockFactory()
    with closing(PinLamp(17, factory=factory)), pytest.raises(LineError, match=r"status.lamp_pin: .*GPIO17"):
        PinLamp(17, factory=factory)


def test_a_machine_without_pins_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_at_all() -> None:
        warnings.warn(PinFactoryFallback("Falling back from lgpio"), stacklevel=1)
        raise BadPinFactory("Unable to load any default pin factory!")

    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setattr(Device, "_default_pin_factory", none_at_all)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(LineError, match=r"^status\.lamp_pin: no GPIO here: Unable to load"):
            PinLamp(17)
    assert not told
