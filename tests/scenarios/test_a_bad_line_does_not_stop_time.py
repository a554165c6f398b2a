"""Frames that the line loses are still time: timers move on, keys are heard, and the record says how much was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivrbox.lines.impairments import Impairments

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Rig

FLOW = """
    [steps.ask]
    prompt = "Press a key."
    dtmf = { digits = 1, first_digit_timeout = 5, retries = 0 }
    then = { hangup = true }
    on_fail = { hangup = true }
"""


def test_a_time_out_comes_at_its_time_and_the_loss_is_told_once(rig: Callable[..., Rig]) -> None:
    one_in_ten = Impairments(loss=(False,) * 9 + (True,))
    house = rig({"main.toml": FLOW}, impairments=one_in_ten)
    house.phone.rings()
    record = house.phone.waits_for_the_end()
    silence = next(turn for turn in record.turns if turn.role == "user")
    assert silence.outcome == "no_input"
    assert silence.at_s == pytest.approx(5.6, abs=0.3), "0.6 s of prompt, stretched by what was lost, and 5 s"
    assert len([line for line in record.trace if "samples_lost" in line]) == 1


def test_keys_are_heard_on_a_noisy_humming_echoing_line(rig: Callable[..., Rig]) -> None:
    bad = Impairments(noise_dbm0=-45.0, echo_db=12.0, hum_dbm0=-25.0, twist_db=4.0, law="alaw", seed=5)
    house = rig({"main.toml": FLOW.replace("digits = 1", "digits = 6")}, impairments=bad)
    house.phone.rings()
    house.phone.hears("Press")
    house.phone.hears_out()
    house.phone.presses("159*04")
    record = house.phone.waits_for_the_end()
    assert [turn.text for turn in record.turns if turn.role == "user"] == ["159*04"]
