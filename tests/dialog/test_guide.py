"""Every example of the author's guide is sound, and survives callers of every kind."""

from __future__ import annotations

import pickle
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ivrbox.dialog.conversation import Conversation, Flow, Wishes, reply_from
from ivrbox.dialog.functions import FunctionKind
from ivrbox.dialog.interpreter import Dialog
from ivrbox.flows.check import check_flows
from ivrbox.flows.prompt import PromptSpec
from ivrbox.flows.read import read_flows
from ivrbox.flows.spec import FlowSpec, StepSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.dialog.functions import FunctionReply, FunctionRequest
    from ivrbox.flows.book import FlowBook

GUIDE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```(?:toml|python)\n# config/(\S+)\n(.*?)```", GUIDE, re.DOTALL))
FLOWS = sorted(Path(name).stem for name in EXAMPLES if name.startswith("flows/"))
CALLERS = ["", "1", "2", "471100#", "0", "12*", "#"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    for name, text in EXAMPLES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def book(config: Path) -> FlowBook:
    return read_flows(config)


def run(request: FunctionRequest) -> FunctionReply:
    """Run an author's function, as its child process would."""
    names: dict[str, Any] = {"Conversation": Conversation, "Flow": Flow}
    exec(request.source.read_text("utf-8"), names)  # noqa: S102  # our own guide's functions
    wishes = Wishes()
    state = pickle.loads(request.state) if request.state else {}  # noqa: S301  # pickled below
    conv = Conversation(request, wishes, state=state, discard=lambda: None, log=lambda _level, _text: None)
    arguments = (conv, Flow(request, wishes)) if request.kind is FunctionKind.STEP else (conv,)
    returned = names[request.name](*arguments)
    return reply_from(returned, wishes, state=pickle.dumps(conv.state))


def test_examples_of_the_guide_have_no_fault(config: Path) -> None:
    assert len(FLOWS) >= 10
    assert [str(fault) for fault in check_flows(config)] == []


@pytest.mark.parametrize("keys", CALLERS)
@pytest.mark.parametrize("flow", FLOWS)
def test_example_survives_every_caller(book: FlowBook, dial: Callable[..., Any], flow: str, keys: str) -> None:
    dialog = Dialog(
        book,
        entry=flow,
        main=None,
        apology=PromptSpec(text="Sorry."),
        goodbye=PromptSpec(text="Goodbye."),
        max_call_s=300,
    )
    call = dial(dialog, run, clock=datetime.fromisoformat("2026-11-23 12:30"))
    for _ in range(40):
        if call.ended is None:
            call.hears_out().presses(keys).waits(2.5)
    if call.ended is None:
        call.waits(300)  # some would go on for ever, but for the cap on a call
    assert call.ended in ("completed", "retries_spent", "transferred", "too_long")
    assert {note.what for note in call.dialog.notes} <= {"opted_out", "call_too_long"}
    assert call.said


def test_guide_names_every_key_of_the_language() -> None:
    keys = [*FlowSpec.model_fields, *StepSpec.model_fields]
    missing = [key for key in keys if not re.search(rf"\b{key}\b", GUIDE)]
    assert missing == []
