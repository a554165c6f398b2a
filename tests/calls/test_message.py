"""Messages: what a caller leaves on purpose, cut where it ends, kept or destroyed as the caller says."""

from __future__ import annotations

import numpy as np
import pytest

from ivrbox.calls.message import MessageTaker, SilenceWatch
from ivrbox.dialog.events import SilenceHeard
from ivrbox.recordings import Recorder, RecordingState, Spool
from ivrbox.units import FRAME_SAMPLES, dbm0_to_amplitude

SILENCE = np.zeros(FRAME_SAMPLES, np.int16)


def voice(seed: int, dbm0: float = -20.0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    noise = np.random.default_rng(seed).normal(0, dbm0_to_amplitude(dbm0) / np.sqrt(2), FRAME_SAMPLES)
    return np.clip(np.rint(noise), -32768, 32767).astype(np.int16)


class Recorders:
    """Makes recorders, and remembers them."""

    def __init__(self) -> None:
        self.made: list[Recorder] = []

    def __call__(self) -> Recorder:
        self.made.append(Recorder(Spool(10, locked=False)))
        return self.made[-1]


def test_a_message_has_every_sample_from_its_beginning_to_its_end() -> None:
    taker = MessageTaker(Recorders())
    sound = np.concatenate([voice(seed) for seed in range(20)])
    for at in range(0, sound.size, FRAME_SAMPLES):
        if at == 5 * FRAME_SAMPLES:
            taker.start(3 * FRAME_SAMPLES + 50, silence=16000)
        taker.push(sound[at : at + FRAME_SAMPLES], at)
    taker.stop(15 * FRAME_SAMPLES + 7)
    taker.keep("box.message")
    (message,) = taker.kept
    message.recorder.end()
    kept = np.concatenate([piece.copy() for piece in message.recorder.content()])
    wanted = sound[3 * FRAME_SAMPLES + 50 : 15 * FRAME_SAMPLES + 7]
    assert np.array_equal(kept[:, 0], wanted)
    assert not kept[:, 1].any(), "the box's own side is no part of it"
    assert message.length_s == pytest.approx(wanted.size / 8000)
    assert message.box == "box.message"


@pytest.mark.parametrize(("left_at", "frames"), [(12, 12), (30, 20), (0, 0)])
def test_what_was_heard_after_the_caller_had_left_is_no_part_of_a_message(left_at: int, frames: int) -> None:
    taker = MessageTaker(Recorders())
    taker.start(0, silence=16000)
    for place in range(20):
        taker.push(voice(place), place * FRAME_SAMPLES)
    taker.far_end_left(left_at * FRAME_SAMPLES)
    taker.stop(20 * FRAME_SAMPLES)
    taker.keep("box.message")
    (message,) = taker.kept
    message.recorder.end()
    assert sum(len(piece) for piece in message.recorder.content()) == frames * FRAME_SAMPLES
    assert message.length_s == frames * FRAME_SAMPLES / 8000


def test_a_dropped_message_is_destroyed() -> None:
    recorders = Recorders()
    taker = MessageTaker(recorders)
    taker.start(0, silence=16000)
    taker.push(voice(1), 0)
    taker.stop(160)
    taker.drop()
    assert recorders.made[0].state is RecordingState.DISCARDED
    assert taker.kept == []


def test_a_second_message_destroys_one_that_was_not_decided_on() -> None:
    recorders = Recorders()
    taker = MessageTaker(recorders)
    taker.start(0, silence=16000)
    taker.start(160, silence=16000)
    taker.stop(320)
    taker.keep("again")
    assert [recorder.state for recorder in recorders.made] == [RecordingState.DISCARDED, RecordingState.OPEN]
    assert len(taker.kept) == 1


def test_what_was_never_begun_can_be_stopped_kept_and_dropped_without_harm() -> None:
    taker = MessageTaker(Recorders())
    taker.stop(100)
    taker.keep("none")
    taker.drop()
    assert taker.kept == []


def silences(frames: list[np.ndarray[tuple[int], np.dtype[np.int16]]], silence: int) -> list[SilenceHeard]:
    watch = SilenceWatch(silence)
    heard = (watch.push(frame, (index + 1) * FRAME_SAMPLES) for index, frame in enumerate(frames))
    return [event for event in heard if event is not None]


def test_silence_after_a_voice_is_told_once_at_its_sample() -> None:
    frames = [voice(seed) for seed in range(10)] + [SILENCE] * 200
    assert silences(frames, 8000) == [SilenceHeard(10 * FRAME_SAMPLES + 8000, spoke=True)]


def test_silence_from_the_start_says_that_nobody_spoke() -> None:
    assert silences([SILENCE] * 100, 8000) == [SilenceHeard(8000, spoke=False)]


@pytest.mark.parametrize("noise_dbm0", [-60.0, -50.0, -42.0])
def test_the_noise_of_the_line_is_no_voice(noise_dbm0: float) -> None:
    hiss = [voice(seed, noise_dbm0) for seed in range(600)]
    talk = [voice(1000 + seed, -22.0) for seed in range(100)]
    events = silences([*hiss, *talk, *hiss], 16000)
    assert events[-1].spoke
    end_of_talk = (len(hiss) + len(talk)) * FRAME_SAMPLES
    assert abs(events[-1].at - end_of_talk - 16000) <= 3 * FRAME_SAMPLES
