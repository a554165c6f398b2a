"""The call as an author's function sees it, and the reply that comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrbox.dialog.conversation import Conversation, Flow, Wishes, reply_from
from ivrbox.dialog.functions import FunctionKind, FunctionReply, FunctionRequest, Move, MoveKind
from ivrbox.dialog.turns import Turn
from ivrbox.errors import BadReturn, DiscardTooLate, UnknownName


class Desk:
    """A conversation with everything it does written down."""

    def __init__(self, kind: FunctionKind = FunctionKind.STEP, **request: Any) -> None:
        """Make `conv` and `flow` as the child does."""
        asked = FunctionRequest(kind, "f", source=None, **request)  # type: ignore[arg-type]
        self.wishes = Wishes()
        self.discards = 0
        self.logged: list[tuple[str, str]] = []
        self.conv = Conversation(
            asked,
            self.wishes,
            state={},
            discard=self._count_discard,
            log=lambda level, text: self.logged.append((level, text)),
        )
        self.flow = Flow(asked, self.wishes)

    def _count_discard(self) -> None:
        self.discards += 1


def test_the_function_sees_the_call() -> None:
    history = (Turn("agent", "Press 1."), Turn("user", "1"))
    where: dict[str, Any] = {"current_flow": "desk", "current_step": "consent"}
    conv = Desk(history=history, caller_number="0123", values={"room": "12"}, **where).conv
    assert [(turn.role, turn.text) for turn in conv.history] == [("agent", "Press 1."), ("user", "1")]
    assert (conv.caller_number, conv.current_flow, conv.current_step) == ("0123", "desk", "consent")
    assert conv.values == {"room": "12"}


def test_words_are_said_in_order_and_the_utterance_last() -> None:
    desk = Desk()
    desk.conv.say("one")
    desk.conv.say("  ")
    desk.conv.say("two")
    assert reply_from("three", desk.wishes).says == ("one", "two", "three")


@pytest.mark.parametrize("empty", [None, "", " ", {}, {"utterance": ""}, {"utterance": None}])
def test_an_empty_utterance_says_nothing(empty: object) -> None:
    assert reply_from(empty, Wishes()) == FunctionReply()


def test_a_dict_may_hang_up() -> None:
    assert reply_from({"utterance": "Bye", "hangup": True}, Wishes()) == FunctionReply(("Bye",), hangup=True)


def test_hanging_up_by_call_is_not_undone_by_the_return() -> None:
    desk = Desk()
    desk.conv.hangup()
    assert reply_from({"utterance": "Bye", "hangup": False}, desk.wishes).hangup


def test_the_state_goes_into_the_reply() -> None:
    assert reply_from(None, Wishes(), state=b"kept").state == b"kept"


def test_of_several_moves_the_last_wins() -> None:
    desk = Desk(steps=("menu",), flows=("billing",))
    desk.flow.goto_step("menu")
    assert desk.wishes.move == Move(MoveKind.STEP, "menu")
    desk.conv.goto_flow("billing")
    assert desk.wishes.move == Move(MoveKind.FLOW, "billing")
    desk.conv.exit_flow()
    assert reply_from(None, desk.wishes).move == Move(MoveKind.EXIT)


def test_an_unknown_step_names_the_nearest_and_moves_nowhere() -> None:
    desk = Desk(steps=("menu", "consent"))
    with pytest.raises(
        UnknownName, match=r"goto_step\('consnet'\): no step is named 'consnet'; did you mean 'consent'"
    ):
        desk.flow.goto_step("consnet")
    assert desk.wishes.move is None


@pytest.mark.parametrize("name", ["zzz", "", 3, None])
def test_a_name_that_resembles_nothing_gets_the_list(name: Any) -> None:
    with pytest.raises(UnknownName, match=r"no flow is named .*; there are desk, billing"):
        Desk(flows=("desk", "billing")).conv.goto_flow(name)


def test_where_there_is_nowhere_to_go_that_is_said() -> None:
    with pytest.raises(UnknownName, match="there are none here"):
        Desk().flow.goto_step("menu")


@pytest.mark.parametrize("kind", [FunctionKind.START, FunctionKind.STEP])
def test_discarding_takes_effect_when_it_is_called(kind: FunctionKind) -> None:
    desk = Desk(kind)
    desk.conv.discard_recording()
    assert desk.discards == 1


def test_discarding_after_the_call_is_refused_with_the_reason() -> None:
    desk = Desk(FunctionKind.END)
    with pytest.raises(DiscardTooLate, match="the call has ended, and with it the time to opt out"):
        desk.conv.discard_recording()
    assert desk.discards == 0


def test_state_is_a_dict_and_nothing_else() -> None:
    conv = Desk().conv
    conv.state = {"a": 1}
    assert conv.state == {"a": 1}
    with pytest.raises(TypeError, match=r"conv\.state must be a dict, not a value of type list"):
        conv.state = []  # type: ignore[assignment]


def test_only_strings_can_be_said() -> None:
    with pytest.raises(TypeError, match=r"conv\.say\(\) takes a string, not None"):
        Desk().conv.say(None)  # type: ignore[arg-type]


def test_the_log_has_levels_and_fills_in_values() -> None:
    desk = Desk()
    desk.conv.log("plain %")
    desk.conv.log.info("%d keys", 3)
    desk.conv.log.warning("odd: %s", "x")
    desk.conv.log.error("not %d", "a number")
    assert desk.logged == [
        ("info", "plain %"),
        ("info", "3 keys"),
        ("warning", "odd: x"),
        ("error", "not %d a number"),
    ]


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (42, "it returned a value of type int; allowed are None, a string, or a dict with 'utterance'"),
        (["Hi"], "a value of type list"),
        (True, "a value of type bool"),
        ({"utterance": 5}, "a value of type int as 'utterance'"),
        ({"hangup": "yes"}, "a value of type str as 'hangup'"),
        ({"hangup": None}, "None as 'hangup'"),
        ({"utterrance": ""}, "the key 'utterrance'; did you mean 'utterance'?"),
        ({"hang_up": True}, "the key 'hang_up'; did you mean 'hangup'?"),
        ({"text": ""}, "the key 'text'; allowed are"),
        ({1: ""}, "the key 1; allowed are"),
    ],
)
def test_a_bad_return_says_what_was_found_and_what_is_allowed(returned: object, says: str) -> None:
    with pytest.raises(BadReturn) as caught:
        reply_from(returned, Wishes())
    assert says in str(caught.value)
    assert "allowed are None, a string" in str(caught.value)


@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.booleans(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["utterance", "hangup", "x"]), inner),
    )
)
def test_whatever_is_returned_becomes_a_reply_or_a_bad_return(returned: object) -> None:
    try:
        reply = reply_from(returned, Wishes())
    except BadReturn:
        return
    assert all(words.strip() for words in reply.says)
