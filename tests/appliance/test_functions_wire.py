"""The words between the box and its function child: any cut of the stream gives the same messages."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.appliance import function_wire as wire
from ivrbox.appliance.author_output import BUDGET_BYTES, LineBudget, Prints
from ivrbox.dialog.functions import FunctionReply, Move, MoveKind


@settings(max_examples=100)
@given(messages=st.lists(st.binary(max_size=40), max_size=5), data=st.data())
def test_any_cut_of_the_stream_gives_the_same_messages(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(wire.framed, messages))
    inbox = wire.Inbox()
    received: list[bytes] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        received += inbox.feed(stream[:cut])
        stream = stream[cut:]
    assert received == messages


def test_a_length_that_cannot_be_one_is_refused_before_anything_is_stored() -> None:
    with pytest.raises(wire.TooLarge, match="4294967295 bytes; at most 4194304"):
        list(wire.Inbox().feed(b"\xff\xff\xff\xff"))


def test_a_message_that_is_too_large_is_not_sent() -> None:
    with pytest.raises(wire.TooLarge):
        wire.framed(bytes(wire.LARGEST_MESSAGE + 1))


@given(
    says=st.lists(st.text()).map(tuple),
    move=st.none() | st.builds(Move, st.sampled_from(MoveKind), st.text()),
    hangup=st.booleans(),
    state=st.binary(),
)
def test_every_reply_survives_the_wire(says: tuple[str, ...], move: Move | None, hangup: bool, state: bytes) -> None:  # noqa: FBT001 - drawn
    reply = FunctionReply(says, move, hangup, state)
    assert wire.reply_from_plain(json.loads(json.dumps(wire.reply_to_plain(reply)))) == reply


def test_the_budget_of_a_run_never_fills_a_pipe_and_the_next_run_has_its_own() -> None:
    sent: list[bytes] = []
    budget = LineBudget(sent.append)
    for _ in range(2):
        sent.clear()
        budget.refill()
        for _ in range(5000):
            budget.spend("info", "ä" * 2000)
        assert 0 < sum(map(len, sent)) < BUDGET_BYTES + 200
        assert b"it was dropped" in sent[-1]


def test_a_line_without_end_is_cut() -> None:
    sent: list[bytes] = []
    LineBudget(sent.append).spend("info", "x" * 5000)
    assert 1000 <= len(sent[0]) < 1100
    lines: list[str] = []
    prints = Prints(lines.append)
    print("x" * 5000, end="", file=prints)
    prints.flush()
    assert lines == ["x" * 1000]


def test_printed_pieces_become_lines() -> None:
    lines: list[str] = []
    prints = Prints(lines.append)
    print("one", "two", file=prints)
    print("be", end="", file=prints)
    print("gun\nand", end="", file=prints)
    assert lines == ["one two", "begun"]
    prints.flush()
    prints.flush()
    assert lines == ["one two", "begun", "and"]
    assert prints.writable()
