"""Promises of the cushion, on a card whose buffer is a number: no lasting delay, no gap that returns, no word lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrbox.lines.sound_cushion import LOOK_FRAMES, Cushion

FRAME = 960
SILENCE, SOUND = bytes(1920), b"\1\2" * 960
LONG = 3 * LOOK_FRAMES


class Card:
    """A buffer of so many frames behind a cushion; a period is played for each one that is said."""

    def __init__(self, room: int = 6, frames: int = 1) -> None:
        self.room, self.frames = room * FRAME, frames
        self.cushion = Cushion(self.room, FRAME, frames)
        self.filled = 0
        self.written = b""

    def takes(self, *said: bytes, piles_up: bool = False) -> None:
        """Write one period, made of these frames, and play nothing."""
        shaped = self.cushion.shape(b"".join(said), self.filled, piles_up=piles_up)
        self.written += shaped
        self.filled = min(self.room, self.filled + len(shaped) // 2)

    def runs(self, *said: bytes, periods: int) -> None:
        """So many periods like this one, and as many played."""
        for _ in range(periods):
            self.takes(*said)
            self.filled = max(0, self.filled - self.frames * FRAME)

    @property
    def delay(self) -> float:
        """What lies in the buffer, in frames."""
        return self.filled / FRAME


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_a_period_of_silence_goes_before_the_first(frames: int) -> None:
    card = Card(12, frames)
    card.runs(*[SOUND] * frames, periods=2)
    assert card.written == SILENCE * frames + SOUND * 2 * frames
    assert card.delay == frames


def test_silence_is_in_as_many_channels_as_the_period() -> None:
    card = Card()
    card.takes(SOUND + SOUND)
    assert card.written == (SILENCE + SILENCE) + (SOUND + SOUND)


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_delay_that_is_not_needed_goes_in_the_next_silence_all_at_once(frames: int) -> None:
    card = Card(20, frames)
    card.runs(*[SOUND] * frames, periods=1)
    card.filled += 2 * FRAME
    card.runs(*[SOUND] * frames, periods=LONG)
    assert card.delay == frames + 2
    card.runs(*[SILENCE] * frames, periods=2)
    assert (card.delay, card.cushion.underruns) == (frames, 0)


def test_delay_is_borne_for_half_a_second() -> None:
    card = Card()
    card.runs(SOUND, periods=1)
    card.filled += FRAME
    card.runs(SILENCE, periods=LOOK_FRAMES - 1)
    assert card.delay == 2
    card.runs(SILENCE, periods=1)
    assert card.delay == 1


def test_of_a_period_only_the_silent_frames_are_left_out() -> None:
    card = Card(12, 2)
    card.runs(SOUND, SOUND, periods=1)
    card.filled += 2 * FRAME
    card.runs(SOUND, SILENCE, periods=LONG)
    assert card.delay == 2
    assert card.written.count(SOUND) == LONG + 2
    assert len(card.written) == (2 * (LONG + 1) + 2 - 2) * len(SILENCE)


def test_what_is_said_is_never_left_out() -> None:
    card = Card()
    card.runs(SOUND, periods=1)
    card.filled += 3 * FRAME
    card.runs(SOUND, periods=LONG)
    assert card.delay == 4
    assert card.written == SILENCE + SOUND * (LONG + 1)


def test_a_cushion_that_is_thin_at_times_is_kept() -> None:
    card = Card()
    card.runs(SOUND, periods=1)
    card.filled += FRAME
    for _ in range(10):
        card.runs(SILENCE, periods=LOOK_FRAMES - 5)
        card.filled -= FRAME
        card.runs(SILENCE, periods=1)
        card.filled += FRAME
    assert card.delay == 2


def test_silence_that_piles_up_is_left_out_at_once() -> None:
    card = Card()
    card.runs(SOUND, periods=3)
    card.takes(SOUND)
    card.takes(SILENCE, piles_up=True)
    assert card.delay == 2
    card.takes(SOUND, piles_up=True)
    assert card.delay == 3


@pytest.mark.parametrize(("held_up", "filled"), [(0, 2), (1, 0), (3, 0)])
def test_after_a_gap_what_was_held_up_comes_first(held_up: int, filled: int) -> None:
    card = Card()
    card.runs(SOUND, periods=10)
    card.filled = 0
    card.takes(SOUND)
    card.filled = held_up * FRAME
    card.written = b""
    card.takes(SOUND)
    assert card.written == SILENCE * filled + SOUND
    assert card.cushion.underruns == 1


def test_after_a_gap_the_next_pause_fills_what_is_still_missing() -> None:
    card = Card()
    card.runs(SOUND, periods=10)
    card.filled = 0
    card.takes(SOUND)
    card.runs(SOUND, periods=10)
    assert card.delay == 1
    card.runs(SILENCE, periods=1)
    assert card.delay == 2
    card.runs(SILENCE, periods=LONG)
    assert (card.delay, card.cushion.underruns) == (2, 1)


def test_each_gap_makes_the_cushion_thicker_till_a_period_fills_the_rest() -> None:
    card = Card(room=5, frames=2)
    wanted = []
    for _ in range(4):
        card.runs(SILENCE, SILENCE, periods=5)
        wanted.append(card.delay)
        card.filled = 0
    assert (wanted, card.cushion.underruns) == ([2, 3, 3, 3], 3)


def test_a_card_that_keeps_nothing_is_given_what_is_said_and_no_more() -> None:
    card = Card()
    for _ in range(10):
        card.takes(SOUND)
        card.filled = 0
    assert (card.cushion.underruns, card.written) == (0, SILENCE + 10 * SOUND)


@given(
    st.sampled_from([1, 2, 4]),
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 9)), max_size=120),
)
def test_whatever_the_card_does_all_that_is_said_is_written_in_order(
    frames: int, moments: list[tuple[bool, bool, int]]
) -> None:
    card = Card(3 * frames, frames)
    said = b""
    for number, (is_said, piles_up, played) in enumerate(moments):
        frame = bytes([number + 1, 1]) * FRAME if is_said else SILENCE
        card.takes(*[frame] * frames, piles_up=piles_up)
        card.filled = max(0, card.filled - played * FRAME)
        said += frame * frames if is_said else b""
    heard = b"".join(
        frame
        for frame in (card.written[at : at + len(SILENCE)] for at in range(0, len(card.written), len(SILENCE)))
        if frame != SILENCE
    )
    assert heard == said
