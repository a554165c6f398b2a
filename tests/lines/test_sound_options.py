"""Promises of the options: what is wrong is named by its key, with what was found and what is allowed, all at once."""

from __future__ import annotations

from typing import Any

import pytest

from ivrbox.errors import ConfigError, LineError
from ivrbox.lines.sound_options import read_options
from ivrbox.lines.usb_audio import UsbAudio


def test_without_options_the_default_card_is_meant() -> None:
    options = read_options({})
    assert (options.card.input, options.card.output, options.card.rate) == ("default", "default", None)
    assert options.pins.pins == {}


def test_a_device_is_both_directions_unless_one_is_named() -> None:
    card = read_options({"device": "USB", "output": "Loop", "rate": 44100, "channel": "right"}).card
    assert (card.input, card.output, card.rate, card.channel) == ("USB", "Loop", 44100, "right")


@pytest.mark.parametrize(("options", "frames"), [({}, 2), ({"period_ms": 20}, 1), ({"period_ms": 80}, 4)])
def test_a_period_is_whole_frames(options: dict[str, Any], frames: int) -> None:
    assert read_options(options).card.period_frames == frames


@pytest.mark.parametrize(("period_ms", "stall_s"), [(20, 0.1), (40, 0.12), (80, 0.24)])
def test_a_card_is_not_gone_that_is_one_burst_late(period_ms: int, stall_s: float) -> None:
    assert read_options({"period_ms": period_ms, "stall_s": 0.1}).card.stall_s == pytest.approx(stall_s)
    assert read_options({"period_ms": period_ms}).card.stall_s == 2


def test_a_toml_array_is_taken_for_the_buttons_command() -> None:
    assert read_options({"button_command": ["true"]}).pins.button_command == ("true",)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"devise": "USB"}, "line.options.devise: unknown key; did you mean 'device'?"),
        ({"zzzz": 1}, "line.options.zzzz: unknown key; there are device, input,"),
        ({"rate": 4000}, "line.options.rate: must be greater than or equal to 8000, not 4000"),
        ({"rate": 12345}, "line.options.rate: must be a multiple of 50, not 12345"),
        ({"rate": "48000"}, "line.options.rate: must be a whole number, not '48000'"),
        ({"country": 5}, "line.options.country: must be a text in quotes, not 5"),
        ({"button_command": []}, "line.options.button_command: must be a list of the command and its arguments, each"),
        ({"button_command": "reboot"}, "line.options.button_command: must be a list of the command"),
        ({"channel": "middle"}, "line.options.channel: must be 'left', 'right' or 'mix', not 'middle'"),
        ({"stall_s": 60.0}, "line.options.stall_s: must be less than or equal to 5, not 60.0"),
        ({"period_ms": 30}, "line.options.period_ms: must be 20, 40, 60 or 80, not 30"),
        ({"ring_active": "up"}, "line.options.ring_active: must be 'low' or 'high', not 'up'"),
    ],
)
def test_a_fault_names_key_found_and_allowed(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_options(options)
    assert words in str(refused.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        UsbAudio(device=3, hook_pin=1.5, silence_s=-1.0)
    keys = {fault.key for fault in refused.value.faults}
    assert keys == {"line.options.device", "line.options.hook_pin", "line.options.silence_s"}
    assert len(refused.value.faults) == 3


@pytest.mark.parametrize(("code", "hint"), [("xyz", "must be one of us, uk"), ("DE", "did you mean 'de'?")])
def test_a_country_that_is_not_in_the_table_is_named(code: str, hint: str) -> None:
    with pytest.raises(LineError, match=r"line\.options\.country: ") as refused:
        UsbAudio(country=code)
    assert hint in str(refused.value)
