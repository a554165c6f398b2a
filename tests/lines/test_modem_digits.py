"""One press, one digit, whatever the modem's detector makes of it."""

from __future__ import annotations

import pytest

from ivrbox.lines.modem_digits import Presses


def _digits(codes: str, *, every_ms: float = 70, held_ms: float = 0) -> str:
    presses = Presses(held_ms)
    return "".join(presses.push(code, number * every_ms) or "" for number, code in enumerate(codes))


@pytest.mark.parametrize(
    ("codes", "digits"),
    [
        ("/1~", "1"),
        ("/11111~", "1"),
        ("/1~/1~", "11"),
        ("/1~/2~/#~/*~/D~", "12#*D"),
        ("/12~", "12"),  # a second key while the first is held is a press of its own
        ("/1/1~", "11"),  # the end mark was lost
        ("123", "123"),
        ("11", "11"),  # one code a press, without marks
        ("~~/~", ""),
        ("/xq1~", "1"),
    ],
)
def test_codes_become_presses(codes: str, digits: str) -> None:
    assert _digits(codes) == digits


def test_a_modem_that_repeats_without_marks_is_told_apart_by_time() -> None:
    assert _digits("1111", every_ms=70, held_ms=100) == "1"
    assert _digits("1111", every_ms=150, held_ms=100) == "1111"


def test_a_group_whose_end_was_lost_swallows_nothing_later() -> None:
    presses = Presses()
    assert [presses.push(code, ms) for code, ms in (("/", 0), ("1", 0), ("1", 70), ("1", 900))] == [
        None,
        "1",
        None,
        "1",
    ]


def test_a_key_held_while_the_modem_turns_over_is_one_press() -> None:
    presses = Presses()
    assert [presses.push("/", 0), presses.push("1", 0)] == [None, "1"]
    presses.turned_over(200)
    assert [presses.push("/", 260), presses.push("1", 260), presses.push("1", 330)] == [None, None, None]
    assert [presses.push("~", 340), presses.push("/", 400), presses.push("1", 400)] == [None, None, "1"]


def test_the_same_key_pressed_anew_while_the_modem_turns_over_is_two_presses() -> None:
    presses = Presses()
    told = [presses.push(code, ms) for code, ms in (("/", 0), ("1", 0), ("~", 50))]
    presses.turned_over(200)
    assert [*told, presses.push("/", 260), presses.push("1", 260)] == [None, "1", None, None, "1"]


def test_another_key_right_after_turning_over_is_heard() -> None:
    presses = Presses()
    presses.push("1", 0)
    presses.turned_over(150)
    assert presses.push("2", 200) == "2"


def test_a_modem_without_marks_does_not_tell_a_held_key_twice_after_turning_over() -> None:
    presses = Presses()
    assert presses.push("1", 0) == "1"
    presses.turned_over(150)
    assert presses.push("1", 210) is None
    assert presses.push("1", 500) == "1"
