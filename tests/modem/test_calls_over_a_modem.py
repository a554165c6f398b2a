"""Whole calls through the real box, whose line is a simulated modem."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import pytest

from ivrbox.appliance.phone import Phone
from ivrbox.appliance.wiring import open_box
from ivrbox.dsp.dtmf import find_keys
from ivrbox.lines.modem_sim_wire import SimulatedLine
from ivrbox.prompts.clip import Clip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivrbox.appliance.wiring import Box
    from ivrbox.cdr import CallRecord
    from ivrbox.lines.loopback import Loopback

NOTICE = "This call may be recorded. To opt out, press 1."
ACCOUNT = "Please enter your account number, then press pound."

SETTINGS = """
[call]
entry = "consent"
main = "desk"
"""

CONSENT = """
[steps.notice]
prompt = "NOTICE"
function = "opt_out"
dtmf = { digits = 1, collect_while_speaking = true }
"""

FUNCTION = """
def opt_out(conv: Conversation, flow: Flow):
    if conv.history[-1].text == "1":
        conv.discard_recording()
    conv.exit_flow()
"""

DESK = """
[steps.account]
prompt = "ACCOUNT"
dtmf = { digits = 8, end_key = "#", inter_digit_timeout = 2 }
function = "thanks"
"""

THANKS = """
def thanks(conv: Conversation, flow: Flow):
    conv.hangup()
    return "Thank you. Your number was " + conv.history[-1].text
"""


class Hum:
    """A voice that hums any text, 30 ms a character, in tones that no key has."""

    name: Final = "hum"

    def available(self) -> bool:
        return True

    def speak(self, text: str) -> Clip:
        time = np.arange(240 * len(text)) / 8000
        return Clip((9000 * np.sin(2 * np.pi * 300 * time)).astype(np.int16), text)


@dataclass
class House:
    """A box and the person who calls it over a modem."""

    box: Box
    line: SimulatedLine
    phone: Phone
    data: Path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make a box on a modem of this profile and with these habits."""
    files = {
        "ivrbox.toml": SETTINGS,
        "flows/consent.toml": CONSENT.replace("NOTICE", NOTICE),
        "flows/desk.toml": DESK.replace("ACCOUNT", ACCOUNT),
        "functions/consent.py": FUNCTION,
        "functions/desk.py": THANKS,
    }
    for name, text in files.items():
        (tmp_path / "config" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "config" / name).write_text(text)
    with ExitStack() as stack:

        def make(profile: str, **habits: object) -> House:
            line = SimulatedLine(profile, habits=habits)
            opened = open_box(
                tmp_path / "config",
                tmp_path / "data",
                line=line,
                voice=Hum(),
                clock=lambda: datetime(2026, 3, 1, tzinfo=UTC),
            )
            box = stack.enter_context(opened)
            phone = Phone(cast("Loopback", line), box.attendant)  # of the line it uses the far end alone
            return House(box, line, phone, tmp_path / "data")

        yield make


def _turns(record: CallRecord) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in record.turns]


@pytest.mark.parametrize("profile", ["usr5637", "mt9234", "cx930xx-duplex"])
def test_a_call_is_answered_heard_out_and_recorded(house: Callable[..., House], profile: str) -> None:
    made = house(profile)
    made.phone.rings(caller="5550123")
    made.phone.hears(NOTICE)
    made.phone.hears_out()
    made.phone.hears(ACCOUNT)
    made.phone.hears_out()
    made.phone.waits(1.0)
    made.phone.presses("4471#", ms=90, gap_ms=90)
    record = made.phone.waits_for_the_end()

    assert _turns(record) == [
        ("agent", NOTICE),
        ("user", ""),
        ("agent", ACCOUNT),
        ("user", "4471"),
        ("agent", "Thank you. Your number was 4471"),
    ]
    assert record.caller == "5550123"
    assert record.recording == "kept"
    assert record.ended == "completed"
    assert not made.line.modem.exchange.is_off_hook


@pytest.mark.parametrize("profile", ["usr5637", "cx930xx", "cx930xx-duplex"])
def test_a_key_over_the_notice_cuts_it_and_destroys_the_recording(house: Callable[..., House], profile: str) -> None:
    made = house(profile)
    made.phone.rings()
    made.phone.hears(NOTICE)
    made.phone.waits(0.8)
    onset = made.line.far.heard.size
    made.phone.presses("1", ms=200)
    notice = made.line.far.heard[onset : onset + 8 * 700]
    made.phone.hears(ACCOUNT)
    made.phone.hangs_up()
    record = made.phone.record

    silenced = np.flatnonzero(np.abs(notice[: 8 * 350]) > 200)[-1]
    assert silenced <= 300 * 8
    assert _turns(record)[:2] == [("agent", NOTICE), ("user", "1")]
    assert record.recording == "discarded"
    assert not made.line.modem.exchange.is_off_hook


def test_after_a_stuck_modem_the_next_caller_is_served(house: Callable[..., House]) -> None:
    made = house("generic", freed_by="ATZ")
    made.phone.rings(caller="1")
    first = made.phone.waits_for_the_end()
    made.phone.rings(caller="2")
    second = made.phone.waits_for_the_end()
    assert [(record.caller, record.ended) for record in (first, second)] == [("1", "modem_stuck"), ("2", "modem_stuck")]


def test_the_caller_hears_each_prompt_whole(house: Callable[..., House]) -> None:
    made = house("usr5637")
    made.phone.rings()
    made.phone.hears(NOTICE)
    made.phone.hears_out()
    made.phone.waits(0.5)
    loud = np.abs(made.line.far.heard) > 200
    spoken = np.flatnonzero(loud)
    assert (spoken[-1] - spoken[0]) / 8 == pytest.approx(30 * len(NOTICE), abs=150)
    assert find_keys(made.line.far.heard) == []
    made.phone.hangs_up()
