"""A whole box whose line is a simulated modem, and the person who calls it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import pytest

from ivrbox.appliance.phone import Phone
from ivrbox.appliance.wiring import open_box
from ivrbox.lines.modem_sim_wire import SimulatedLine
from ivrbox.prompts.clip import Clip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivrbox.appliance.wiring import Box
    from ivrbox.lines.loopback import Loopback

SETTINGS = """
[call]
entry = "consent"
main = "desk"
"""

CONSENT = """
[steps.notice]
prompt = "This call may be recorded. To opt out, press 1."
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
prompt = "Please enter your account number, then press pound."
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
        "flows/consent.toml": CONSENT,
        "flows/desk.toml": DESK,
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
