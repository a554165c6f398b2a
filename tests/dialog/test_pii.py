"""Secret digits: seen by the flow and its functions, and by nobody else (rule 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ivrbox.dialog.effects import Mask, Say, Unmask
from ivrbox.dialog.events import FunctionReturned, KeyPressed
from ivrbox.dialog.functions import FunctionReply
from ivrbox.dialog.masks import Masking, Reason
from ivrbox.dialog.turns import DOTS
from ivrbox.errors import FunctionFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    Ring = Callable[..., Any]

CARD = """
    [steps.card]
    prompt = "Card number."
    dtmf = { digits = 4, pii = true }
    function = "pay"
    then = { hangup = true }
"""
OVER_PROMPT = CARD.replace("pii = true", "pii = true, collect_while_speaking = true")


def masks(call: Any) -> list[Mask | Unmask]:
    return [effect for effect in call.effects if isinstance(effect, Mask | Unmask)]


def test_recording_is_masked_from_the_prompt_s_end_to_the_last_key_s_release(phone: Ring) -> None:
    call = phone(CARD, answers={"pay": FunctionReply()}).hears_out()
    began = call.now
    call.waits(1).presses("471").goes_down("1").waits(0.25)
    assert masks(call) == [Mask(began)]  # the entry is complete, the tone still sounds
    call.goes_up("1")
    assert masks(call) == [Mask(began), Unmask(call.now)]


def test_recording_is_masked_until_a_time_out(phone: Ring) -> None:
    call = phone(CARD, answers={"pay": FunctionReply()}).hears_out()
    began = call.now
    call.presses("47", gap_s=0).waits(2)
    assert masks(call) == [Mask(began), Unmask(call.now)]


def test_recording_is_masked_from_the_first_key_over_the_prompt(phone: Ring) -> None:
    call = phone(OVER_PROMPT).waits(0.5)
    began = call.now
    assert masks(call.presses("4")) == [Mask(began)]


def test_keys_that_are_not_taken_are_masked_as_well(phone: Ring) -> None:
    call = phone(CARD).waits(0.5)
    began = call.now
    assert masks(call.presses("4")) == [Mask(began)]


def test_key_reported_late_moves_the_mask_back_to_its_onset(phone: Ring) -> None:
    call = phone(CARD).hears_out()
    call.handle(KeyPressed("4", call.now - 100))
    assert masks(call) == [Mask(call.now), Mask(call.now - 100)]


def test_digits_typed_ahead_are_masked_from_their_first_onset(phone: Ring) -> None:
    flow = '[steps.a]\ndtmf = { collect_while_speaking = true }\nthen = { do = "f", goto = "card" }' + OVER_PROMPT
    call = phone(flow, answers={"f": None}).presses("1")
    began = call.now
    call.presses("4711")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert masks(call) == [Mask(began), Unmask(call.now)]


def test_secret_digits_reach_the_function_and_are_dots_elsewhere(phone: Ring) -> None:
    call = phone(CARD, answers={"pay": FunctionReply(says=("Fine.",))}).hears_out().presses("4711")
    [request] = call.requests
    assert request.history[-1].text == "4711"
    assert "4711" not in repr(request)
    assert "4711" not in repr(call.dialog.turns)
    assert call.dialog.turns[1].redacted().text == DOTS


def test_secret_that_a_function_reads_back_is_spoken_but_not_shown_nor_recorded(phone: Ring) -> None:
    call = phone(CARD, answers={"pay": FunctionReply(says=("You keyed 4 7 1 1.",))}).hears_out().presses("4711")
    said = next(effect for effect in call.effects if isinstance(effect, Say) and effect.secret)
    assert said.text == "You keyed 4 7 1 1."
    assert "4 7 1 1" not in repr(said)
    assert call.said[-1] == f"You keyed {DOTS}."
    assert isinstance(masks(call)[-1], Mask)
    call.hears_out()  # and listens again
    assert masks(call)[-2:] == [Unmask(call.now), Mask(call.now)]


def test_secret_in_a_traceback_is_not_noted(phone: Ring) -> None:
    failed = FunctionFailed("ValueError: invalid card '4711'")
    call = phone(CARD, answers={"pay": failed}).hears_out().presses("4711")
    assert [note.detail for note in call.dialog.notes] == [f"pay: ValueError: invalid card '{DOTS}'"]


def test_dialog_tells_whether_keys_are_secret_now(phone: Ring) -> None:
    call = phone(CARD, answers={"pay": None})
    assert call.dialog.pii_now
    assert not call.hears_out().presses("4711").dialog.pii_now


def test_masking_lasts_as_long_as_any_reason() -> None:
    masking = Masking()
    assert masking.cover(Reason.ENTRY, 100) == [Mask(100)]
    assert masking.cover(Reason.KEY, 200) == []
    assert masking.uncover(Reason.ENTRY, 250) == []
    assert masking.uncover(Reason.SPEECH, 260) == []
    assert masking.uncover(Reason.KEY, 300) == [Unmask(300)]
