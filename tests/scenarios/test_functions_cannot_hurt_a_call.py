"""A function that raises, hangs, dies or returns nonsense costs a call its step's failure path, nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Rig

SETTINGS = """
    [call]
    entry = "main"
    function_limit_s = 0.3
"""

FLOW = """
    [steps.ask]
    prompt = "Press a key."
    dtmf = { digits = 1 }
    function = "decide"
    on_fail = { say = "Let us try it another way.", hangup = true }
"""

BROKEN = {
    "raises": "raise ValueError('no such booking')",
    "hangs": "while True: pass",
    "sleeps": "import time; time.sleep(60)",
    "dies": "import os; os._exit(3)",
    "returns nonsense": "return 42",
    "recurses": "decide(conv, flow)",
    "goes nowhere": "flow.goto_step('nowhere')",
}


def house_with(rig: Callable[..., Rig], body: str) -> Rig:
    source = f"def decide(conv: Conversation, flow: Flow):\n    {body}\n"
    return rig({"ivrbox.toml": SETTINGS, "main.toml": FLOW, "functions/main.py": source})


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_the_step_fails_and_the_call_lives_on(rig: Callable[..., Rig], body: str) -> None:
    house = house_with(rig, body)
    house.phone.rings()
    house.phone.hears("Press a key.")
    house.phone.hears_out()
    house.phone.presses("5")
    house.phone.hears("something went wrong")
    house.phone.hears("another way")
    record = house.phone.waits_for_the_end()
    assert [turn.text for turn in record.turns if turn.role == "user"] == ["5"]
    assert any("decide" in note for note in (*record.faults, *record.trace)), "the record says which function failed"


def test_a_wish_for_privacy_holds_even_if_the_function_then_raises(rig: Callable[..., Rig]) -> None:
    house = house_with(rig, "conv.discard_recording(); raise RuntimeError('too late to undo')")
    house.phone.rings()
    house.phone.hears("Press a key.")
    house.phone.hears_out()
    house.phone.presses("5")
    house.phone.hears("something went wrong")
    assert house.phone.waits_for_the_end().recording == "discarded"


def test_the_next_call_is_answered_after_a_function_was_killed(rig: Callable[..., Rig]) -> None:
    house = house_with(rig, "while True: pass")
    for _ in range(2):
        house.phone.rings()
        house.phone.hears("Press a key.")
        house.phone.hears_out()
        house.phone.presses("5")
        house.phone.hears("another way")
        house.phone.waits_for_the_end()
    assert len(house.box.store.calls()) == 2


def test_discarding_in_the_end_function_raises_and_says_why(rig: Callable[..., Rig]) -> None:
    source = """
def end_function(conv: Conversation):
    try:
        conv.discard_recording()
    except Exception as error:
        conv.log.warning(str(error))
        raise
"""
    flow = '[steps.only]\nprompt = "Goodbye."\nthen = { hangup = true }\n'
    house = rig({"main.toml": flow, "functions/main.py": source})
    house.phone.rings()
    record = house.phone.waits_for_the_end()
    assert record.recording == "kept"
    assert any("the call has ended" in note for note in (*record.faults, *record.trace))
