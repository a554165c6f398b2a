"""The player says clips without gaps, and never waits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ivrbox.calls.player import FADE, Player
from ivrbox.prompts.clip import Clip


def ramp(length: int, start: int = 1) -> Clip:
    return Clip(np.arange(start, start + length, dtype=np.int16), "")


@given(st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_clips_follow_each_other_without_a_gap(lengths: list[int]) -> None:
    player = Player()
    clips = [ramp(length, 1 + 1000 * index) for index, length in enumerate(lengths)]
    for clip in clips:
        player.say(clip)
    frames = []
    while not player.is_idle:
        frames.append(player.next_frame())
    said = np.concatenate([frame[:filled] for frame, filled in frames])
    assert np.array_equal(said, np.concatenate([clip.samples for clip in clips]))


def test_a_frame_with_nothing_to_say_is_silence() -> None:
    frame, filled = Player().next_frame()
    assert filled == 0
    assert frame.dtype == np.int16
    assert not frame.any()
    assert frame.shape == (160,)


def test_a_clip_in_the_making_holds_back_what_follows_it() -> None:
    player = Player()
    slot = player.reserve()
    player.say(ramp(10, 100))
    assert player.next_frame()[1] == 0
    player.fill(slot, ramp(10, 1))
    frame, filled = player.next_frame()
    assert filled == 20
    assert frame[:20].tolist() == [*range(1, 11), *range(100, 110)]


def test_a_clip_that_could_not_be_made_gives_its_place_up() -> None:
    player = Player()
    slot = player.reserve()
    player.fill(slot, None)
    assert player.is_idle


def test_a_clip_that_comes_after_the_hush_is_not_said() -> None:
    player = Player()
    slot = player.reserve()
    player.hush()
    player.fill(slot, ramp(10))
    assert player.is_idle


def test_a_hushed_clip_fades_within_five_ms_and_is_gone() -> None:
    player = Player()
    player.say(Clip(np.full(1000, 8000, dtype=np.int16), ""))
    player.next_frame()
    player.hush()
    assert player.is_idle
    frame, _ = player.next_frame()
    assert frame[0] == 8000
    assert (np.diff(frame[:FADE].astype(int)) < 0).all()
    assert not frame[FADE:].any()
    assert not player.next_frame()[0].any()


def test_the_next_clip_begins_right_after_the_fade() -> None:
    player = Player()
    player.say(Clip(np.full(1000, 8000, dtype=np.int16), ""))
    player.next_frame()
    player.hush()
    player.say(ramp(10))
    frame, filled = player.next_frame()
    assert filled == FADE + 10
    assert frame[FADE : FADE + 10].tolist() == list(range(1, 11))


def test_a_hush_before_the_first_sample_says_nothing_at_all() -> None:
    player = Player()
    player.say(ramp(1000))
    player.hush()
    assert not player.next_frame()[0].any()
