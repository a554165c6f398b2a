"""Secret digits out of texts: shown in no disguise, and other numbers left readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrbox.dialog.redaction import redacted
from ivrbox.dialog.turns import DOTS

CARD = "4556737586899855"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"card {CARD}!", f"card {DOTS}!"),
        ("4556 7375 8689 9855", DOTS),
        (str(list("45567375")), f"['{DOTS}']"),
        (f"id 00{CARD}00", f"id {DOTS}"),
        ("ends in 9855", f"ends in {DOTS}"),
        ("begins 45-56", f"begins {DOTS}"),
        (f"int({CARD!r}) of turn 3", f"int('{DOTS}') of turn 3"),
        ("error 404 at 10:31", "error 404 at 10:31"),
        ("no digits at all", "no digits at all"),
    ],
)
def test_a_long_secret_is_hidden_whole_spread_and_in_part(text: str, shown: str) -> None:
    assert redacted(text, [CARD]) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("you pressed 1", f"you pressed {DOTS}"),
        ("line 12, key 1", f"line {DOTS}, key {DOTS}"),
        ("in 2011", "in 2011"),
        ("2:1-2:", f"{DOTS}:"),
    ],
)
def test_a_short_secret_is_hidden_where_it_stands_alone(text: str, shown: str) -> None:
    assert redacted(text, ["12", "1"]) == shown


@pytest.mark.parametrize("secrets", [[], [""], ["ABCD"]])
def test_without_secret_digits_nothing_is_touched(secrets: list[str]) -> None:
    assert redacted("471 and 1", secrets) == "471 and 1"


def test_the_number_of_dots_does_not_tell_the_number_of_digits() -> None:
    assert redacted("12345", ["12345"]) == redacted("123456789", ["123456789"]) == DOTS


@given(
    st.text("0123456789*#", min_size=1, max_size=20),
    st.text(),
    st.text(),
    st.sampled_from(["", " ", "-", ", ", "', '"]),
)
def test_a_secret_never_survives_in_any_company(secret: str, before: str, after: str, gap: str) -> None:
    shown = redacted(f"{before}:{gap.join(secret)}:{after}", [secret])
    assert f":{gap.join(secret)}:" not in shown


@given(st.lists(st.text("0123456789*#", max_size=20)), st.text())
def test_redacting_twice_changes_nothing_more(secrets: list[str], text: str) -> None:
    once = redacted(text, secrets)
    assert redacted(once, secrets) == once
