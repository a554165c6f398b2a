"""Promises of the pins, on gpiozero's own mock of a Raspberry Pi."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import pytest
from gpiozero import BadPinFactory, Device, DigitalInputDevice, DigitalOutputDevice, PinFactoryFallback
from gpiozero.pins.mock import MockFactory

from ivrbox.errors import LineError
from ivrbox.lines import hook
from ivrbox.lines.hook import LinePins, PinSpec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = PinSpec(hook_pin=17, ring_pin=27, loop_pin=22, lamp_pin=5, button_pin=6)


@pytest.fixture
def board() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


def test_the_relay_is_off_at_start_on_off_hook_and_off_again(board: MockFactory) -> None:
    pins = LinePins(ALL, factory=board)
    relay, lamp = board.pin(17), board.pin(5)
    assert relay.function == "output"
    assert (relay.state, lamp.state) == (0, 0)
    pins.off_hook()
    assert (relay.state, lamp.state) == (1, 1)
    pins.on_hook()
    relay.assert_states([0, 1, 0])
    pins.close()


def test_closing_goes_on_hook_and_gives_the_pins_back(board: MockFactory) -> None:
    pins = LinePins(ALL, factory=board)
    pins.off_hook()
    pins.close()
    pins.close()
    board.pin(17).assert_states([0, 1, 0])
    LinePins(ALL, factory=board).close()


A_CALL_THAT_CRASHES = """
import atexit
from gpiozero.pins.mock import MockFactory
board = MockFactory()
relay = board.pin(17)
atexit.register(lambda: print("relay", [int(state.state) for state in relay.states], relay.function))
from ivrbox.lines.hook import LinePins, PinSpec
pins = LinePins(PinSpec(hook_pin=17), factory=board)
pins.off_hook()
raise RuntimeError("a fault in the call")
"""


def test_the_end_of_the_process_releases_the_line(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", A_CALL_THAT_CRASHES], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "a fault in the call" in ended.stderr
    assert ended.stdout.split("relay ")[-1].strip() == "[0, 1, 0] input"


def test_pulses_of_ringing_come_with_their_times_and_without_debounce(board: MockFactory) -> None:
    now = iter(range(0, 10**12, 20_000_000))
    pins = LinePins(PinSpec(ring_pin=27), clock_ns=lambda: next(now), factory=board)
    for _ in range(3):
        board.pin(27).drive_low()
        board.pin(27).drive_high()
    assert pins.ring_pulses_ms() == [0, 20, 40]
    assert pins.ring_pulses_ms() == []
    pins.close()


def test_a_detector_that_drives_the_pin_up_is_told_so(board: MockFactory) -> None:
    pins = LinePins(PinSpec(ring_pin=27, ring_active="high"), clock_ns=lambda: 5_000_000, factory=board)
    board.pin(27).drive_high()
    assert pins.ring_pulses_ms() == [5]
    pins.close()


def test_a_pin_that_floats_cannot_fill_the_memory(board: MockFactory) -> None:
    pins = LinePins(PinSpec(ring_pin=27), factory=board)
    for _ in range(hook.PULSES_KEPT + 10):
        board.pin(27).drive_low()
        board.pin(27).drive_high()
    assert len(pins.ring_pulses_ms()) == hook.PULSES_KEPT
    pins.close()


def test_a_break_of_the_loop_is_as_long_as_the_clock_says_however_often_it_is_looked_at(board: MockFactory) -> None:
    now_ms = [1000]
    pins = LinePins(PinSpec(loop_pin=22), factory=board, clock_ns=lambda: now_ms[0] * 1_000_000)
    told = [pins.loop_broken_ms()]

    def passes(ms: int) -> None:
        now_ms[0] += ms
        told.append(pins.loop_broken_ms())

    passes(30)  # broken from the start: on-hook
    board.pin(22).drive_low()
    passes(10)  # ended at its 30th ms
    passes(10)
    board.pin(22).drive_high()
    now_ms[0] += 50
    board.pin(22).drive_low()
    passes(300)  # a stall of the box: the break is over, and was 50 ms
    board.pin(22).drive_high()
    passes(0)
    passes(70)
    passes(0)
    assert told == [0, 30, 30, 0, 50, 0, 70, 70]


def test_a_loop_without_a_sensor_is_never_broken(board: MockFactory) -> None:
    assert LinePins(PinSpec(), factory=board).loop_broken_ms() == 0


def test_a_pin_in_use_is_named_and_the_others_are_given_back(board: MockFactory) -> None:
    taken = DigitalInputDevice(22, pin_factory=board)
    with pytest.raises(LineError, match=r"line\.options\.loop_pin: pin GPIO22 is already in use by"):
        LinePins(ALL, factory=board)
    DigitalOutputDevice(17, pin_factory=board).close()
    taken.close()


def test_a_pin_that_does_not_exist_is_named(board: MockFactory) -> None:
    with pytest.raises(LineError, match=r"line\.options\.hook_pin: GPIO99 is not a valid pin name"):
        LinePins(PinSpec(hook_pin="GPIO99"), factory=board)


def test_a_machine_without_pins_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setattr(Device, "_default_pin_factory", _none_at_all)
    with pytest.raises(LineError, match=r"^line\.options\.hook_pin: no GPIO here: Unable to load"):
        LinePins(PinSpec(hook_pin=17))


def _none_at_all() -> None:
    """What gpiozero does on a machine that has no pins."""
    warnings.warn(PinFactoryFallback("Falling back from lgpio"), stacklevel=1)
    raise BadPinFactory("Unable to load any default pin factory!")


def test_a_machine_without_gpio_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nothing")
    with pytest.raises(LineError, match=r"line\.options\.hook_pin: .*nothing"):
        LinePins(PinSpec(hook_pin=17))


def test_a_held_button_runs_the_owners_command(board: MockFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(os, "posix_spawnp", lambda _path, command, _environ: ran.append(command))
    pins = LinePins(PinSpec(button_pin=6, button_command=("true", "now")), factory=board)
    pins._devices["button_pin"].when_held()
    assert ran == [("true", "now")]
    pins.close()


def test_a_buttons_command_that_is_not_there_is_told(board: MockFactory, caplog: pytest.LogCaptureFixture) -> None:
    pins = LinePins(PinSpec(button_pin=6, button_command=("no-such-command",)), factory=board)
    pins._devices["button_pin"].when_held()
    assert "shutdown button: no-such-command cannot be run: No such file" in caplog.text
    pins.close()
