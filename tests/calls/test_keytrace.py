"""The key trace tells what was heard and refused, but no private key, and nothing after a discard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrbox.calls.keytrace import MOST_LINES, KeyTrace
from ivrbox.dsp.keys import DIGITS, Candidate

if TYPE_CHECKING:
    from random import Random


def candidate(digit: str, onset_s: float, reason: str = "") -> Candidate:
    return Candidate(digit, onset_s, 0.08, -20.1, -19.5, 0.6, 31.0, 0.001, -0.002, accepted=not reason, reason=reason)


def test_taken_and_refused_are_told_in_order_with_their_figures() -> None:
    trace = KeyTrace()
    trace.add([candidate("5", 2.0, "twist 12.1 dB"), candidate("1", 1.0)])
    assert trace.lines() == [
        (1.0, "key 1 (80 ms, -20.1 and -19.5 dBm0, S/N 31 dB)"),
        (2.0, "no key 5: twist 12.1 dB (80 ms, -20.1 and -19.5 dBm0, S/N 31 dB)"),
    ]


@pytest.mark.parametrize(("onset_s", "is_shown"), [(0.999, True), (1.0, False), (1.999, False), (2.0, True)])
def test_private_keys_are_not_told(onset_s: float, is_shown: bool) -> None:  # noqa: FBT001 - a parameter of the test
    trace = KeyTrace()
    trace.hide(8000)
    trace.show(16000)
    trace.add([candidate("7", onset_s), candidate("8", onset_s, "speech-like")])
    words = " ".join(line for _, line in trace.lines())
    assert ("key 7" in words) is is_shown
    assert ("no key 8" in words) is is_shown


@given(st.lists(st.sampled_from(DIGITS), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_neither_levels_nor_times_nor_number_of_private_keys_are_told(digits: list[str], chance: Random) -> None:
    trace = KeyTrace()
    trace.hide(8000)
    for place, digit in enumerate(digits):
        level, noise, length = -chance.uniform(5, 30), chance.uniform(0, 60), chance.random()
        key = candidate(digit, 1 + place * chance.random())
        trace.add([replace(key, row_dbm0=level, snr_db=noise, length_s=length)])
    assert trace.lines() == [(1.0, "private keys ●●●●")]


def test_each_private_step_has_a_line_of_its_own_among_the_others() -> None:
    trace = KeyTrace()
    trace.hide(8000)
    trace.show(16000)
    trace.hide(24000)
    trace.add([candidate("7", 1.5), candidate("8", 2.5), candidate("9", 3.5)])
    assert [words.partition(" (")[0] for _, words in trace.lines()] == [
        "private keys ●●●●",
        "key 8",
        "private keys ●●●●",
    ]


def test_a_private_step_that_lasts_hides_all_that_follows() -> None:
    trace = KeyTrace()
    trace.show(100)  # nothing was hidden: no harm
    trace.hide(8000)
    trace.add([candidate("7", 100.0)])
    assert trace.lines() == [(1.0, "private keys ●●●●")]


def test_after_a_discard_nothing_is_left_and_nothing_is_added() -> None:
    trace = KeyTrace()
    trace.add([candidate("1", 1.0)])
    trace.forget()
    trace.add([candidate("2", 2.0)])
    assert trace.lines() == []


def test_music_cannot_fill_the_record() -> None:
    trace = KeyTrace()
    trace.add(candidate("1", float(second)) for second in range(MOST_LINES + 7))
    assert len(trace.lines()) == MOST_LINES + 1
    assert "7 more candidates were not kept" in [words for _, words in trace.lines()]
