"""The telephone at the terminal shows what matters now, however long the call."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from rich.console import Console

from ivrbox.cdr import TurnRecord
from ivrbox.cli import telephone

if TYPE_CHECKING:
    from ivrbox.appliance.visit import Visit


@pytest.mark.parametrize("turns", [1, 4, 40])
def test_panel_keeps_the_newest_turns_and_the_keys_on_a_small_screen(
    monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    monkeypatch.setattr(telephone, "turn_record", lambda turn: turn)
    said = [TurnRecord("agent", f"Prompt {number}. " + "Many words. " * 20, None, 1.0) for number in range(turns)]
    call = SimpleNamespace(is_speaking=True, duration_s=3.0, turns=said)
    recorder = SimpleNamespace(state=SimpleNamespace(value="open"))
    visit = cast("Visit", SimpleNamespace(call=call, recorder=recorder))
    console = Console(width=80, height=24, record=True)
    with console.capture() as shown:
        console.print(telephone._picture(visit, "5"))
    lines = shown.get().splitlines()
    assert len(lines) < 24
    assert "speaking" in lines[1]
    assert "h hangs up" in lines[-2]
    assert "Many words." in lines[-4]
    assert f"Prompt {turns - 1}." in shown.get()
    assert ("Prompt 0." in shown.get()) == (turns == 1)
