"""Calls through a dialog: greeting, steps, functions, failures, and the end of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ivrbox.dialog.effects import Discard, HangUp, Hush, Note, Run, Say
from ivrbox.dialog.events import FunctionReturned, KeyPressed, PromptEnded, Timer, TimerFired
from ivrbox.dialog.functions import FunctionKind, FunctionReply, Move, MoveKind
from ivrbox.errors import FunctionFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.dialog.functions import FunctionRequest

    Ring = Callable[..., Any]

OPT_OUT = {
    "optout": """
        [steps.consent]
        prompt = "To opt out, press 1."
        dtmf = { digits = 1, collect_while_speaking = true }
        function = "continue_conversation"
    """,
    "desk": """
        [steps.menu]
        prompt = "For hours, press 1."
        on = { 1 = { say = "Nine to five.", hangup = true } }
    """,
}
WELCOME = FunctionReply(says=("Hello.",), move=Move(MoveKind.EXIT))

MENU = """
    [steps.menu]
    prompt = "Menu."
    on = { 1 = "hours", 2 = { say = "Here." }, 12 = { hangup = true } }
    no_input = ["Silence.", "Silence again."]
    invalid = "What?"
    [steps.hours]
    prompt = "Hours."
    then = { hangup = true }
"""


# The beginning


def test_greeting_comes_first_and_the_step_follows_without_a_gap(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"start_function": FunctionReply(says=("Welcome.",))})
    assert [effect.text for effect in call.effects if isinstance(effect, Say)] == ["Welcome.", "To opt out, press 1."]


def test_empty_greeting_is_not_played(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"start_function": FunctionReply(says=("",))})
    assert call.said == ["To opt out, press 1."]


def test_start_function_knows_the_caller(phone: Ring) -> None:
    [request] = phone(OPT_OUT, answers={"start_function": FunctionReply()}).requests
    assert (request.kind, request.caller_number, request.current_flow, request.current_step) == (
        FunctionKind.START,
        "0301234",
        "optout",
        "consent",
    )
    assert (request.steps, request.flows, request.history) == (("consent",), ("optout", "desk"), ())


def test_keys_before_the_start_function_has_returned_are_not_taken_but_counted(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"start_function": None, "continue_conversation": WELCOME})
    call.presses("11")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert Note("keys_not_taken", "2 before the start function returned") in call.effects
    call.handle(KeyPressed("1", call.now - 1))  # reported late: it began before the return
    assert call.keyed == []
    assert call.presses("1").keyed == [("1", "complete")]


def test_failing_start_function_costs_an_apology(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"start_function": FunctionFailed("ZeroDivisionError: division by zero")})
    assert call.said == ["Sorry.", "To opt out, press 1."]
    assert Note("function_failed", "start_function: ZeroDivisionError: division by zero") in call.effects


def test_start_function_may_choose_where_the_call_begins(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"start_function": FunctionReply(move=Move(MoveKind.FLOW, "desk"))})
    assert call.dialog.path == ["desk.menu"]


def test_start_function_with_an_unknown_target_is_a_failure(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"start_function": FunctionReply(move=Move(MoveKind.STEP, "nowhere"))})
    assert call.said == ["Sorry.", "To opt out, press 1."]


# The issue's own conversation


def test_opt_out_reaches_the_function_and_then_the_main_flow(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": WELCOME}, main="desk").hears_out().presses("1")
    request = call.requests[-1]
    assert (request.history[-1].role, request.history[-1].text) == ("user", "1")
    assert call.said == ["To opt out, press 1.", "Hello.", "For hours, press 1."]
    assert call.dialog.path == ["optout.consent", "desk.menu"]
    call.hears_out().presses("1").hears_out()
    assert (call.ended, call.said[-1]) == ("completed", "Nine to five.")


def test_silence_is_the_function_s_to_decide(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": WELCOME}, main="desk").hears_out().waits(5)
    assert call.keyed == [("", "no_input")]
    assert call.said[-2:] == ["Hello.", "For hours, press 1."]


def test_call_ends_politely_where_no_main_flow_is_named(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": WELCOME}).presses("1")
    assert not call.ended
    call.hears_out()
    assert (call.ended, call.said[-1]) == ("completed", "Hello.")


def test_call_that_leaves_without_a_word_says_goodbye(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": FunctionReply(move=Move(MoveKind.EXIT))})
    assert call.presses("1").hears_out().said[-1] == "Goodbye."
    assert call.ended == "completed"


# What functions may answer


def test_utterance_without_a_movement_takes_the_place_of_the_prompt(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": FunctionReply(says=("Once more?",))}).presses("1")
    assert call.said == ["To opt out, press 1.", "Once more?"]
    assert call.hears_out().presses("2").keyed == [("1", "complete"), ("2", "complete")]


def test_function_cannot_ask_a_silent_line_for_ever(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": FunctionReply(says=("Are you there?",))})
    call.waits(599)
    assert call.ended == "retries_spent"
    assert call.said.count("Are you there?") == 11


def test_function_that_decides_nothing_leaves_it_to_then(phone: Ring) -> None:
    flow = """
        [steps.a]
        prompt = "A."
        dtmf = {}
        function = "f"
        then = { say = "Thanks.", hangup = true }
    """
    call = phone(flow, answers={"f": FunctionReply()}).hears_out().presses("1").hears_out()
    assert (call.said[-1], call.ended) == ("Thanks.", "completed")


def test_function_that_decides_nothing_at_all_counts_as_a_retry(phone: Ring) -> None:
    flow = '[steps.a]\nprompt = "A."\ndtmf = { retries = 1 }\nfunction = "f"'
    call = phone(flow, answers={"f": FunctionReply()}).hears_out().presses("1").hears_out().presses("1").hears_out()
    assert call.said == ["A.", "A.", "Goodbye."]
    assert call.ended == "retries_spent"


def test_function_may_hang_up_once_it_has_spoken(phone: Ring) -> None:
    answers = {"continue_conversation": FunctionReply(says=("Bye.",), hangup=True)}
    call = phone(OPT_OUT, answers=answers, main="desk").presses("1")
    assert call.ended is None
    assert call.hears_out().ended == "completed"


def test_function_may_go_to_another_flow_and_keep_its_state(phone: Ring) -> None:
    def decide(request: FunctionRequest) -> FunctionReply:
        return FunctionReply(move=Move(MoveKind.STEP, "consent"), state=request.state + b"x")

    call = phone(OPT_OUT, answers={"continue_conversation": decide}).presses("1").presses("1")
    assert [request.state for request in call.requests] == [b"", b"x"]
    assert call.dialog.path == ["optout.consent"] * 3


def test_failing_function_costs_an_apology_and_leaves_the_flow(phone: Ring) -> None:
    failed = FunctionFailed('File "optout.py", line 3: KeyError')
    call = phone(OPT_OUT, answers={"continue_conversation": failed}, main="desk").presses("1")
    assert call.said == ["To opt out, press 1.", "Sorry.", "For hours, press 1."]
    assert call.ended is None


def test_failing_function_with_no_way_out_ends_the_call_as_failed(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": FunctionFailed("x")}).presses("1").hears_out()
    assert (call.said[-1], call.ended) == ("Sorry.", "flow_failed")


def test_failing_function_takes_the_step_s_own_failure_path(phone: Ring) -> None:
    flow = MENU + '[steps.a]\ndtmf = {}\nfunction = "f"\non_fail = "menu"'
    call = phone('start = "a"\n' + flow, answers={"f": FunctionFailed("x")}).presses("1")
    assert call.dialog.path == ["f.a", "f.menu"]
    assert call.said == ["Sorry.", "Menu."]


def test_failure_path_that_fails_itself_ends_the_call(phone: Ring) -> None:
    flow = '[steps.a]\ndtmf = {}\nfunction = "f"\non_fail = { do = "f" }'
    call = phone(flow, answers={"f": FunctionFailed("x")}).presses("1").hears_out()
    assert (call.said, call.ended) == (["Sorry.", "Sorry."], "flow_failed")


def test_failure_path_without_a_movement_ends_the_call(phone: Ring) -> None:
    flow = '[steps.a]\ndtmf = {}\nfunction = "f"\non_fail = { say = "Too bad." }'
    call = phone(flow, answers={"f": FunctionFailed("x")}).presses("1").hears_out()
    assert (call.said, call.ended) == (["Sorry.", "Too bad."], "flow_failed")


def test_function_after_a_prompt_without_keys_runs_when_it_has_been_heard(phone: Ring) -> None:
    flow = '[steps.a]\nprompt = "A."\nfunction = "f"\nthen = { say = "B." }'
    call = phone(flow, answers={"f": FunctionReply()})
    assert call.requests == []
    assert call.hears_out().hears_out().said == ["A.", "B."]
    assert call.ended == "completed"


# Branches


def test_key_leads_to_its_step(phone: Ring) -> None:
    call = phone(MENU).hears_out().presses("1").waits(2)
    assert call.dialog.path == ["f.menu", "f.hours"]
    assert call.keyed == [("1", "timeout_partial")]


def test_longer_of_two_branches_wins(phone: Ring) -> None:
    call = phone(MENU).hears_out().presses("12")
    assert call.keyed == [("12", "complete")]
    assert call.ended == "completed"


def test_branch_without_a_movement_asks_the_step_again(phone: Ring) -> None:
    assert phone(MENU).hears_out().presses("2").said == ["Menu.", "Here.", "Menu."]


def test_key_without_a_branch_is_invalid(phone: Ring) -> None:
    call = phone(MENU).hears_out().presses("9")
    assert call.said == ["Menu.", "What?", "Menu."]
    assert call.keyed == [("9", "invalid")]


def test_silence_and_wrong_keys_are_counted_apart_with_prompts_that_escalate(phone: Ring) -> None:
    call = phone(MENU).hears_out().waits(5).hears_out().presses("9").hears_out().waits(5).hears_out()
    assert call.said == ["Menu.", "Silence.", "Menu.", "What?", "Menu.", "Silence again.", "Menu."]
    call.presses("9").hears_out().waits(5).hears_out()
    assert (call.said[-1], call.ended) == ("Goodbye.", "retries_spent")


def test_good_key_starts_the_counting_afresh(phone: Ring) -> None:
    call = phone(MENU).hears_out()
    for _ in range(3):
        call.presses("9").hears_out().presses("9").hears_out().presses("2").hears_out()
    assert call.ended is None


def test_outcome_may_have_a_branch_of_its_own(phone: Ring) -> None:
    flow = MENU.replace("12 = {", 'no_input = { say = "So quiet.", goto = "hours" }, 12 = {')
    assert phone(flow).hears_out().waits(5).said == ["Menu.", "So quiet.", "Hours."]


def test_branch_of_a_failure_that_goes_nowhere_counts_as_a_retry(phone: Ring) -> None:
    flow = '[steps.a]\nprompt = "A."\non = { no_input = { say = "So quiet." }, complete = { say = "Fine." } }'
    call = phone(flow).hears_out().presses("1").hears_out()
    assert call.said == ["A.", "Fine.", "A."]
    call.waits(5).hears_out().waits(5).hears_out().waits(5).hears_out()
    assert (call.said[-2:], call.ended) == (["So quiet.", "Goodbye."], "retries_spent")


def test_spent_retries_take_the_failure_path(phone: Ring) -> None:
    flow = MENU.replace('invalid = "What?"', 'invalid = "What?"\non_fail = "hours"\ndtmf = { retries = 0 }')
    assert phone(flow).hears_out().presses("9").said == ["Menu.", "Hours."]


def test_entry_with_nothing_left_to_do_leaves_the_flow(phone: Ring) -> None:
    call = phone({"f": '[steps.a]\nprompt = "A."\ndtmf = {}', "g": '[steps.b]\nprompt = "B."'}, main="g")
    call.hears_out().presses("5").hears_out()
    assert (call.dialog.path, call.ended) == (["f.a", "g.b"], "completed")


def test_actions_come_in_their_order_whatever_the_order_in_the_file(phone: Ring) -> None:
    flow = """
        [steps.a]
        on = { 1 = { goto = "b", do = "f", say = "Erased.", discard_recording = true } }
        [steps.b]
        prompt = "B."
    """
    call = phone(flow, answers={"f": FunctionReply(says=("Done.",))})
    call.effects.clear()
    call.presses("1")
    shown = [type(effect) for effect in call.effects if isinstance(effect, Discard | Say | Run)]
    assert shown == [Discard, Say, Run, Say, Say]
    assert call.said == ["Erased.", "Done.", "B."]


def test_movement_of_a_function_wins_over_the_one_beside_it(phone: Ring) -> None:
    flow = '[steps.a]\non = { 1 = { do = "f", goto = "b" } }\n[steps.b]\nprompt = "B."\n[steps.c]\nprompt = "C."'
    answers = {"f": FunctionReply(move=Move(MoveKind.STEP, "c"))}
    assert phone(flow, answers=answers).presses("1").said == ["C."]


def test_flow_may_go_to_another(phone: Ring) -> None:
    flows = {"f": '[steps.a]\non = { 1 = { goto_flow = "g" }, 2 = { exit_flow = true } }', "g": "[steps.b]\ndtmf = {}"}
    assert phone(flows).presses("1").dialog.path == ["f.a", "g.b"]
    assert phone(flows, main="g").presses("2").dialog.path == ["f.a", "g.b"]


def test_loop_of_steps_without_a_word_is_broken(phone: Ring) -> None:
    call = phone('[steps.a]\nthen = { goto = "b" }\n[steps.b]\nthen = { goto = "a" }').hears_out()
    assert (call.said, call.ended) == (["Sorry."], "flow_failed")
    assert any(note.what == "loop" for note in call.dialog.notes)


def test_loop_of_functions_without_a_word_is_broken(phone: Ring) -> None:
    call = phone('[steps.a]\nthen = { do = "f", goto = "a" }', answers={"f": FunctionReply()}).hears_out()
    assert (call.said, call.ended) == (["Sorry."], "flow_failed")


# Typing ahead (rules 4 and 5)

AHEAD = """
    [steps.a]
    prompt = "A."
    dtmf = { digits = 2, end_key = "#", collect_while_speaking = true }
    then = "b"
    [steps.b]
    prompt = "B."
    dtmf = { digits = 3, collect_while_speaking = true }
    then = "c"
    [steps.c]
    prompt = "C."
    dtmf = { digits = 1 }
    then = "b"
"""


def test_key_over_the_prompt_stops_it_at_once(phone: Ring) -> None:
    call = phone(AHEAD).waits(0.5)
    assert call.handle(KeyPressed("1", call.now))[0] == Hush()


def test_keys_typed_while_a_function_runs_are_kept_for_the_next_step(phone: Ring) -> None:
    flow = AHEAD.replace('then = "b"', 'then = { do = "f", goto = "b" }', 1)
    call = phone(flow, answers={"f": None}).presses("12").presses("345", gap_s=0.1)
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert call.keyed == [("12", "complete"), ("345", "complete")]
    assert call.said == ["A.", "C."]  # a buffered entry that suffices skips the prompt


def test_buffered_keys_that_do_not_suffice_run_the_inter_digit_timer(phone: Ring) -> None:
    flow = AHEAD.replace('then = "b"', 'then = { do = "f", goto = "b" }', 1)
    call = phone(flow, answers={"f": None}).presses("1234")
    call.waits(4)
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert call.said == ["A."]
    call.waits(1.99)
    assert call.keyed == [("12", "complete")]
    call.waits(0.01)
    assert call.keyed == [("12", "complete"), ("34", "timeout_partial")]


def test_step_that_cannot_be_interrupted_flushes_what_was_typed_ahead(phone: Ring) -> None:
    flow = AHEAD.replace('then = "b"', 'then = { do = "f", goto = "c" }', 1)
    call = phone(flow, answers={"f": None}).presses("123")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    call.hears_out().presses("5")
    assert call.keyed == [("12", "complete"), ("5", "complete")]
    assert call.said == ["A.", "C.", "B."]


@pytest.mark.parametrize(("keys", "outcome"), [("#5", "no_input"), ("95", "invalid"), ("4#5", "too_short")])
def test_buffer_is_flushed_on_a_failure(phone: Ring, keys: str, outcome: str) -> None:
    flow = f"""
        [steps.a]
        dtmf = {{ collect_while_speaking = true }}
        then = {{ do = "f", goto = "b" }}
        [steps.b]
        dtmf = {{ digits = 2, min_digits = 2, end_key = "#", collect_while_speaking = true }}
        on = {{ "11" = "a", {outcome} = {{ goto = "b" }} }}
    """
    if outcome == "invalid":
        flow = flow.replace("digits = 2, min_digits = 2", "digits = 1")
    call = phone(flow, answers={"f": None})
    call.presses("1").waits(1).presses(keys)
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert [keyed[1] for keyed in call.keyed] == ["complete", outcome]
    assert call.waits(4.9).keyed[2:] == []  # the key after the failure is gone: the next entry has not begun


def test_retry_flushes_the_buffer(phone: Ring) -> None:
    flow = """
        [steps.a]
        dtmf = { collect_while_speaking = true }
        on = { 1 = { do = "f", retry = true }, 2 = { hangup = true } }
    """
    call = phone(flow, answers={"f": None}).presses("12")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert (call.keyed, call.ended) == ([("1", "complete")], None)


def test_announcement_flushes_what_was_typed_ahead(phone: Ring) -> None:
    flow = """
        [steps.a]
        dtmf = { collect_while_speaking = true }
        then = { do = "f", goto = "b" }
        [steps.b]
        prompt = "B."
        then = "c"
        [steps.c]
        prompt = "C."
        dtmf = { collect_while_speaking = true }
        then = { hangup = true }
    """
    call = phone(flow, answers={"f": None}).presses("12")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert call.hears_out().said == ["B.", "C."]
    assert call.keyed == [("1", "complete")]


def test_keys_after_a_step_that_does_not_collect_while_speaking_are_not_kept(phone: Ring) -> None:
    flow = """
        [steps.a]
        then = { do = "f", goto = "b" }
        dtmf = {}
        [steps.b]
        dtmf = { collect_while_speaking = true }
        then = { hangup = true }
    """
    call = phone(flow, answers={"f": None}).presses("12")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert (call.keyed, call.ended) == ([("1", "complete")], None)


def test_key_typed_ahead_and_still_held_starts_its_timer_when_it_is_released(phone: Ring) -> None:
    flow = AHEAD.replace('then = "b"', 'then = { do = "f", goto = "b" }', 1)
    call = phone(flow, answers={"f": None}).presses("12").goes_down("3")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    call.waits(3).goes_up("3").waits(1.99)
    assert call.keyed == [("12", "complete")]
    assert call.waits(0.01).keyed[-1] == ("3", "timeout_partial")


def test_function_may_ask_again_for_as_long_as_keys_come(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": FunctionReply(says=("And then?",))})
    for _ in range(30):
        call.presses("5")
    assert call.ended is None
    assert len(call.keyed) == 30


def test_thirty_keys_are_kept_at_most(phone: Ring) -> None:
    flow = """
        [steps.a]
        dtmf = { digits = 1, collect_while_speaking = true }
        then = { do = "f", goto = "b" }
        [steps.b]
        dtmf = { digits = 32, collect_while_speaking = true }
    """
    call = phone(flow, answers={"f": None}).presses("1").presses("2" * 31, hold_s=0.05, gap_s=0.05)
    assert [note.what for note in call.dialog.notes] == ["typed_ahead_too_far"]
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert call.waits(2).keyed[-1] == ("2" * 30, "timeout_partial")


@pytest.mark.parametrize(("gap_s", "leaked"), [(0.79, False), (0.81, True), (0.8, True)])
def test_end_key_by_habit_is_not_leaked_to_the_next_step(phone: Ring, gap_s: float, *, leaked: bool) -> None:
    call = phone(AHEAD).presses("1").goes_down("2").waits(0.1).goes_up("2").waits(gap_s)
    call.goes_down("#").waits(0.1).goes_up("#").presses("345")
    assert call.keyed[-1] == (("#34" if leaked else "345"), "complete")


def test_end_key_that_overlaps_the_last_digit_is_swallowed(phone: Ring) -> None:
    call = phone(AHEAD).waits(1.5).presses("1").goes_down("2").waits(0.02).goes_down("#").waits(0.1).goes_up("#")
    assert call.presses("345").keyed[-1] == ("345", "complete")


def test_only_one_end_key_is_swallowed(phone: Ring) -> None:
    assert phone(AHEAD).presses("12##34").keyed[-1] == ("#34", "complete")


def test_end_key_after_another_key_is_not_swallowed(phone: Ring) -> None:
    assert phone(AHEAD).presses("123#4").keyed[-1] == ("3#4", "complete")


def test_end_key_typed_ahead_by_habit_is_swallowed_too(phone: Ring) -> None:
    flow = '[steps.z]\ndtmf = { collect_while_speaking = true }\nthen = { do = "f", goto = "a" }' + AHEAD
    call = phone(flow, answers={"f": None}).presses("9").presses("12#345")
    call.handle(FunctionReturned(FunctionReply(), call.now))
    assert call.keyed == [("9", "complete"), ("12", "complete"), ("345", "complete")]


# The end


def test_hang_up_in_mid_entry_keeps_the_digits_so_far(phone: Ring) -> None:
    call = phone(AHEAD).presses("1").hangs_up()
    assert call.keyed == [("1", "hangup")]


def test_hang_up_while_a_function_runs_leaves_no_second_turn(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": None}).presses("1").hangs_up()
    assert call.keyed == [("1", "complete")]
    assert call.handle(FunctionReturned(WELCOME, call.now)) == []


def test_call_has_a_hard_length_cap(phone: Ring) -> None:
    call = phone(MENU, max_call_s=6).waits(5)
    assert call.ended is None
    call.handle(TimerFired(Timer.CALL_LENGTH, 6 * 8000))
    assert call.said[-1] == "Goodbye."
    assert [effect for effect in call.effects if isinstance(effect, HangUp)] == []
    assert call.handle(PromptEnded(8 * 8000)) == [HangUp("too_long")]


def test_keys_in_the_last_words_change_nothing(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": WELCOME}).presses("1").presses("5")
    assert call.keyed == [("1", "complete")]
    assert call.hears_out().ended == "completed"


def test_nothing_happens_after_the_end(phone: Ring) -> None:
    call = phone(MENU).hears_out().presses("12")
    assert call.handle(KeyPressed("1", call.now)) == []
    assert call.handle(PromptEnded(call.now)) == []


def test_end_function_is_offered_where_the_entry_flow_has_one(phone: Ring) -> None:
    assert phone(OPT_OUT, functions={"optout": set()}).dialog.end_request() is None
    dialog = phone(OPT_OUT, functions={"optout": {"end_function"}}).hangs_up().dialog
    request = dialog.end_request()
    assert (request.kind, request.name, request.source.name) == (FunctionKind.END, "end_function", "optout.py")
    assert request.history[-1].outcome == "hangup"


def test_key_over_the_greeting_stops_it_and_is_the_first_digit(phone: Ring) -> None:
    answers = {"start_function": FunctionReply(says=("Welcome.",)), "continue_conversation": WELCOME}
    call = phone(OPT_OUT, answers=answers, main="desk").waits(0.5)
    assert call.handle(KeyPressed("1", call.now))[0] == Hush()
    assert call.keyed == [("1", "complete")]


def test_keys_before_a_start_function_that_answers_too_late_are_not_noted(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"start_function": None}, functions={"optout": {"start_function", "end_function"}})
    call.presses("1").hangs_up()
    assert call.handle(FunctionReturned(FunctionReply(state=b"kept"), call.now)) == []
    assert call.dialog.end_request().state == b"kept"


def test_key_reported_after_a_step_s_function_has_returned_is_taken(phone: Ring) -> None:
    call = phone(OPT_OUT, answers={"continue_conversation": FunctionReply(says=("And then?",))}).waits(1).presses("1")
    call.handle(KeyPressed("5", call.now - 1700))  # it began before the function returned
    assert call.keyed == [("1", "complete"), ("5", "complete")]


def test_call_that_is_too_long_is_told_so_in_mid_sentence(phone: Ring) -> None:
    call = phone(MENU, max_call_s=1).waits(1)
    assert Hush() in call.effects
    assert call.said == ["Menu.", "Goodbye."]


def test_caller_may_go_round_for_as_long_as_keys_are_pressed(phone: Ring) -> None:
    call = phone('[steps.a]\nmenu = { 1 = "b" }\n[steps.b]\nmenu = { 1 = "a" }')
    for _ in range(120):
        call.presses("1")
    assert (call.ended, len(call.dialog.path)) == (None, 121)
