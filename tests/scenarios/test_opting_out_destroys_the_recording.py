"""A caller who presses 1 at the notice is not recorded: not in memory, not on disk, not in the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyrage
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Rig

NOTICE = "This call may be recorded for quality and training purposes. To opt out, press 1."

SETTINGS = """
    [call]
    entry = "consent"
"""

FLOW = f"""
    [steps.consent]
    prompt = "{NOTICE}"
    function = "continue_conversation"
    dtmf = {{ digits = 1, collect_while_speaking = true }}
"""

# The function that the first issue of this project asked for, word by word: no import, nothing else in the file.
FUNCTION = """
def start_function(conv: Conversation):
    return GREETING

def continue_conversation(conv: Conversation, flow: Flow):
    conv.exit_flow()
    assert conv.history[-1].role == "user"
    if conv.history[-1].text == "1":
        conv.discard_recording()
    return {
        "utterance": "Hello, this is the front desk. How can I help?"
    }
"""


def consent(greeting: str = "") -> dict[str, str]:
    return {
        "ivrbox.toml": SETTINGS,
        "consent.toml": FLOW,
        "functions/consent.py": FUNCTION.replace("GREETING", repr(greeting)),
    }


def test_one_at_the_notice_destroys_the_recording(rig: Callable[..., Rig]) -> None:
    house = rig(consent())
    house.phone.rings(caller="5550100")
    house.phone.hears(NOTICE)
    house.phone.hears_out()
    house.phone.presses("1")
    house.phone.hears("How can I help?")
    record = house.phone.waits_for_the_end()

    assert record.recording == "discarded"
    assert record.receipt is not None
    assert record.receipt["verified"] is True
    assert [(turn.role, turn.text) for turn in record.turns] == [
        ("agent", NOTICE),
        ("user", "1"),
        ("agent", "Hello, this is the front desk. How can I help?"),
    ]
    assert record.ended == "completed"
    assert record.path == ("consent.consent",)
    assert list((house.data / "recordings").iterdir()) == []


def test_a_key_pressed_over_the_notice_is_taken_and_stops_it(rig: Callable[..., Rig]) -> None:
    house = rig(consent())
    house.phone.rings()
    house.phone.hears(NOTICE)
    house.phone.waits(0.5)
    house.phone.presses("1")
    house.phone.hears("How can I help?")
    record = house.phone.waits_for_the_end()
    assert record.recording == "discarded"
    assert record.duration_s < 6, "the notice, 4 s long, was cut by the key"


def test_silence_at_the_notice_keeps_the_recording_sealed(rig: Callable[..., Rig]) -> None:
    house = rig(consent())
    house.phone.rings()
    house.phone.hears("How can I help?")
    record = house.phone.waits_for_the_end()
    assert record.recording == "kept"
    assert [turn.text for turn in record.turns if turn.role == "user"] == [""]
    sealed = (house.data / "recordings" / f"{record.id}.age").read_bytes()
    identity = next(
        line for line in (house.data / "keys" / "identity.txt").read_text().splitlines() if line.startswith("AGE-")
    )
    wav = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)])
    assert wav.startswith(b"RIFF")
    assert b"RIFF" not in sealed


def test_another_key_is_no_opt_out(rig: Callable[..., Rig]) -> None:
    house = rig(consent())
    house.phone.rings()
    house.phone.hears(NOTICE)
    house.phone.presses("2")
    assert house.phone.waits_for_the_end().recording == "kept"


@pytest.mark.parametrize("greeting", ["", "Welcome to the Grand Hotel."])
def test_the_greeting_comes_first_unless_it_is_empty(rig: Callable[..., Rig], greeting: str) -> None:
    house = rig(consent(greeting))
    house.phone.rings()
    record = house.phone.hangs_up()
    said = [turn.text for turn in record.turns if turn.role == "agent"]
    assert said == ([greeting] if greeting else []) + [NOTICE]


def test_a_key_on_the_very_edge_of_the_hang_up_still_opts_out(rig: Callable[..., Rig]) -> None:
    house = rig(consent())
    house.phone.rings()
    house.phone.hears(NOTICE)
    house.phone.hears_out()
    house.line.far.presses("1", ms=60, gap_ms=0)
    house.phone.waits(0.06)
    record = house.phone.hangs_up()
    assert record.recording == "discarded"


def test_opting_out_of_a_call_that_is_not_recorded_changes_nothing(
    rig: Callable[..., Rig], caplog: pytest.LogCaptureFixture
) -> None:
    house = rig({**consent(), "ivrbox.toml": SETTINGS + "[recording]\nenabled = false\n"})
    house.phone.rings()
    house.phone.hears(NOTICE)
    house.phone.hears_out()
    house.phone.presses("1")
    house.phone.hears("How can I help?")
    assert house.phone.waits_for_the_end().recording == "off"
    assert caplog.text == ""
