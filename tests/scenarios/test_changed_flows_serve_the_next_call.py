"""A changed flow is used from the next call on; a broken one is refused while the last good one serves on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.conftest import Rig

FLOW = '[steps.only]\nprompt = "We are open until {}."\nthen = {{ hangup = true }}\n'


def said_next(house: Rig) -> str:
    house.phone.rings()
    return house.phone.waits_for_the_end().turns[0].text


def test_a_change_is_heard_in_the_next_call_and_a_fault_is_not(
    rig: Callable[..., Rig], caplog: pytest.LogCaptureFixture
) -> None:
    house = rig({"main.toml": FLOW.format("five")})
    flow = house.config / "flows" / "main.toml"
    assert said_next(house) == "We are open until five."

    flow.write_text(FLOW.format("half past seven"))
    assert said_next(house) == "We are open until half past seven."

    flow.write_text("[steps.only]\nprompt = 3\n")
    assert said_next(house) == "We are open until half past seven."
    assert "main.toml:2: steps.only.prompt" in caplog.text

    flow.write_text(FLOW.format("noon"))
    assert said_next(house) == "We are open until noon."


def test_a_call_in_progress_keeps_the_flow_it_began_with(rig: Callable[..., Rig]) -> None:
    first = '[steps.one]\nprompt = "One."\nthen = "two"\n[steps.two]\nprompt = "Old."\nthen = { hangup = true }\n'
    house = rig({"main.toml": first})
    house.phone.rings()
    (house.config / "flows" / "main.toml").write_text(first.replace("Old.", "New words."))
    assert [turn.text for turn in house.phone.waits_for_the_end().turns] == ["One.", "Old."]
    assert said_next(house) == "One."
