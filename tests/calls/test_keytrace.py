"""The key trace tells what was heard and refused, but no private key, and nothing after a discard."""

from __future__ import annotations

import pytest

from ivrbox.calls.keytrace import MOST_LINES, KeyTrace
from ivrbox.dsp.keys import Candidate


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
def test_private_keys_are_dots(onset_s: float, is_shown: bool) -> None:  # noqa: FBT001 - a parameter of the test
    trace = KeyTrace()
    trace.hide(8000)
    trace.show(16000)
    trace.add([candidate("7", onset_s), candidate("8", onset_s, "speech-like")])
    words = " ".join(line for _, line in trace.lines())
    assert ("key 7" in words) is is_shown
    assert ("no key 8" in words) is is_shown


def test_a_private_step_that_lasts_hides_all_that_follows() -> None:
    trace = KeyTrace()
    trace.show(100)  # nothing was hidden: no harm
    trace.hide(8000)
    trace.add([candidate("7", 100.0)])
    assert "7 (" not in trace.lines()[0][1]


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
