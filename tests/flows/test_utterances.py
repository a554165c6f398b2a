"""Words that stand in a function's source are known before any call."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from ivrbox.flows.read import read_flows
from ivrbox.flows.utterances import utterances

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ('def f(conv, flow):\n    return "Good day."', {"Good day."}),
        ('def f(conv, flow):\n    return {"utterance": "Good day.", "hangup": True}', {"Good day."}),
        ('def f(conv, flow):\n    conv.say("One moment.")', {"One moment."}),
        ('def f(conv, flow):\n    return "Day." if conv.state else "Night."', {"Day.", "Night."}),
        ('def f(conv, flow):\n    return ""', set()),
        ('def f(conv, flow):\n    return f"You keyed {conv.history[-1].text}"', set()),
        ('def f(conv, flow):\n    name = "not said"\n    conv.log.info("nor this")', set()),
        ("def f(conv, flow):\n    return", set()),
        ('def f(conv, flow):\n    return {**conv.state, "utterance": "Hello."}', {"Hello."}),
    ],
)
def test_constant_words_are_found(source: str, known: set[str]) -> None:
    assert utterances(ast.parse(source)) == known


def test_they_are_among_the_prompts_of_the_flows(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "functions").mkdir()
    (tmp_path / "flows" / "main.toml").write_text(
        '[steps.ask]\nprompt = "Press a key."\nfunction = "decide"\ndtmf = {}\n'
    )
    (tmp_path / "functions" / "main.py").write_text('def decide(conv, flow):\n    return "Thank you."\n')
    assert {spoken.text for spoken in read_flows(tmp_path).prompts()} == {"Press a key.", "Thank you."}
