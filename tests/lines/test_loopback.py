"""The loopback line and the person at its far end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.dsp import tones
from ivrbox.errors import IllegalTransition, LineError
from ivrbox.lines.far_end import RING_EVERY_FRAMES, FarState
from ivrbox.lines.impairments import Impairments
from ivrbox.lines.line import SILENCE, CallerId, RemoteHungUp, Ringing
from ivrbox.lines.loopback import Loopback
from ivrbox.lines.pace import DOZE_FRAMES, Pace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

HELLO = np.arange(1, 161, dtype=np.int16)


@pytest.fixture
def line() -> Iterator[Loopback]:
    with Loopback() as made:
        yield made


def _answered(line: Loopback) -> Loopback:
    line.far.rings()
    line.exchange(None)
    line.answer()
    return line


def _hear(line: Loopback, samples: int) -> Samples:
    frames = [line.exchange(None).frame for _ in range(-(-samples // 160))]
    return np.concatenate(frames)[:samples]


def test_a_clean_line_carries_every_sample_unchanged(line: Loopback, speech: Samples) -> None:
    _answered(line).far.speaks(speech)
    assert np.array_equal(_hear(line, speech.size), speech)
    assert not _hear(line, 320).any()


def test_the_person_hears_what_the_box_says(line: Loopback) -> None:
    _answered(line).exchange(HELLO)
    line.exchange(None)
    line.exchange(2 * HELLO)
    assert np.array_equal(line.far.heard, np.concatenate([HELLO, SILENCE, 2 * HELLO]))


def test_keys_are_tones_with_gaps_at_the_level_asked_for(line: Loopback) -> None:
    _answered(line).far.presses("1#", ms=70, gap_ms=90, level_dbm0=-17, twist_db=2)
    heard = _hear(line, 2 * 160 * 8)
    assert np.array_equal(heard[:560], tones.key("1", ms=70, row_dbm0=-17, twist_db=2))
    assert not heard[560:1280].any()
    assert np.array_equal(heard[1280:1840], tones.key("#", ms=70, row_dbm0=-17, twist_db=2))
    assert line.far.pending == 0


def test_sound_queued_while_ringing_is_heard_from_the_answer_on(line: Loopback) -> None:
    line.far.rings()
    line.far.speaks(HELLO)
    assert not line.exchange(None).frame.any()
    line.answer()
    assert np.array_equal(line.exchange(None).frame, HELLO)


def test_ringing_comes_in_bursts_and_the_number_with_the_first(line: Loopback) -> None:
    line.far.rings("0123", "Ada")
    seen = [line.exchange(None).events for _ in range(2 * RING_EVERY_FRAMES)]
    assert {at: events for at, events in enumerate(seen) if events} == {
        0: (Ringing(), CallerId("0123", "Ada")),
        RING_EVERY_FRAMES: (Ringing(),),
    }


def test_a_caller_who_hides_the_number_has_no_caller_id(line: Loopback) -> None:
    line.far.rings()
    assert line.exchange(None).events == (Ringing(),)


def test_hanging_up_cuts_the_word_short(line: Loopback, speech: Samples) -> None:
    _answered(line).far.speaks(speech)
    line.exchange(None)
    line.far.hangs_up()
    last = line.exchange(None)
    assert last.events == (RemoteHungUp("hangup"),)
    assert not last.frame.any()
    assert line.far.state is FarState.LEFT


def test_a_caller_who_gives_up_stops_ringing(line: Loopback) -> None:
    line.far.rings()
    line.far.hangs_up()
    assert line.exchange(None).events == ()


def test_a_box_that_answers_too_late_finds_nobody(line: Loopback) -> None:
    line.far.rings()
    line.exchange(None)
    line.far.hangs_up()
    line.answer()
    assert [line.exchange(None).events for _ in range(2)] == [(RemoteHungUp("hangup"),), ()]


def test_after_a_call_another_can_come_and_hears_nothing_of_the_first(line: Loopback, speech: Samples) -> None:
    _answered(line).far.speaks(speech)
    line.exchange(HELLO)
    line.hang_up()
    assert line.far.state is FarState.ENDED
    line.far.rings("0123")
    assert line.exchange(None).events == (Ringing(), CallerId("0123"))
    line.answer()
    assert not line.exchange(None).frame.any()
    assert not line.far.heard.any()


def test_what_was_spoken_does_not_change_afterwards(line: Loopback) -> None:
    spoken = HELLO.copy()
    _answered(line).far.speaks(spoken)
    spoken[:] = 0
    assert np.array_equal(line.exchange(None).frame, HELLO)


def test_answering_a_line_that_does_not_ring_is_refused(line: Loopback) -> None:
    with pytest.raises(IllegalTransition, match="cannot be answered in state away; only when ringing or gave_up"):
        line.answer()


def test_ringing_twice_is_refused(line: Loopback) -> None:
    _answered(line)
    with pytest.raises(IllegalTransition, match="cannot ring in state talking"):
        line.far.rings()


def test_speaking_before_calling_is_refused(line: Loopback) -> None:
    with pytest.raises(IllegalTransition, match="must call the box first"):
        line.far.presses("1")


def test_speaking_into_a_dead_line_is_heard_by_nobody(line: Loopback) -> None:
    _answered(line).hang_up()
    line.far.presses("1")
    assert line.far.pending == 0


def test_sound_that_is_not_int16_is_refused(line: Loopback) -> None:
    with pytest.raises(LineError, match="int16 samples in one dimension, not float64"):
        line.far.speaks(np.zeros(10))  # type: ignore[arg-type]


def test_the_clock_counts_every_frame_on_hook_and_off(line: Loopback) -> None:
    _answered(line).exchange(SILENCE)
    assert line.far.clock == 320


def test_a_lost_frame_is_told_and_time_goes_on_at_both_ends(speech: Samples) -> None:
    with Loopback(impairments=Impairments(loss=(False, True, True))) as line:
        _answered(line).far.speaks(speech)
        heard = [line.exchange(HELLO) for _ in range(2)]
        assert [h.lost for h in heard] == [0, 320]
        assert np.array_equal(heard[1].frame, speech[480:640])
        assert np.array_equal(line.far.heard, np.concatenate([HELLO, SILENCE, SILENCE, HELLO]))
        assert line.far.clock == 160 + 4 * 160


def test_an_echo_goes_on_while_frames_are_lost() -> None:
    with Loopback(impairments=Impairments(loss=(False, True), echo_db=0, echo_ms=20)) as line:
        _answered(line).exchange(HELLO)
        assert not line.exchange(None).frame.any()  # the echo of HELLO fell into the lost frame


def test_a_farewell_during_a_lost_frame_is_not_lost() -> None:
    with Loopback(impairments=Impairments(loss=(True, False))) as line:
        _answered(line).far.hangs_up()
        assert line.exchange(None).events == (RemoteHungUp("hangup"),)


def test_another_thread_may_press_keys_while_the_call_goes_on(line: Loopback) -> None:
    _answered(line)
    threads = [threading.Thread(target=line.far.presses, args=("5",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    early = [line.exchange(None).frame for _ in range(20)]
    for thread in threads:
        thread.join()
    heard = np.concatenate([*early, _hear(line, 8 * 1280)])
    key = tones.key("5", ms=80, row_dbm0=-20)
    begins = np.flatnonzero((heard[1:] != 0) & (heard[:-1] == 0)) + 1
    onsets = [at for at in begins if np.array_equal(heard[at - 1 : at - 1 + key.size], key)]
    assert len(onsets) == 8


class _Clock:
    """A clock that only sleeping moves, and the test."""

    def __init__(self) -> None:
        self.now_ns = 1_000
        self.slept: list[float] = []

    def read(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now_ns += round(seconds * 1e9)


def test_the_pace_gives_each_frame_its_20_ms_without_drift() -> None:
    clock = _Clock()
    with Loopback(realtime=True, pace=Pace(clock.read, clock.sleep)) as line:
        _answered(line)
        for _ in range(DOZE_FRAMES - 1):
            line.exchange(None)  # what was dozed ahead on-hook is made up for
        began, clock.slept = clock.now_ns, []
        for busy_ms in (0, 5, 30, 1):
            line.exchange(None)
            clock.now_ns += busy_ms * 1_000_000
        line.exchange(None)
    assert clock.slept == [0.02, 0.02, 0.015, 0.009]  # after the 30 ms one frame is overdue: no wait at all
    assert clock.now_ns == began + 5 * 20_000_000


def test_on_hook_four_frames_go_by_at_one_wait() -> None:
    clock = _Clock()
    with Loopback(realtime=True, pace=Pace(clock.read, clock.sleep)) as line:
        for _ in range(8):
            line.exchange(None)
        assert clock.slept == [0.08, 0.08]
        line.far.rings()
        assert line.exchange(None).events == (Ringing(),)
        line.answer()
        for _ in range(5):
            line.exchange(None)
    assert clock.slept == [0.08, 0.08, 0.08, 0.02, 0.02]  # what was dozed ahead is made up for, and no frame is lost


def test_the_pace_starts_afresh_after_a_stall() -> None:
    clock = _Clock()
    pace = Pace(clock.read, clock.sleep)
    pace.wait()
    clock.now_ns += 3_000_000_000
    pace.wait()
    pace.wait()
    assert clock.slept == [0.02, 0.02, 0.02]


def test_only_a_paced_loopback_claims_real_time() -> None:
    assert Loopback(realtime=True).capabilities.realtime
    assert not Loopback().capabilities.realtime
