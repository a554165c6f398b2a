"""Messages: what stops one, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ivrbox.dialog.effects import DropMessage, KeepMessage, PlayTone, Say, StartMessage, StopMessage
from ivrbox.dialog.events import FunctionReturned, SilenceHeard, Timer, TimerFired
from ivrbox.dialog.functions import FunctionReply
from ivrbox.dialog.messages import MESSAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    Ring = Callable[..., Any]

BOX = """
    opt_out = { key = "*", say = "Gone." }
    [steps.box]
    prompt = "Speak after the tone."
    record_message = { max_length = 60, silence = 3 }
    no_input = "Nothing was heard."
    then = { say = "Thank you.", hangup = true }
"""
REVIEW = BOX.replace(
    "silence = 3",
    'silence = 3, review = { prompt = "Keep, again, discard?", kept = "Kept.", discarded = "Discarded." }',
)


def handling(call: Any) -> list[Any]:
    kinds = StartMessage | StopMessage | KeepMessage | DropMessage
    return [effect for effect in call.effects if isinstance(effect, kinds)]


def test_message_begins_after_prompt_and_beep(phone: Ring) -> None:
    call = phone(BOX)
    assert [effect for effect in call.effects if isinstance(effect, Say | PlayTone)][-1] == PlayTone("beep")
    assert handling(call) == []
    call.hears_out()
    assert handling(call) == [StartMessage(call.now, 24000)]


def test_message_without_prompt_and_beep_begins_at_once(phone: Ring) -> None:
    call = phone("[steps.box]\nrecord_message = { beep = false }", at=500)
    assert handling(call) == [StartMessage(500, 32000)]


def test_any_key_stops_the_message_at_its_onset(phone: Ring) -> None:
    call = phone(BOX).hears_out().waits(10)
    stopped = call.now
    call.presses("5")
    assert handling(call)[1:] == [StopMessage(stopped), KeepMessage("f.box")]
    assert call.keyed == [(MESSAGE, "complete")]
    assert (call.hears_out().said[-1], call.ended) == ("Thank you.", "completed")


@pytest.mark.parametrize(("keys", "stops"), [("#", True), ("5", False)])
def test_only_the_keys_named_stop_the_message(phone: Ring, keys: str, *, stops: bool) -> None:
    call = phone(BOX.replace("silence = 3", 'silence = 3, stop_keys = "#"')).hears_out().waits(1).presses(keys)
    assert (len(handling(call)) > 1) is stops


def test_no_key_stops_a_message_that_none_may_stop(phone: Ring) -> None:
    call = phone(BOX.replace("silence = 3", 'silence = 3, stop_keys = "none"')).hears_out().waits(1).presses("5#")
    assert len(handling(call)) == 1


def test_message_ends_at_its_maximum_length(phone: Ring) -> None:
    call = phone(BOX).hears_out().waits(59.99)
    assert len(handling(call)) == 1
    call.waits(0.01)
    assert handling(call)[1:] == [StopMessage(call.now), KeepMessage("f.box")]


def test_message_ends_with_silence(phone: Ring) -> None:
    call = phone(BOX).hears_out().waits(8)
    call.handle(SilenceHeard(call.now, spoke=True))
    assert handling(call)[1:] == [StopMessage(call.now), KeepMessage("f.box")]


def test_silence_alone_is_no_message(phone: Ring) -> None:
    call = phone(BOX).hears_out().waits(3)
    call.handle(SilenceHeard(call.now, spoke=False))
    assert handling(call)[1:] == [StopMessage(call.now), DropMessage()]
    assert call.said == ["Speak after the tone.", "Nothing was heard.", "Speak after the tone."]
    assert call.keyed == [("", "no_input")]


def test_caller_who_hangs_up_has_left_a_message(phone: Ring) -> None:
    call = phone(BOX).hears_out().waits(8).hangs_up()
    assert handling(call)[1:] == [StopMessage(call.now), KeepMessage("f.box", if_spoken=True)]


def test_caller_who_hangs_up_before_the_beep_has_left_none(phone: Ring) -> None:
    assert handling(phone(BOX).hangs_up()) == []


def test_caller_who_opts_out_has_left_none(phone: Ring) -> None:
    call = phone(BOX).hears_out().waits(8).presses("*")
    assert handling(call)[1:] == [StopMessage(call.now - 1600), DropMessage()]
    assert call.has_discarded()
    assert call.said[-2:] == ["Gone.", "Speak after the tone."]


@pytest.mark.parametrize(
    ("key", "end", "words"), [("1", KeepMessage("f.box"), "Kept."), ("3", DropMessage(), "Discarded.")]
)
def test_caller_decides_what_becomes_of_the_message(phone: Ring, key: str, end: Any, words: str) -> None:
    call = phone(REVIEW).hears_out().waits(8).presses("#").hears_out().presses(key)
    assert handling(call)[-1] == end
    assert call.said[-3:] == ["Keep, again, discard?", words, "Thank you."]


def test_caller_may_record_again(phone: Ring) -> None:
    call = phone(REVIEW).hears_out().waits(8).presses("#").hears_out().presses("2").hears_out()
    assert handling(call)[2:] == [DropMessage(), StartMessage(call.now, 24000)]
    call.waits(2).presses("#").hears_out().presses("1")
    assert handling(call)[-1] == KeepMessage("f.box")


def test_message_that_nobody_decides_on_is_kept(phone: Ring) -> None:
    call = phone(REVIEW).hears_out().waits(8).presses("#").waits(30)
    assert handling(call)[-1] == KeepMessage("f.box")
    assert handling(call).count(KeepMessage("f.box")) == 1


def test_caller_who_hangs_up_in_the_review_has_left_the_message(phone: Ring) -> None:
    call = phone(REVIEW).hears_out().waits(8).presses("#").hangs_up()
    assert handling(call)[-1] == KeepMessage("f.box")


def test_nothing_typed_ahead_outlives_a_message(phone: Ring) -> None:
    flow = """
        [steps.a]
        dtmf = { collect_while_speaking = true }
        then = { do = "f", goto = "box" }
        [steps.box]
        prompt = "Speak."
        record_message = {}
        then = { do = "f", goto = "c" }
        [steps.c]
        dtmf = { collect_while_speaking = true }
        then = { hangup = true }
    """
    call = phone(flow, answers={"f": None}).presses("12")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    call.hears_out().waits(1).presses("#").presses("3")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert call.keyed == [("1", "complete"), (MESSAGE, "complete")]
    assert call.ended is None


def test_timer_of_an_earlier_message_ends_no_later_one(phone: Ring) -> None:
    call = phone(BOX).hears_out().waits(8)
    assert call.handle(TimerFired(Timer.MESSAGE_LENGTH, call.now)) == []


def test_keys_are_not_typed_ahead_over_a_message(phone: Ring) -> None:
    flow = BOX.replace('then = { say = "Thank you.", hangup = true }', 'then = "next"')
    call = phone(flow + "[steps.next]\ndtmf = { collect_while_speaking = true }").presses("1").hears_out()
    call.waits(3).presses("#")
    assert call.keyed == [(MESSAGE, "complete")]
