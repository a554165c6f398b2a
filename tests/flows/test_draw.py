"""A flow as boxes and arrows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ivrbox.flows.documents import parse_toml, validate
from ivrbox.flows.draw import Arrow, Box, Drawing, Look, drawing_of
from ivrbox.flows.sources import Source
from ivrbox.flows.spec import FlowSpec

if TYPE_CHECKING:
    from pathlib import Path


def drawn(text: str, source: Source | None = None) -> Drawing:
    return drawing_of("main", validate(FlowSpec, parse_toml(text, "main.toml")), source)


def test_keys_that_lead_the_same_way_share_an_arrow() -> None:
    picture = drawn(
        """
        [steps.menu]
        prompt = "Press a key."
        on = { 1 = "end", 2 = "end", 3 = { discard_recording = true, goto = "end" }, no_input = { hangup = true } }
        on_fail = "end"
        [steps.end]
        prompt = "Goodbye."
        then = { hangup = true }
        """
    )
    assert picture.arrows == (
        Arrow("menu", "end", ("1", "2")),
        Arrow("menu", "end", ("3",), destroys=True),
        Arrow("menu", "the call ends", ("no input",)),
        Arrow("menu", "end", ("failed",), is_failure=True),
        Arrow("end", "the call ends", ()),
    )
    assert picture.boxes[-1] == Box("the call ends", Look.END, "the call ends")
    assert picture.start == "menu"


def test_private_digits_and_messages_look_different() -> None:
    picture = drawn(
        """
        [steps.card]
        prompt = "Your card number, then hash."
        dtmf = { digits = 16, end_key = "#", pii = true }
        then = "message"
        [steps.message]
        record_message = { max_seconds = 60 }
        then = { goto_flow = "other" }
        """.replace("{ max_seconds = 60 }", "{}")
    )
    looks = {box.id: box.look for box in picture.boxes}
    assert looks["card"] is Look.SECRET
    assert looks["message"] is Look.MESSAGE
    assert looks["flow other"] is Look.FLOW
    assert "up to 16 keys, ends with #, private" in picture.boxes[0].lines


def test_a_function_that_may_destroy_the_recording_says_so(tmp_path: Path) -> None:
    text = "def decide(conv, flow):\n    conv.discard_recording()\n    flow.goto_step('b')\n"
    source = Source(tmp_path / "main.py", ast.parse(text), frozenset({"decide"}))
    picture = drawn(
        """
        [steps.a]
        prompt = "A"
        function = "decide"
        dtmf = {}
        [steps.b]
        prompt = "B"
        then = { exit_flow = true }
        """,
        source,
    )
    assert "decide() decides — may destroy the recording" in picture.boxes[0].lines
    assert Arrow("a", "b", ("function",)) in picture.arrows
    assert Arrow("b", "leaves the flow", ()) in picture.arrows


def test_a_long_prompt_is_cut_and_another_language_is_named() -> None:
    picture = drawn(
        f"""
        [steps.a]
        prompt = "{"word " * 60}"
        then = "b"
        [steps.b]
        prompt = {{ en = "Hello.", es = "Hola." }}
        then = {{ hangup = true }}
        """
    )
    assert len(picture.boxes[0].lines[0]) <= 110
    assert picture.boxes[1].lines[0] == "Hello. (also es)"
