"""Whatever happens in a call, and in whatever order, the dialog keeps its promises."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrbox.dialog.effects import (
    Discard,
    DropMessage,
    HangUp,
    KeepMessage,
    Mask,
    Note,
    Run,
    Say,
    StartMessage,
    StopMessage,
    Unmask,
)
from ivrbox.dialog.events import FunctionRaised, FunctionReturned, SilenceHeard, TransferFailed
from ivrbox.dialog.functions import FunctionReply, Move, MoveKind
from ivrbox.errors import FunctionFailed
from ivrbox.flows.digits import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

    Ring = Callable[..., Any]

FLOWS = {
    "f": """
        opt_out = { key = "*", say = "Gone." }
        keys = { 0 = "box" }
        [steps.menu]
        prompt = "Menu."
        dtmf = { collect_while_speaking = true, retries = 9 }
        menu = { 1 = "card", 2 = "box", 12 = { call_flow = "g", return_to = "menu" }, 3 = { transfer = "5" } }
        [steps.card]
        prompt = "Card."
        dtmf = { digits = 4, min_digits = 2, end_key = "#", pii = true, collect_while_speaking = true }
        save_as = "card"
        confirm = "You entered {card}{digits}."
        then = { do = "f", goto = "menu" }
        on_fail = "menu"
        [steps.box]
        prompt = "Speak."
        record_message.review.prompt = "Keep?"
        then = "menu"
        on_fail = "menu"
    """,
    "g": """
        [steps.number]
        prompt = "Number."
        dtmf = { pattern = "NXX", end_key = "#" }
        function = "f"
    """,
}
MOVES = [
    None,
    Move(MoveKind.EXIT),
    Move(MoveKind.STEP, "menu"),
    Move(MoveKind.STEP, "nowhere"),
    Move(MoveKind.FLOW, "g"),
]

REPLIES = st.builds(
    FunctionReply,
    says=st.lists(st.sampled_from(["Fine.", "You keyed 4711.", ""]), max_size=2).map(tuple),
    move=st.sampled_from(MOVES),
    hangup=st.sampled_from([False, False, False, True]),
)
HAPPENINGS = st.one_of(
    st.tuples(st.just("press"), st.text(KEYS, min_size=1, max_size=5)),
    st.tuples(st.just("press"), st.sampled_from(["1", "2", "12", "4711", "47#", "0", "#"])),
    st.tuples(st.just("wait"), st.floats(0.0, 9.0)),
    st.tuples(st.just("hear"), st.just(None)),
    st.tuples(st.just("reply"), REPLIES),
    st.tuples(st.just("fail"), st.just(None)),
    st.tuples(st.just("silence"), st.booleans()),
    st.tuples(st.just("refuse"), st.just(None)),
    st.tuples(st.just("hang up"), st.just(None)),
)


def happen(call: Any, what: str, how: Any) -> None:
    """One thing that happens to a call."""
    match what:
        case "press":
            call.presses(how)
        case "wait":
            call.waits(how)
        case "hear":
            call.hears_out()
        case "reply":
            call.handle(FunctionReturned(how, call.now))
        case "fail":
            call.handle(FunctionRaised(FunctionFailed("ValueError: '4711'"), call.now))
        case "silence":
            call.handle(SilenceHeard(call.now, how))
        case "refuse":
            call.handle(TransferFailed(call.now, "busy"))
        case "hang up":
            call.hangs_up()


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(HAPPENINGS, max_size=25))
def test_dialog_keeps_its_promises_whatever_happens(phone: Ring, happenings: list[tuple[str, Any]]) -> None:
    call = phone(FLOWS, answers={"f": None, "start_function": None}, main="g", max_call_s=120)
    for what, how in happenings:
        happen(call, what, how)
    effects = call.effects
    assert sum(isinstance(effect, HangUp) for effect in effects) <= 1
    masks = [type(effect) for effect in effects if isinstance(effect, Mask | Unmask)]
    assert Unmask not in masks[:1]
    assert all(pair != (Unmask, Unmask) for pair in pairwise(masks))
    messages = [
        effect for effect in effects if isinstance(effect, StartMessage | StopMessage | KeepMessage | DropMessage)
    ]
    assert_messages_are_whole(messages)
    if any(isinstance(effect, Discard) for effect in effects):
        assert any(keys.count("*") for what, keys in happenings if what == "press")
    running = sum(isinstance(effect, Run) for effect in effects)
    answered = sum(what in ("reply", "fail") for what, _ in happenings)
    assert running <= answered + 1


def assert_messages_are_whole(messages: list[Any]) -> None:
    """Each message is started, stopped, and then kept or dropped, one after the other."""
    for place, effect in enumerate(messages):
        if place % 3 == 0:
            assert isinstance(effect, StartMessage)
        elif place % 3 == 1:
            assert isinstance(effect, StopMessage)
        else:
            assert isinstance(effect, KeepMessage | DropMessage)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(HAPPENINGS, max_size=15))
def test_secret_digits_are_shown_nowhere(phone: Ring, happenings: list[tuple[str, Any]]) -> None:
    call = phone(FLOWS, answers={"f": None}, main="g").presses("1").waits(2).presses("4711")
    for what, how in happenings:
        happen(call, what, how)
    secret_from = next(at for at, turn in enumerate(call.dialog.turns) if turn.pii)
    for turn in call.dialog.turns[secret_from:]:
        assert turn.pii or turn.role == "user" or "4711" not in turn.text
        assert turn.pii is False or "4711" not in turn.shown
    for effect in call.effects:
        if isinstance(effect, Note | Say):
            assert "4711" not in repr(effect)
