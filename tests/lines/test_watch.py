"""Promises of the weighing: who is gone is found gone, once; who is there never is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.dsp import tones
from ivrbox.lines.countries import country
from ivrbox.lines.line import SILENCE
from ivrbox.lines.watch import LOOK_FRAMES, FarEndWatch, WatchRules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ivrbox.lines.line import RemoteHungUp

    Samples = NDArray[np.int16]

LOOK = LOOK_FRAMES * 160
BUSY = tones.busy(8, hertz=(425,), cadence_s=(0.48, 0.48))
SPEECH = np.random.default_rng(2).normal(0, 2000, 40 * 8000).astype(np.int16)


def verdicts(
    watch: FarEndWatch, heard: Samples, said: Samples | None = None, *, flows: bool = True
) -> list[tuple[int, RemoteHungUp]]:
    """Each verdict with the sample after which it came."""
    found = []
    for start in range(0, heard.size - 159, 160):
        frame = SILENCE if said is None else said[start : start + 160]
        broken_ms = 0 if flows else start / 8 + 20
        verdict = watch.push(heard[start : start + 160], frame, loop_broken_ms=broken_ms)
        if verdict:
            found.append((start + 160, verdict))
    return found


@pytest.fixture
def watch() -> FarEndWatch:
    return FarEndWatch(country("de"))


def test_busy_tone_is_the_end_and_its_whole_length_is_the_tail(watch: FarEndWatch) -> None:
    [(at, verdict)] = verdicts(watch, np.concatenate([SPEECH[:16000], BUSY]))
    assert verdict.reason == "busy_tone"
    assert "425 Hz 480/480 ms" in verdict.evidence
    assert abs(at - verdict.tail_samples - 16000) < 400
    assert at - 16000 < 3 * 7680 + LOOK + 400  # as the fourth burst begins: three cycles are enough


def test_a_steady_dial_tone_is_the_end_after_five_seconds() -> None:
    dial_tone = tones.sines([(350, -16), (440, -16)], 7 * 8000)
    [(at, verdict)] = verdicts(FarEndWatch(country("us")), np.concatenate([SPEECH[:16000], dial_tone]))
    assert verdict.reason == "dial_tone"
    assert 0 <= at - 16000 - 5 * 8000 < LOOK + 400


def test_three_cycles_and_no_fewer(watch: FarEndWatch) -> None:
    two_and_a_half = np.concatenate([BUSY[: round(2.5 * 0.96 * 8000)], SPEECH[:8000]])
    assert verdicts(watch, two_and_a_half) == []


def test_a_broken_loop_is_the_end(watch: FarEndWatch) -> None:
    verdicts(watch, SPEECH[:8000])
    [(at, verdict)] = verdicts(watch, SPEECH[:4000], flows=False)
    assert (verdict.reason, at, verdict.tail_samples) == ("loop_break", 1600, 1600)


def test_a_short_break_of_the_loop_is_normal(watch: FarEndWatch) -> None:
    verdicts(watch, SPEECH[:8000])
    assert verdicts(watch, SPEECH[:1440], flows=False) == []
    assert verdicts(watch, SPEECH[:8000]) == []


def test_the_loop_may_settle_after_the_answer(watch: FarEndWatch) -> None:
    assert verdicts(watch, SPEECH[:5200], flows=False) == []


def test_silence_is_the_last_resort(watch: FarEndWatch) -> None:
    [(at, verdict)] = verdicts(watch, np.concatenate([SPEECH[:8000], np.zeros(35 * 8000, np.int16)]))
    assert verdict.reason == "silence"
    assert 0 <= at - 31 * 8000 < LOOK


def test_a_card_that_adds_a_constant_hears_silence_too(watch: FarEndWatch) -> None:
    [(_, verdict)] = verdicts(watch, np.full(35 * 8000, 120, np.int16))
    assert verdict.reason == "silence"


def test_a_caller_who_listens_to_a_long_prompt_is_there(watch: FarEndWatch) -> None:
    assert verdicts(watch, np.zeros(40 * 8000, np.int16), SPEECH) == []


def test_the_echo_of_a_prompt_that_is_repeated_to_nobody_is_no_sign_of_life(watch: FarEndWatch) -> None:
    round_ = np.concatenate([SPEECH[: 4 * 8000], np.zeros(6 * 8000, np.int16)])
    said = np.tile(round_, 8)
    echo = np.concatenate([np.zeros(800, np.int16), said[:-800] // 4])
    [(at, verdict)] = verdicts(watch, echo, said)
    assert verdict.reason == "silence"
    assert 30 <= at / 8000 <= 62


def test_silence_can_be_told_not_to_count() -> None:
    patient = FarEndWatch(country("de"), WatchRules(silence_s=0))
    assert verdicts(patient, np.zeros(40 * 8000, np.int16)) == []


def test_a_reversal_alone_is_no_end_but_makes_the_silence_after_it_short(watch: FarEndWatch) -> None:
    assert verdicts(watch, SPEECH[: 3 * 8000]) == []
    watch.reversal()
    assert verdicts(watch, SPEECH[: 5 * 8000]) == []
    [(at, verdict)] = verdicts(watch, np.zeros(20 * 8000, np.int16))
    assert 0 <= at - 15 * 8000 < LOOK
    assert "polarity reversed (weight 0.50); silence for 15 s (weight 0.50)" in verdict.evidence


def test_a_reversal_of_long_ago_says_nothing(watch: FarEndWatch) -> None:
    assert verdicts(watch, SPEECH[: 3 * 8000]) == []
    watch.reversal()
    assert verdicts(watch, np.concatenate([SPEECH, SPEECH])) == []
    [(at, _)] = verdicts(watch, np.zeros(40 * 8000, np.int16))
    assert 0 <= at - 30 * 8000 < LOOK


def test_the_reversal_that_marks_the_answer_is_not_counted(watch: FarEndWatch) -> None:
    verdicts(watch, SPEECH[:8000])
    watch.reversal()
    assert verdicts(watch, np.zeros(20 * 8000, np.int16)) == []


@pytest.mark.parametrize("echo", [2, 5])
def test_our_own_busy_prompt_does_not_end_the_call(watch: FarEndWatch, echo: int) -> None:
    said = np.concatenate([BUSY, SPEECH[:16000]])
    assert verdicts(watch, said // echo, said) == []


def test_a_tone_with_a_hole_in_it_begins_again_behind_the_hole(watch: FarEndWatch) -> None:
    before = verdicts(watch, BUSY[: 2 * 7680])
    watch.push(SILENCE, SILENCE, lost=160)
    [(at, _)] = verdicts(watch, BUSY)
    assert (before, at > 2.5 * 7680) == ([], True)


@pytest.mark.parametrize("frames", range(1, LOOK_FRAMES))
def test_what_was_heard_last_is_no_part_of_the_next_call(frames: int) -> None:
    fresh, used = FarEndWatch(country("de")), FarEndWatch(country("de"))
    verdicts(used, BUSY[: frames * 160])
    used.answered()
    assert verdicts(used, BUSY) == verdicts(fresh, BUSY)


def test_lost_samples_are_time_and_break_a_cadence(watch: FarEndWatch) -> None:
    verdicts(watch, BUSY[: 2 * 7680])
    lost = 7680  # a whole cycle: what follows goes on as if nothing had been missed
    watch.push(BUSY[2 * 7680 : 2 * 7680 + 160], SILENCE, lost=lost)
    assert verdicts(watch, BUSY[2 * 7680 + 160 : 4 * 7680]) == []


def test_each_call_is_weighed_afresh(watch: FarEndWatch) -> None:
    assert len(verdicts(watch, BUSY)) == 1
    watch.answered()
    assert verdicts(watch, BUSY[: 2 * 7680]) == []
    watch.answered()
    assert verdicts(watch, BUSY[2 * 7680 : 4 * 7680]) == []
    assert len(verdicts(watch, BUSY)) == 1
