"""The tape line: a recorded caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.lines.line import SILENCE, CallerId, RemoteHungUp, Ringing
from ivrbox.lines.tape import Tape

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_the_tape_plays_from_the_answer_then_silence_then_hangs_up(speech: NDArray[np.int16]) -> None:
    with Tape(speech, tail_s=0.06) as tape:
        tape.exchange(None)
        tape.answer()
        heard = [tape.exchange(None) for _ in range(55)]
    sound = np.concatenate([h.frame for h in heard])
    assert np.array_equal(sound[: speech.size], speech)
    assert not sound[speech.size :].any()
    frames_of_tape = 51
    assert [at for at, h in enumerate(heard) if h.events] == [frames_of_tape + 3]
    assert heard[-1].events == (RemoteHungUp("tape_ended"),)


def test_the_caller_is_named_when_known() -> None:
    with Tape(SILENCE, caller="0123") as tape:
        assert tape.exchange(None).events == (Ringing(), CallerId("0123"))


def test_the_tape_waits_while_nobody_answers(speech: NDArray[np.int16]) -> None:
    with Tape(speech, tail_s=0.1) as tape:
        for _ in range(100):
            tape.exchange(None)
        tape.answer()
        assert np.array_equal(tape.exchange(None).frame, speech[:160])


def test_an_empty_tape_is_a_silent_caller() -> None:
    with Tape(np.zeros(0, dtype=np.int16), tail_s=0) as tape:
        tape.exchange(None)
        tape.answer()
        assert tape.exchange(None).events == (RemoteHungUp("tape_ended"),)


def test_what_the_box_said_is_kept_after_the_call(speech: NDArray[np.int16]) -> None:
    with Tape(speech) as tape:
        tape.exchange(None)
        tape.answer()
        tape.exchange(SILENCE)
        tape.exchange(SILENCE + np.int16(7))
    assert np.array_equal(tape.said, np.repeat(np.array([0, 7], dtype=np.int16), 160))


def test_a_call_that_the_box_has_ended_brings_no_farewell() -> None:
    with Tape(SILENCE, tail_s=0.02) as tape:
        tape.exchange(None)
        tape.answer()
        tape.exchange(None)
        tape.hang_up()
        assert not any(tape.exchange(None).events for _ in range(10))


@settings(max_examples=20, deadline=None)
@given(seconds=st.floats(0, 3), length=st.integers(0, 2000))
def test_a_tape_of_any_length_always_ends(seconds: float, length: int) -> None:
    with Tape(np.ones(length, dtype=np.int16), tail_s=seconds) as tape:
        tape.exchange(None)
        tape.answer()
        events = [event for _ in range(200) for event in tape.exchange(None).events]
    assert events == [RemoteHungUp("tape_ended")]


def test_a_long_call_outgrows_the_first_room_of_the_track() -> None:
    with Tape(SILENCE, tail_s=100) as tape:
        tape.exchange(None)
        tape.answer()
        for frame in range(3100):
            tape.exchange(np.full(160, frame, dtype=np.int16))
    assert np.array_equal(tape.said, np.repeat(np.arange(3100, dtype=np.int16), 160))
