"""Flows are read with their functions and sounds, and refused with everything that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivrbox.errors import FlowError, Severity
from ivrbox.flows.book import Spoken
from ivrbox.flows.read import read_flows

if TYPE_CHECKING:
    from collections.abc import Callable

    Configure = Callable[[dict[str, str]], Path]

SHIPPED = Path(__file__).parents[2] / "config"

FLOW = '[steps.a]\nprompt = "Hi."\nthen = { hangup = true }\n'


def refused(config: Path) -> list[str]:
    with pytest.raises(FlowError) as caught:
        read_flows(config)
    return [str(fault) for fault in caught.value.faults]


def test_shipped_flows_are_sound() -> None:
    book = read_flows(SHIPPED)
    assert book.warnings == ()
    assert {"recording-optout", "front-desk"} <= set(book)
    assert book.defines("recording-optout", "continue_conversation")
    assert book.defines("recording-optout", "start_function")


def test_issue_s_function_is_shipped_word_for_word() -> None:
    text = (SHIPPED / "functions" / "recording-optout.py").read_text()
    assert "import" not in text
    assert text.endswith("""def continue_conversation(conv: Conversation, flow: Flow):
    conv.exit_flow()
    assert conv.history[-1].role == "user"
    if conv.history[-1].text == "1":
        conv.discard_recording()
    return {
        "utterance": "Hello, this is the front desk. How can I help?"
    }
""")


def test_flow_is_named_by_its_file_and_begins_with_its_first_step(configure: Configure) -> None:
    book = read_flows(configure({"flows/desk.toml": FLOW + '[steps.b]\nprompt = "B."\n'}))
    assert (list(book), len(book), book["desk"].first_step) == (["desk"], 1, "a")
    assert book.source_of("desk") is None
    assert not book.defines("desk", "f")


def test_flow_finds_its_functions_by_its_own_name_or_the_one_it_gives(configure: Configure) -> None:
    config = configure(
        {
            "flows/a.toml": FLOW,
            "flows/b.toml": 'functions = "a"\n' + FLOW,
            "functions/a.py": "def f(conv, flow): raise SystemExit('never run by reading')\n",
        }
    )
    book = read_flows(config)
    assert book.source_of("a") == book.source_of("b") == config / "functions" / "a.py"
    assert book.defines("b", "f")


def test_all_prompts_are_known_ahead(configure: Configure) -> None:
    book = read_flows(
        configure(
            {
                "flows/a.toml": """
                    [steps.a]
                    prompt = { text = "One.", wav = "one.wav" }
                    no_input = ["Two.", "three.wav"]
                    on = { 1 = { say = "Four." } }
                    on_fail = { say = "" }
                """,
                "prompts/one.wav": "RIFF____WAVE",
                "prompts/three.wav": "RIFF____WAVE",
            }
        )
    )
    assert book.prompts() == {Spoken("One.", "one.wav"), Spoken("Two."), Spoken("", "three.wav"), Spoken("Four.")}


def test_faults_of_all_files_come_at_once(configure: Configure) -> None:
    config = configure(
        {
            "flows/a.toml": "[steps.a]\ndtmf = { digits = 40 }\n",
            "flows/b.toml": '[steps.b]\nthen = "c"\n',
            "flows/c.toml": "[steps",
            "flows/d.toml": FLOW,
            "functions/d.py": "def f(:\n",
        }
    )
    assert [fault.split(": ")[0] for fault in refused(config)] == ["a.toml:2", "b.toml:2", "c.toml:1", "d.py:1"]


def test_no_flow_at_all_is_a_fault(tmp_path: Path) -> None:
    assert refused(tmp_path) == [f"flows: no flow: {tmp_path / 'flows'} holds no .toml file"]


def test_sound_that_is_missing_is_only_a_warning_where_a_text_can_stand_in(configure: Configure) -> None:
    book = read_flows(configure({"flows/a.toml": '[steps.a]\nprompt = { text = "Hi.", wav = "hi.wav" }\n'}))
    assert [(str(fault), fault.severity) for fault in book.warnings] == [
        ("a.toml:2: steps.a.prompt: there is no prompts/hi.wav", Severity.WARNING)
    ]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (b"def f(:\n", "a.py:1: "),
        (b"x = 1\nreturn x\n", "a.py:2: "),
        (b"\x00", "a.py"),
        (b'x = "\xff"\n', "a.py:1: "),
        (b"x = " + b"(" * 3000 + b"1" + b")" * 3000, "a.py"),
        (b"x = " + b"-" * 300000 + b"1", "a.py"),
    ],
)
def test_function_file_that_does_not_compile_is_one_fault(configure: Configure, source: bytes, place: str) -> None:
    config = configure({"flows/a.toml": FLOW, "functions/a.py": ""})
    (config / "functions" / "a.py").write_bytes(source)
    [found] = refused(config)
    assert found.startswith(place)
    assert "cannot be compiled: " in found  # the rest is Python's own, and varies with it


def test_names_bound_in_any_way_may_be_functions(configure: Configure) -> None:
    source = """
        import math as sums
        async def wait(): ...
        class Kind: ...
        if True:
            def inner(conv, flow): ...
        pair = other = inner
    """
    book = read_flows(configure({"flows/a.toml": FLOW, "functions/a.py": source}))
    assert book.functions["a"].names == {"sums", "wait", "Kind", "inner", "pair", "other"}


def test_function_file_that_cannot_be_read_is_one_fault(configure: Configure) -> None:
    config = configure({"flows/a.toml": FLOW})
    (config / "functions" / "a.py").mkdir(parents=True)
    assert refused(config) == ["a.py: cannot be read: Is a directory"]
