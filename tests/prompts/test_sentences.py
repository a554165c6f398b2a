"""Text for synthesizers: every telephone key is said, nothing of the text is lost, no part is too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrbox.prompts.sentences import LONGEST, plain, sentences


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Press # to end, * to go back.", "Press hash to end, star to go back."),
        ("Café Müller \N{EM DASH} naïve", "Cafe Muller , naive"),
        ("It\N{RIGHT SINGLE QUOTATION MARK}s  5\N{NO-BREAK SPACE}£", "It's 5 pounds"),
        ("two\nlines\tand\x00more", "two lines and more"),
        ("Straße", "Strasse"),
        ("日本", ""),
    ],
)
def test_plain_text_says_what_was_meant(text: str, said: str) -> None:
    assert plain(text) == said


@given(st.text())
def test_plain_text_is_printable_ascii_on_one_line(text: str) -> None:
    said = plain(text)
    assert said.isascii()
    assert all(char.isprintable() for char in said)
    assert said == said.strip()


@given(st.text("ab .,?A1", max_size=900))
def test_sentences_hold_every_word_and_none_is_too_long(text: str) -> None:
    parts = sentences(plain(text))
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    assert all(0 < len(part) <= LONGEST for part in parts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("Ask Dr. Smith or J. Doe. They know.", ["Ask Dr. Smith or J. Doe.", "They know."]),
        ("Press No. 5. Hold.", ["Press No. 5.", "Hold."]),
        ("Press 1. Or ask the Doc. Bye.", ["Press 1.", "Or ask the Doc.", "Bye."]),
        ("It costs 3.50 in all, e.g. today.", ["It costs 3.50 in all, e.g. today."]),
        ("a" * 300, ["a" * 240, "a" * 60]),
        ("x " * 100 + "end, " + "y " * 60, [("x " * 100 + "end,"), "y " * 60]),
    ],
)
def test_cuts_fall_at_sentence_ends_then_commas_then_blanks(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts
