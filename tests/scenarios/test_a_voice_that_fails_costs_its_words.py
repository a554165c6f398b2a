"""Where no voice can speak what a function made up, the words are left out, the record says so, the call goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.errors import SpeechError
from tests.conftest import Mumble

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from ivrbox.prompts.clip import Clip
    from tests.conftest import Rig

FLOW = '[steps.ask]\nprompt = "Press a key."\ndtmf = { digits = 1 }\nfunction = "answer"\n'
FUNCTION = 'def answer(conv, flow):\n    conv.exit_flow()\n    return f"You pressed {conv.history[-1].text}."\n'


def test_the_call_goes_on_without_them(rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch) -> None:
    speak = Mumble.speak

    def hoarse(self: Mumble, text: str) -> Clip:
        if text.startswith("You pressed"):
            raise SpeechError("mumble is hoarse")
        return speak(self, text)

    monkeypatch.setattr(Mumble, "speak", hoarse)
    house = rig({"main.toml": FLOW, "functions/main.py": FUNCTION})
    house.phone.rings()
    house.phone.hears("Press a key.")
    house.phone.hears_out()
    house.phone.presses("4")
    record = house.phone.waits_for_the_end()
    assert record.ended == "completed"
    assert any("prompt_not_spoken" in line for line in record.trace)
