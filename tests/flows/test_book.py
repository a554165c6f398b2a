"""What is known of prompts before any call: all of them, in every language that a call may come to speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.flows.book import Spoken
from ivrbox.flows.read import read_flows
from ivrbox.flows.template import READ_OUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Configure = Callable[[dict[str, str]], Path]


def test_text_with_values_is_known_by_its_pieces(configure: Configure) -> None:
    flow = '[steps.a]\nprompt = "You are {caller}, hello."\nthen = { hangup = true }\n'
    prompts = read_flows(configure({"flows/a.toml": flow})).prompts()
    assert prompts == {Spoken("You are"), Spoken("hello."), *(Spoken(word) for word in READ_OUT)}


def test_prompts_are_known_in_the_languages_they_can_be_said_in(configure: Configure) -> None:
    flow = """
        language = "en"
        [steps.a]
        prompt = { en = "Hello.", es = "hola.wav" }
        then = { say = "12", hangup = true }
    """
    book = read_flows(configure({"flows/a.toml": flow, "prompts/hola.wav": "RIFF____WAVE"}))
    assert book.languages() == {"en", "es"}
    assert book.prompts() == {
        Spoken("Hello.", None, "en"),
        Spoken("", "hola.wav", "es"),
        *(Spoken("12", None, language) for language in (None, "en", "es")),
    }
