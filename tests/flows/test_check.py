"""Every fault that a flow can have is told, in these words; a corpus of broken flows holds them.

A flow in `broken/` ends with the faults that are expected of it, as comments; its functions stand beside it in
`NAME.py.txt`. What another program says of a file (Python, the TOML reader) varies with its version and is left out.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrbox.errors import ConfigError
from ivrbox.flows.check import check_flows
from ivrbox.flows.documents import parse_toml, validate
from ivrbox.flows.spec import FlowSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.errors import Fault
    from ivrbox.flows.documents import Document

    Configure = Callable[[dict[str, str]], Path]

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "config"
BROKEN = sorted((HERE / "broken").glob("*.toml"))

_EXPECTED = re.compile(r"# (?:error|warning): ")
_FOREIGN = re.compile(r"(cannot be compiled|is not TOML): .*")


def broken_config(flow: Path, configure: Configure) -> Path:
    functions = flow.with_suffix(".py.txt")
    files = {f"flows/{flow.name}": flow.read_text("utf-8")}
    if functions.exists():
        files[f"functions/{flow.stem}.py"] = functions.read_text("utf-8")
    return configure(files)


@pytest.mark.parametrize("flow", BROKEN, ids=lambda flow: flow.stem)
def test_broken_flow_gets_exactly_the_faults_it_has(configure: Configure, flow: Path) -> None:
    expected = [line for line in flow.read_text("utf-8").splitlines() if _EXPECTED.match(line)]
    found = [
        _FOREIGN.sub(r"\1: ...", f"# {fault.severity}: {fault}")
        for fault in check_flows(broken_config(flow, configure))
    ]
    assert expected
    assert found == expected


def test_corpus_of_broken_flows_is_large() -> None:
    assert len(BROKEN) >= 40


def test_shipped_flows_have_no_fault_at_all() -> None:
    assert [str(fault) for fault in check_flows(SHIPPED)] == []


@pytest.mark.parametrize(
    ("flow", "functions"),
    [
        (
            '[steps.a]\nprompt = "A."\nthen = { goto = "b" }\n[steps.b]\nprompt = "B."\nfunction = "f"',
            "flow.goto_step('a')",
        ),
        (
            '[steps.a]\nprompt = "A."\ndtmf = {}\nfunction = "f"\n[steps.b]\nprompt = "B."\nthen = "a"',
            "flow.goto_step('b')",
        ),
        (
            '[steps.a]\nprompt = "A."\ndtmf = {}\nfunction = "f"\n[steps.b]\nprompt = "B."\nthen = "a"',
            "flow.goto_step(conv.state['next'])",
        ),
        ('[steps.a]\nprompt = "A."\nfunction = "f"', "return {'utterance': 'Bye.', 'hangup': True}"),
        (
            '[steps.a]\nprompt = "A."\nfunction = "f"\n[steps.b]\nthen = "a"',
            "helper(flow)\ndef helper(flow): flow.goto_step('b')",
        ),
        ('[steps.a]\nprompt = "A."\nfunction = "f"', "conv.goto_flow('flow'); conv.hangup()"),
    ],
)
def test_functions_are_seen_through_as_far_as_they_can_be(configure: Configure, flow: str, functions: str) -> None:
    source = f"def f(conv, flow):\n    {functions}\n"
    config = configure({"flows/flow.toml": flow, "functions/flow.py": source})
    faults = [str(fault) for fault in check_flows(config)]
    assert not any("reached" in fault or "no step" in fault for fault in faults), faults


def test_function_with_any_number_of_parameters_is_fine(configure: Configure) -> None:
    flow = '[steps.a]\nprompt = "A."\nfunction = "f"\nthen = { do = "g", hangup = true }'
    source = "def f(*everything): return None\ndef g(conv, flow, more=1): return None\n"
    assert check_flows(configure({"flows/a.toml": flow, "functions/a.py": source})) == []


def test_file_of_functions_may_serve_several_flows(configure: Configure) -> None:
    files = {
        "flows/a.toml": 'functions = "shared"\n[steps.a]\nprompt = "A."\nfunction = "f"',
        "flows/b.toml": 'functions = "shared"\n[steps.b]\nprompt = "B."\nfunction = "f"',
        "functions/shared.py": "def f(conv, flow): flow.goto_step('a' if conv.current_flow == 'a' else 'b')\n",
    }
    assert check_flows(configure(files)) == []


def test_loop_through_two_flows_is_found(configure: Configure) -> None:
    files = {
        "flows/a.toml": '[steps.a]\nprompt = "A."\nthen = { goto_flow = "b" }',
        "flows/b.toml": '[steps.b]\nprompt = "B."\nthen = { goto_flow = "a" }',
    }
    [fault] = check_flows(configure(files))
    assert str(fault) == "a.toml:1: steps.a: is a loop without an exit (a, b.b), and none of its steps listens"


def test_each_loop_is_told_once_and_not_the_steps_that_lead_into_it(configure: Configure) -> None:
    flow = """
        [steps.into]
        prompt = "Into."
        then = "a"
        [steps.a]
        prompt = "A."
        then = "b"
        [steps.b]
        prompt = "B."
        then = "a"
    """
    [fault] = check_flows(configure({"flows/f.toml": flow}))
    assert fault.key == "steps.a"


def test_loop_that_leads_into_another_is_not_told_besides(configure: Configure) -> None:
    flow = """
        [steps.a]
        prompt = "A."
        dtmf = {}
        on = { no_input = "a", invalid = "a", complete = "b" }
        [steps.b]
        prompt = "B."
        then = "b"
    """
    faults = check_flows(configure({"flows/f.toml": flow}))
    assert [fault.key for fault in faults if "loop" in fault.message] == ["steps.b"]


def test_flow_with_faults_of_its_own_does_exist(configure: Configure) -> None:
    files = {"flows/a.toml": '[steps.a]\nprompt = "A."\nthen = { goto_flow = "b" }', "flows/b.toml": "[steps"}
    assert [fault.file for fault in check_flows(configure(files))] == ["b.toml"]


def test_flow_that_is_called_is_no_loop(configure: Configure) -> None:
    files = {
        "flows/a.toml": '[steps.a]\nprompt = "A."\nthen = { call_flow = "b", return_to = "z" }\n[steps.z]\nthen = "y"\n'
        '[steps.y]\nprompt = "Y."\nthen = { exit_flow = true }',
        "flows/b.toml": '[steps.b]\nprompt = "B."\nthen = { return = true }',
    }
    assert check_flows(configure(files)) == []


# Whatever stands in a file, there is a list of faults, and no traceback.

TEXTS = [path.read_text("utf-8") for path in [*BROKEN, *sorted((SHIPPED / "flows").glob("*.toml"))]]
TOKENS = sorted({token for text in TEXTS for token in re.findall(r'"[^"\n]*"|[\w.]+|\S', text)})
VALUES = [
    "{}",
    "[]",
    "[1]",
    "nan",
    "-1",
    "1e400",
    "1979-05-27",
    "07:32:00",
    '""',
    '"\\u0000"',
    "true",
    "{a.b=1}",
    "'''x'''",
]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A flow of the corpus with a few of its words exchanged, dropped or doubled."""
    words = re.split(r'("[^"\n]*"|\w+|\n|\W)', draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(words) - 1))
        words[place] = draw(
            st.sampled_from(["", words[place] * 2, "\n"]) | st.sampled_from(TOKENS) | st.sampled_from(VALUES)
        )
    return "".join(words)


@settings(
    max_examples=int(os.environ.get("IVRBOX_FUZZ", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=st.one_of(mutated(), mutated(), st.text(max_size=80)))
def test_any_text_gives_faults_and_never_a_traceback(configure: Configure, text: str) -> None:
    config = configure({})
    (config / "flows").mkdir(exist_ok=True)
    (config / "flows" / "a.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    for fault in check_flows(config):
        assert fault.message
        assert "pydantic" not in str(fault)
        assert "\n" not in str(fault)


@given(
    st.recursive(st.none() | st.integers() | st.floats() | st.text(max_size=3) | st.booleans(), st.lists, max_leaves=4)
)
@settings(max_examples=60)
def test_any_value_anywhere_is_a_fault_in_words(value: object) -> None:
    document = parse_toml("", "x.toml")
    for path in ("start", "functions", "language", "hours", "keys", "opt_out", "steps"):
        sample = type(document)(document.name, {"steps": {"a": {}}, path: _tuple(value)}, {})
        assert all(fault.message for fault in _faults_of(sample))


def _faults_of(document: Document) -> tuple[Fault, ...]:
    try:
        validate(FlowSpec, document)
    except ConfigError as error:
        return error.faults
    return ()


def _tuple(value: object) -> object:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value
