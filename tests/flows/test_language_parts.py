"""The small languages within flows: patterns, hours, texts with values, prompts by language."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from ivrbox.flows.actions import ActionsSpec
from ivrbox.flows.digits import KEYS, DigitSpec
from ivrbox.flows.hours import HoursSpec, holds, span
from ivrbox.flows.message import MessageSpec
from ivrbox.flows.pattern import checked_pattern, longest, matches
from ivrbox.flows.prompt import PromptSpec
from ivrbox.flows.spec import StepSpec
from ivrbox.flows.template import Value, filled, pieces, values_in, without_values, words_of

# Patterns


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("NXX", ["200", "999"], ["199", "20", "2000", "2*0"]),
        ("ZX", ["10", "99"], ["09"]),
        ("0800[1-37*]", ["08001", "08003", "08007", "0800*"], ["08004", "0800#"]),
        ("9.", ["91", "9" * 32, "9*#A"], ["9", "8"]),
        ("9!", ["9", "91"], [""]),
        ("*A#", ["*A#"], ["*B#"]),
        ("[0-9#]", ["#", "5"], ["*"]),
    ],
)
def test_pattern_matches_what_a_dialplan_would(pattern: str, good: list[str], bad: list[str]) -> None:
    assert checked_pattern(pattern) == pattern
    assert [entry for entry in [*good, *bad] if matches(pattern, entry)] == good


@pytest.mark.parametrize(
    "pattern", ["", "x", "N.X", "[", "[]", "[1-", "[-1]", "[9-1]", "[*-#]", "(1)", "1+", "1 2", "X" * 33, "[1--2]"]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        DigitSpec.model_validate({"pattern": pattern})


@pytest.mark.parametrize(("pattern", "most"), [("NXX", 3), ("0[1-3]X", 3), ("9.", 32), ("9!", 32)])
def test_pattern_tells_its_longest_entry(pattern: str, most: int) -> None:
    assert longest(pattern) == most


@given(st.text(KEYS + "XZN.!-[]", min_size=1, max_size=12), st.text(KEYS, max_size=12))
def test_any_pattern_is_refused_or_judges(pattern: str, digits: str) -> None:
    try:
        spec = DigitSpec.model_validate({"pattern": pattern, "min_digits": 0})
    except ValidationError:
        return
    assert matches(spec.pattern[0], digits) in (True, False)
    assert len(digits) <= longest(pattern) or not matches(pattern, digits)


# Hours


@pytest.mark.parametrize(
    ("hours", "open_at", "closed_at"),
    [
        ("mon-fri 09:00-17:00", ["2026-11-23 09:00", "2026-11-27 16:59"], ["2026-11-23 17:00", "2026-11-28 12:00"]),
        ("sat 10:00-13:00", ["2026-11-28 10:00"], ["2026-11-27 10:00"]),
        ("fri-mon 22:00-02:00", ["2026-11-27 22:00", "2026-11-28 01:59", "2026-11-24 01:00"], ["2026-11-27 01:00"]),
        ("mon-sun 00:00-24:00", ["2026-11-25 00:00", "2026-11-25 23:59"], []),
        ("Mon 09:00-24:00", ["2026-11-23 23:59"], ["2026-11-24 00:00"]),
    ],
)
def test_hours_are_open_from_their_first_minute_to_just_before_their_end(
    hours: str, open_at: list[str], closed_at: list[str]
) -> None:
    moments = [datetime.fromisoformat(text) for text in (*open_at, *closed_at)]
    assert [span(hours).covers(moment) for moment in moments] == [True] * len(open_at) + [False] * len(closed_at)


def test_holidays_are_closed_every_year_or_once() -> None:
    hours = HoursSpec.model_validate(
        {"open": ("mon-sun 00:00-24:00",), "holidays": ("12-25", "2026-05-01", date(2027, 1, 2), "02-29")}
    )
    closed = ["2026-12-25", "2031-12-25", "2026-05-01", "2027-01-02", "2028-02-29"]
    assert not any(hours.is_open(datetime.fromisoformat(day)) for day in closed)
    assert hours.is_open(datetime.fromisoformat("2027-05-01"))


def test_conditions_hold_by_the_hours_of_the_flow() -> None:
    hours = HoursSpec(open=("mon-fri 09:00-17:00",), holidays=("12-25",))
    noon, night = datetime.fromisoformat("2026-11-23 12:00"), datetime.fromisoformat("2026-11-23 23:00")
    christmas = datetime.fromisoformat("2026-12-25 12:00")
    assert [holds("open", hours, moment) for moment in (noon, night, christmas)] == [True, False, False]
    assert [holds("closed", hours, moment) for moment in (noon, night, christmas)] == [False, True, True]
    assert [holds("holiday", hours, moment) for moment in (noon, night, christmas)] == [False, False, True]
    assert [holds("mon 20:00-24:00", hours, moment) for moment in (noon, night)] == [False, True]
    assert not holds("holiday", None, christmas)


@pytest.mark.parametrize("moment", [datetime.fromisoformat("2026-01-01 12:00"), 5, "2026-13-01", "1-1", "20261301x"])
def test_what_is_no_holiday_is_refused(moment: Any) -> None:
    with pytest.raises(ValidationError):
        HoursSpec.model_validate({"open": (), "holidays": (moment,)})


# Texts


def test_text_falls_into_pieces_around_its_values() -> None:
    assert pieces("You entered {booking}, press 1.") == ("You entered", Value("booking"), "press 1.")
    assert pieces("{a}, {b}.") == (Value("a"), Value("b"))
    assert pieces("Plain.") == ("Plain.",)
    assert values_in("{a} and {b_2} and { c } and {1}") == ("a", "b_2")
    assert without_values("{a} and { c }") == " and { c }"


def test_text_is_filled_in_as_a_record_shows_it() -> None:
    assert filled("You are {caller}{nobody}.", {"caller": "0301"}) == "You are 0301."


def test_value_is_read_out_key_by_key() -> None:
    assert words_of("+49 1*#A") == ["plus", "4", "9", "1", "star", "pound", "A"]


def test_prompt_has_a_short_form_for_everything() -> None:
    said = TypeAdapter(PromptSpec).validate_python
    assert said("Hello.") == PromptSpec(text="Hello.")
    assert said("hello.wav") == PromptSpec(wav="hello.wav")
    assert said({"text": "Hello.", "wav": "hello.wav"}).words == "Hello."
    assert said("hello.WAV").words == "hello.WAV"
    both = said({"en": "Hello.", "pt-BR": {"wav": "ola.wav"}})
    assert both.in_language("pt-BR", "en") == (PromptSpec(wav="ola.wav"), "pt-BR")
    assert both.in_language("fr", "pt-BR") == (PromptSpec(wav="ola.wav"), "pt-BR")
    assert both.in_language("fr", None) == (PromptSpec(text="Hello."), "en")
    assert said("Hello.").in_language("fr", None) == (PromptSpec(text="Hello."), "fr")


@pytest.mark.parametrize(
    "wrong",
    [
        {"en": {"de": "Hallo."}},
        {"wav": "sub/a.wav"},
        {"wav": "a.mp3"},
        {"wav": ".wav"},
        {"text": "{a}", "wav": "a.wav"},
        (),
    ],
)
def test_what_is_no_prompt_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        PromptSpec.model_validate(wrong)


def test_actions_have_a_short_form_for_a_step() -> None:
    assert ActionsSpec.model_validate("menu") == ActionsSpec(goto="menu")
    assert ActionsSpec.model_validate({"return": True}).movements == ("return",)


@pytest.mark.parametrize(
    ("spec", "digits"),
    [
        ({"dtmf": {"digits": 5}, "on": {"123": "a"}}, 5),
        ({"on": {"123": "a", "no_input": "a"}}, 3),
        ({"menu": {"12": "a"}, "on": {"*": "a"}}, 2),
        ({"dtmf": {"pattern": ("XX", "XXXX")}}, 4),
        ({"dtmf": {}}, 1),
        ({"save_as": "x"}, 1),
    ],
)
def test_most_digits_follow_from_what_a_step_says(spec: dict[str, Any], digits: int) -> None:
    assert StepSpec.model_validate(spec).digits == digits


def test_end_key_may_be_none_in_words() -> None:
    assert DigitSpec.model_validate({"end_key": "none", "cancel_key": ""}) == DigitSpec()


@pytest.mark.parametrize(("keys", "stopping"), [("any", set(KEYS)), ("none", set()), ("*#", {"*", "#"})])
def test_message_tells_which_keys_stop_it(keys: str, stopping: set[str]) -> None:
    assert MessageSpec(stop_keys=keys).stopping == stopping


@pytest.mark.parametrize(
    "wrong",
    [{"stop_keys": "all"}, {"max_length": 0.5}, {"silence": 31.0}, {"review": {"prompt": "?", "keep": "2"}}],
)
def test_what_is_no_message_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MessageSpec.model_validate(wrong)
