"""What flows can say beyond the first steps: values, patterns, confirmation, keys of a flow, sub-flows, hours."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from ivrbox.dialog.effects import Dial, Discard, Flash, HangUp, Hush, Mask, PlayTone, Say, Unmask
from ivrbox.dialog.events import FunctionReturned, TransferFailed
from ivrbox.dialog.functions import FunctionReply, Move, MoveKind
from ivrbox.dialog.turns import DOTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.dialog.functions import FunctionRequest

    Ring = Callable[..., Any]


def spoken(call: Any) -> list[str]:
    return [effect.text for effect in call.effects if isinstance(effect, Say)]


# Values

BOOKING = """
    [steps.ask]
    prompt = "Booking number."
    dtmf = { digits = 3 }
    save_as = "booking"
    then = "tell"
    [steps.tell]
    prompt = "You entered {booking}, press 1."
    on = { 1 = { say = "Thank you, {caller}.", hangup = true }, 2 = "ask" }
"""


def test_saved_entry_is_read_out_key_by_key(phone: Ring) -> None:
    call = phone(BOOKING).hears_out().presses("407")
    assert spoken(call) == ["Booking number.", "You entered", "4", "0", "7", "press 1."]
    assert call.said == ["Booking number.", "You entered 407, press 1."]


def test_caller_s_number_can_be_said(phone: Ring) -> None:
    call = phone(BOOKING).hears_out().presses("407").hears_out().presses("1")
    assert call.said[-1] == "Thank you, 0301234."


def test_keys_that_are_no_digits_have_words(phone: Ring) -> None:
    assert spoken(phone(BOOKING).hears_out().presses("4*#"))[2:5] == ["4", "star", "pound"]


def test_secret_value_is_spoken_but_shown_as_dots_and_masked(phone: Ring) -> None:
    call = phone(BOOKING.replace("digits = 3", "digits = 3, pii = true")).hears_out().presses("407")
    assert [effect.secret for effect in call.effects if isinstance(effect, Say)] == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]
    assert call.said[-1] == f"You entered {DOTS}, press 1."
    assert call.dialog.turns[-1].text == "You entered 407, press 1."
    masked = [effect for effect in call.effects if isinstance(effect, Mask | Unmask)]
    assert isinstance(masked[-1], Mask)
    call.hears_out()
    assert [effect for effect in call.effects if isinstance(effect, Mask | Unmask)][-1] == Unmask(call.now)


def test_values_are_given_to_functions(phone: Ring) -> None:
    flow = BOOKING.replace('then = "tell"', 'then = { do = "f", goto = "tell" }')
    call = phone(flow, answers={"f": FunctionReply()}).hears_out().presses("407")
    assert call.requests[0].values == {"caller": "0301234", "digits": "407", "booking": "407"}


def test_value_that_is_not_there_yet_is_passed_over(phone: Ring) -> None:
    flow = 'start = "tell"' + BOOKING
    assert spoken(phone(flow)) == ["You entered", "press 1."]


# Patterns


def test_entry_must_match_the_pattern(phone: Ring) -> None:
    flow = """
        [steps.ask]
        prompt = "Number."
        dtmf = { pattern = ["NXX", "99.", "0"], end_key = "#" }
        invalid = "No such number."
        then = { hangup = true }
    """
    assert phone(flow).hears_out().presses("199#").said[1:] == ["No such number.", "Number."]
    assert phone(flow).hears_out().presses("199#").keyed == [("199", "invalid")]
    for good in ("234#", "9912345#", "0#"):
        assert phone(flow).hears_out().presses(good).ended == "completed"


def test_length_of_the_entry_follows_from_the_pattern(phone: Ring) -> None:
    flow = '[steps.ask]\ndtmf = { pattern = "NXX" }\nthen = { hangup = true }'
    assert phone(flow).presses("234").keyed == [("234", "complete")]


def test_key_branch_needs_no_pattern(phone: Ring) -> None:
    flow = '[steps.ask]\ndtmf = { pattern = "NXX", end_key = "#" }\non = { 0 = { hangup = true } }\nthen = "ask"'
    assert phone(flow).presses("0#").ended == "completed"


# Read-back

CONFIRM = """
    [steps.ask]
    prompt = "Booking number."
    dtmf = { digits = 2 }
    save_as = "booking"
    confirm = "You entered {digits}. Right?"
    then = { say = "Thank you for {booking}.", hangup = true }
"""


def test_entry_is_taken_once_it_is_confirmed(phone: Ring) -> None:
    call = phone(CONFIRM).hears_out().presses("47").hears_out().presses("1")
    assert call.said == ["Booking number.", "You entered 47. Right?", "Thank you for 47."]
    assert call.keyed == [("47", "complete"), ("1", "complete")]


def test_entry_is_asked_again_if_it_is_not_right(phone: Ring) -> None:
    call = phone(CONFIRM).hears_out().presses("47").hears_out().presses("2").hears_out().presses("48").hears_out()
    assert call.presses("1").said[-1] == "Thank you for 48."


def test_confirmation_is_asked_until_retries_are_spent(phone: Ring) -> None:
    call = phone(CONFIRM).hears_out().presses("47").hears_out().presses("9").hears_out().waits(5).hears_out().waits(5)
    assert call.keyed[1:] == [("9", "invalid"), ("", "no_input"), ("", "no_input")]
    assert call.hears_out().ended == "retries_spent"


def test_function_sees_the_entry_last_even_if_it_was_confirmed(phone: Ring) -> None:
    flow = CONFIRM.replace("then =", 'function = "f"\nthen =')
    call = phone(flow, answers={"f": FunctionReply()}).hears_out().presses("47").hears_out().presses("1")
    assert call.requests[0].history[-1].text == "47"


# Keys of the flow

KEYS = """
    [keys]
    "*" = { repeat = true }
    "0" = "operator"
    [opt_out]
    key = "9"
    say = "Your recording is gone."
    [steps.menu]
    prompt = "Menu."
    menu = { 1 = "number", 2 = "hours" }
    [steps.number]
    prompt = "Number."
    dtmf = { digits = 3, collect_while_speaking = true }
    then = { do = "f", goto = "menu" }
    [steps.hours]
    prompt = "Hours."
    then = "menu"
    [steps.operator]
    prompt = "One moment."
    then = { transfer = "555 0100" }
"""


def test_star_repeats_without_counting(phone: Ring) -> None:
    call = phone(KEYS).hears_out()
    for _ in range(5):
        call.presses("*").hears_out()
    assert call.said == ["Menu."] * 6
    assert call.keyed[0] == ("*", "complete")


def test_key_of_the_flow_leads_to_its_step(phone: Ring) -> None:
    assert phone(KEYS).hears_out().presses("0").said == ["Menu.", "One moment."]


def test_digit_of_an_entry_is_no_key_of_the_flow(phone: Ring) -> None:
    call = phone(KEYS, answers={"f": FunctionReply()}).hears_out().presses("1").presses("090")
    assert call.keyed[-1] == ("090", "complete")
    assert not call.has_discarded()


def test_star_ends_an_entry_that_had_begun(phone: Ring) -> None:
    call = phone(KEYS).hears_out().presses("1").presses("47*")
    assert call.keyed[-1] == ("47", "cancelled")
    assert call.said == ["Menu.", "Number.", "Number."]


def test_step_may_do_without_the_keys_of_the_flow(phone: Ring) -> None:
    flow = KEYS.replace("menu = {", "keys = false\nmenu = {")
    assert phone(flow).hears_out().presses("*").keyed == [("*", "invalid")]


def test_opt_out_erases_before_it_is_spoken_back(phone: Ring) -> None:
    call = phone(KEYS).hears_out()
    call.effects.clear()
    call.presses("9")
    shown = [effect for effect in call.effects if isinstance(effect, Discard | Say)]
    assert shown == [Discard(), Say("Your recording is gone."), Say("Menu.")]


def test_opt_out_is_honoured_over_a_prompt_that_cannot_be_interrupted(phone: Ring) -> None:
    call = phone(KEYS).waits(0.5).presses("9")
    assert call.has_discarded()
    assert Hush() in call.effects
    call = phone(KEYS).hears_out().presses("2").presses("9")
    assert call.has_discarded()
    assert call.said[-2:] == ["Your recording is gone.", "Hours."]


def test_opt_out_is_honoured_while_a_function_runs(phone: Ring) -> None:
    call = phone(KEYS, answers={"f": None}).hears_out().presses("1").presses("123").presses("9")
    assert call.has_discarded()
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert call.said[-2:] == ["Your recording is gone.", "Menu."]


def test_opt_out_is_honoured_before_the_start_function_has_returned(phone: Ring) -> None:
    call = phone(KEYS, answers={"start_function": None}).presses("9")
    assert call.has_discarded()
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert call.said == ["Your recording is gone.", "Menu."]


def test_opt_out_is_honoured_in_the_last_words(phone: Ring) -> None:
    call = phone('opt_out.key = "9"\n[steps.a]\nprompt = "Bye."\nthen = { say = "Really.", hangup = true }').waits(3)
    call.presses("9").hears_out()
    assert call.said == ["Bye.", "Really."]
    assert call.has_discarded()
    assert call.ended == "completed"


def test_opt_out_key_means_nothing_before_and_after_the_call(phone: Ring) -> None:
    call = phone('opt_out.key = "9"\n[steps.a]\nthen = { hangup = true }').presses("9")
    assert (call.ended, call.has_discarded()) == ("completed", False)


def test_part_of_an_entry_is_never_an_opt_out(phone: Ring) -> None:
    flow = 'opt_out.key = "*"\n[steps.a]\ndtmf = { digits = 3, end_key = "#" }\non = { "12" = "a", "*1" = "a" }'
    assert not phone(flow).presses("*1").has_discarded()  # here the step uses the key itself
    flow = 'opt_out.key = "1"\n[steps.a]\ndtmf = { digits = 2 }\nthen = "a"'
    assert not phone(flow).presses("1").waits(2).has_discarded()


def test_opt_out_in_mid_entry_keeps_the_digits_as_cancelled(phone: Ring) -> None:
    flow = 'opt_out.key = "*"\n[steps.a]\nprompt = "A."\ndtmf = { digits = 3 }\nthen = "a"'
    call = phone(flow).hears_out().presses("47*")
    assert call.has_discarded()
    assert call.keyed == [("*", "complete"), ("47", "cancelled")]


def test_confirming_key_is_no_opt_out(phone: Ring) -> None:
    call = phone('opt_out.key = "1"' + CONFIRM).hears_out().presses("47").hears_out().presses("1")
    assert not call.has_discarded()


def test_opt_out_of_the_entry_flow_holds_in_flows_without_one(phone: Ring) -> None:
    flows = {"f": 'opt_out.key = "9"\n[steps.a]\nthen = { goto_flow = "g" }', "g": "[steps.b]\nmenu = { 1 = 'b' }"}
    assert phone(flows).presses("9").has_discarded()


# Movements


def test_flow_that_is_called_comes_back(phone: Ring) -> None:
    flows = {
        "f": '[steps.a]\nmenu = { 1 = { call_flow = "g", return_to = "b" } }\n[steps.b]\nprompt = "Back."\ndtmf = {}',
        "g": '[steps.c]\nprompt = "C."\nmenu = { 1 = { return = true }, 2 = { exit_flow = true } }',
    }
    assert phone(flows).presses("1").hears_out().presses("1").dialog.path == ["f.a", "g.c", "f.b"]
    call = phone(flows).presses("1").hears_out().presses("2").hears_out()
    assert (call.dialog.path, call.ended) == (["f.a", "g.c"], "completed")


def test_called_flow_that_has_nothing_left_to_do_comes_back_too(phone: Ring) -> None:
    flows = {
        "f": '[steps.a]\nthen = { call_flow = "g", return_to = "b" }\n[steps.b]\nprompt = "Back."',
        "g": '[steps.c]\nprompt = "C."',
    }
    assert phone(flows).hears_out().dialog.path == ["f.a", "g.c", "f.b"]


def test_flows_cannot_call_each_other_without_end(phone: Ring) -> None:
    call = phone('[steps.a]\nprompt = "A."\nthen = { call_flow = "f", return_to = "a" }').waits(60)
    assert (call.said, call.ended) == (["A."] * 9 + ["Sorry."], "flow_failed")


def test_return_without_a_caller_leaves_the_flow(phone: Ring) -> None:
    assert phone("[steps.a]\nmenu = { 1 = { return = true } }").presses("1").hears_out().ended == "completed"


def test_retry_counts_and_repeat_does_not(phone: Ring) -> None:
    flow = """
        [steps.a]
        prompt = "A."
        dtmf = { retries = 1 }
        on = { 1 = { retry = true }, 2 = { repeat = true }, no_input = { say = "Hm.", retry = true } }
        no_input = "Silence."
        invalid = "Wrong."
    """
    call = phone(flow).hears_out().presses("2").hears_out().presses("2").hears_out().presses("1").hears_out()
    assert call.said == ["A.", "A.", "A.", "Wrong.", "A."]
    assert call.waits(5).said[-3:] == ["Hm.", "Silence.", "A."]
    assert call.hears_out().presses("1").hears_out().ended == "retries_spent"


def test_transfer_flashes_dials_and_hangs_up(phone: Ring) -> None:
    call = phone(KEYS).hears_out().presses("0").waits(3)
    assert [effect for effect in call.effects if isinstance(effect, Flash | Dial)] == [Flash(), Dial("555 0100")]
    assert HangUp("transferred") not in call.effects
    assert call.hears_out().ended == "transferred"


def test_transfer_that_fails_takes_the_failure_path(phone: Ring) -> None:
    flow = '[steps.a]\nmenu = { 1 = { transfer = "5" } }\non_fail = { say = "Nobody there.", hangup = true }'
    call = phone(flow).presses("1")
    call.handle(TransferFailed(call.now, "the line cannot flash"))
    assert call.hears_out().said == ["Sorry.", "Nobody there."]
    assert call.ended == "completed"
    assert call.dialog.notes[0].detail == "the line cannot flash"


def test_transfer_that_fails_leaves_the_flow_by_default(phone: Ring) -> None:
    flows = {"f": '[steps.a]\nmenu = { 1 = { transfer = "5" } }', "g": '[steps.b]\nprompt = "B."'}
    call = phone(flows, main="g").presses("1")
    assert Hush() in call.handle(TransferFailed(call.now, "busy"))  # the tones of the number
    assert call.said == ["Sorry.", "B."]


def test_tone_is_played_after_the_words(phone: Ring) -> None:
    call = phone('[steps.a]\nmenu = { 1 = { tone = "busy", say = "All busy.", hangup = true } }').presses("1")
    shown = [effect for effect in call.effects if isinstance(effect, Say | PlayTone)]
    assert shown == [Say("All busy."), PlayTone("busy")]


# Hours

HOURS = """
    [hours]
    open = ["mon-fri 09:00-17:00"]
    holidays = ["12-25"]
    [steps.a]
    when = "open"
    otherwise = { say = "We are closed.", hangup = true }
    prompt = "Welcome."
    dtmf = {}
"""


def at(clock: str) -> datetime:
    return datetime.fromisoformat(clock)


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        (at("2026-11-23 09:00:00"), "Welcome."),
        (at("2026-11-23 17:00:00"), "We are closed."),
        (at("2026-12-25 12:00:00"), "We are closed."),
        (None, "Welcome."),
    ],
)
def test_step_looks_at_the_hours(phone: Ring, clock: datetime | None, said: str) -> None:
    assert phone(HOURS, clock=clock).said == [said]


def test_hours_go_on_during_the_call(phone: Ring) -> None:
    flow = HOURS.replace("dtmf = {}", "menu = { 1 = 'a' }")
    call = phone(flow, clock=at("2026-11-23 16:59:57")).hears_out().waits(2).presses("1")
    assert call.said == ["Welcome.", "We are closed."]
    assert call.dialog.path == ["f.a"]


def test_step_that_is_passed_over_without_a_movement_leaves_the_flow(phone: Ring) -> None:
    flow = HOURS.replace(", hangup = true", "")
    call = phone(flow, clock=at("2026-11-22 12:00:00")).hears_out()
    assert (call.said, call.ended) == (["We are closed."], "completed")


# Languages


def test_step_sets_the_language_of_all_that_follows(phone: Ring) -> None:
    flow = """
        language = "en"
        [steps.a]
        prompt = { en = "For Spanish, press 2.", es = "hola.wav" }
        menu = { 2 = { language = "es", goto = "b" } }
        [steps.b]
        prompt = { en = "Hello.", es = "Hola." }
        then = { say = { en = "Only English." }, goto = "c" }
        [steps.c]
        prompt = "All {caller}"
        then = { do = "f" }
    """
    call = phone(flow, answers={"f": FunctionReply(says=("Hm",))}).hears_out().presses("2").hears_out()
    effects = [(effect.text, effect.language) for effect in call.effects if isinstance(effect, Say)]
    assert effects[:4] == [
        ("For Spanish, press 2.", "en"),
        ("Hola.", "es"),
        ("Only English.", "en"),
        ("All", "es"),
    ]
    assert call.hears_out().ended == "completed"
    assert [effect.language for effect in call.effects if isinstance(effect, Say) and effect.text == "Hm"] == ["es"]


def test_prompt_without_the_languages_wanted_is_said_in_its_first(phone: Ring) -> None:
    call = phone('[steps.a]\nprompt = { de = "Guten Tag.", fr = "Bonjour." }')
    assert call.effects[-1] == Say("Guten Tag.", None, "de")


# Functions and movements of this sort


def test_function_s_exit_leaves_called_flows_as_well(phone: Ring) -> None:
    def leave(_: FunctionRequest) -> FunctionReply:
        return FunctionReply(move=Move(MoveKind.EXIT))

    flows = {
        "f": '[steps.a]\nthen = { call_flow = "g", return_to = "a" }',
        "g": '[steps.c]\nfunction = "h"',
        "m": '[steps.main]\nprompt = "Main."',
    }
    assert phone(flows, answers={"h": leave}, main="m").dialog.path == ["f.a", "g.c", "m.main"]


def test_function_s_state_is_kept_even_if_the_caller_has_gone(phone: Ring) -> None:
    call = phone('[steps.a]\nfunction = "h"', answers={"h": None}, functions={"f": {"h", "end_function"}}).hangs_up()
    call.handle(FunctionReturned(FunctionReply(state=b"kept"), call.now))
    assert call.dialog.end_request().state == b"kept"


def test_keys_of_the_flow_hold_again_after_an_entry_was_not_confirmed(phone: Ring) -> None:
    flow = 'keys = { "*" = { repeat = true } }' + CONFIRM
    call = phone(flow).hears_out().presses("47").hears_out().presses("2").hears_out().presses("*")
    assert call.said[-2:] == ["Booking number.", "Booking number."]


def test_key_that_answers_a_confirmation_may_be_one_of_the_flow_elsewhere(phone: Ring) -> None:
    flow = (
        'keys = { 2 = "help" }'
        + CONFIRM.replace("digits = 2", "digits = 1")
        + '[steps.help]\nprompt = "Help."\ndtmf = {}'
    )
    call = phone(flow).hears_out().presses("4").hears_out().presses("2").hears_out().presses("2")
    assert call.said[-2:] == ["Booking number.", "Help."]


def test_flow_that_was_left_for_good_is_not_come_back_to(phone: Ring) -> None:
    flows = {
        "f": '[steps.a]\nthen = { call_flow = "g", return_to = "b" }\n[steps.b]\nprompt = "Never."',
        "g": "[steps.c]\nthen = { exit_flow = true }",
        "m": '[steps.main]\nprompt = "Main."',
    }
    call = phone(flows, main="m").hears_out()
    assert (call.said, call.ended) == (["Main.", "Goodbye."], "completed")


def test_key_of_the_flow_holds_where_an_entry_is_confirmed(phone: Ring) -> None:
    flow = 'keys = { 0 = "help", 2 = "help" }' + CONFIRM + '[steps.help]\nprompt = "Help."\ndtmf = {}'
    assert phone(flow).hears_out().presses("47").hears_out().presses("0").said[-1] == "Help."
    assert phone(flow).hears_out().presses("47").hears_out().presses("2").said[-1] == "Booking number."
