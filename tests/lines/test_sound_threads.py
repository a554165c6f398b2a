"""Promises of the writing thread, step by step, on a card whose buffer is a number."""

from __future__ import annotations

import os

import pytest

from ivrbox.lines.sound_threads import LOOKS, CardThread, Reader, Writer

FRAME, ROOM = 960, 2880
SILENCE, SOUND = bytes(1920), b"\1\2" * 960


class Buffer:
    """A card that plays what is written to it when told to."""

    def __init__(self, room: int = ROOM) -> None:
        self.room = room
        self.filled = 0
        self.written: list[bytes] = []

    def get_write_available(self) -> int:
        return self.room - self.filled

    def write(self, raw: bytes, *, exception_on_underflow: bool) -> None:
        assert not exception_on_underflow
        self.written.append(raw)
        self.filled = min(self.room, self.filled + len(raw) // 2)

    def plays(self, samples: int = FRAME) -> None:
        self.filled = max(0, self.filled - samples)


@pytest.fixture
def card() -> Buffer:
    return Buffer()


@pytest.fixture
def writer(card: Buffer) -> Writer:
    return Writer(card, FRAME, 1)


def say(writer: Writer, card: Buffer, raw: bytes, frames: int) -> None:
    """So many frames, one played for each one written."""
    for _ in range(frames):
        writer.periods.put(raw)
        writer.step()
        card.plays()


def test_of_a_period_only_the_silent_frame_is_left_out() -> None:
    card = Buffer(2 * ROOM)
    writer = Writer(card, FRAME, 2)
    card.filled = 3 * FRAME
    for number in range(3 * LOOKS):
        writer.periods.put(SOUND + SILENCE if number % 2 else SILENCE + SOUND)
        writer.step()
        card.plays(2 * FRAME)
    assert card.filled == 2 * FRAME
    assert [len(raw) for raw in card.written].count(len(SOUND)) == 1
    assert b"".join(card.written).count(SOUND) == 3 * LOOKS


def fill(writer: Writer, card: Buffer) -> None:
    for _ in range(4):
        writer.periods.put(SOUND)
        writer.step()
    card.plays()


def test_delay_that_is_not_needed_goes_in_the_next_silence(writer: Writer, card: Buffer) -> None:
    fill(writer, card)
    say(writer, card, SILENCE, 3 * LOOKS)
    assert card.filled == FRAME
    assert writer.underruns == 0


def test_after_a_stall_silence_that_piles_up_is_left_out_at_once(writer: Writer, card: Buffer) -> None:
    fill(writer, card)
    for _ in range(3):
        writer.periods.put(SILENCE)
    writer.step()
    writer.step()
    assert len(card.written) == 4
    writer.step()
    assert len(card.written) == 5


def test_what_is_said_is_never_left_out(writer: Writer, card: Buffer) -> None:
    fill(writer, card)
    say(writer, card, SOUND, 3 * LOOKS)
    assert len(card.written) == 4 + 3 * LOOKS
    assert card.filled == ROOM - FRAME


def test_a_cushion_that_is_thin_at_times_is_kept(writer: Writer, card: Buffer) -> None:
    fill(writer, card)
    for _ in range(10):
        say(writer, card, SILENCE, LOOKS - 5)
        card.plays(FRAME)
        say(writer, card, SILENCE, 1)
        card.filled += FRAME
    assert len(card.written) == 4 + 10 * (LOOKS - 4)


def test_a_card_that_ran_dry_is_counted_once_and_gets_a_thicker_cushion(writer: Writer, card: Buffer) -> None:
    fill(writer, card)
    card.filled = 0
    say(writer, card, SOUND, 2)
    assert writer.underruns == 1
    fill(writer, card)
    say(writer, card, SILENCE, 3 * LOOKS)
    assert card.filled == 2 * FRAME


@pytest.mark.parametrize(("channels", "frames"), [(1, 1), (1, 2), (2, 2)])
def test_a_cushion_of_silence_goes_before_the_first_period(channels: int, frames: int) -> None:
    card = Buffer()
    writer = Writer(card, FRAME, frames)
    for _ in range(2):
        writer.periods.put(SOUND * channels * frames)
        writer.step()
    period = channels * frames
    assert card.written == [SILENCE * period + SOUND * period, SOUND * period]


@pytest.mark.parametrize(("held_up", "filled"), [(0, 2), (1, 1), (3, 0)])
def test_a_card_that_ran_dry_is_filled_up_with_what_was_held_up_or_else_silence(
    writer: Writer, card: Buffer, held_up: int, filled: int
) -> None:
    say(writer, card, SOUND, 10)
    card.filled = 0
    writer.periods.put(SOUND)
    writer.step()
    card.filled = held_up * FRAME
    say(writer, card, SOUND, 2)
    assert writer.underruns == 1
    assert card.written[-3:] == [SOUND, SILENCE * filled + SOUND, SOUND]


def test_a_card_that_keeps_nothing_is_given_what_is_said_and_no_more(writer: Writer, card: Buffer) -> None:
    for _ in range(10):
        writer.periods.put(SOUND)
        writer.step()
        card.filled = 0
    assert (writer.underruns, b"".join(card.written)) == (0, SILENCE + 10 * SOUND)


def test_a_card_that_runs_dry_again_and_again_is_still_not_kept_full(writer: Writer, card: Buffer) -> None:
    for _ in range(5):
        fill(writer, card)
        card.filled = 0
        say(writer, card, SOUND, 2)
    fill(writer, card)
    say(writer, card, SILENCE, 3 * LOOKS)
    assert (writer.underruns, card.filled) == (5, 2 * FRAME)


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_a_cushion_never_grows_so_thick_that_a_period_has_no_room(frames: int) -> None:
    card = Buffer(3 * frames * FRAME)
    writer = Writer(card, FRAME, frames)
    for number in range(10 * 4 * frames):
        card.filled = 0 if number % 4 == 0 else card.filled
        writer.periods.put(SOUND * frames)
        writer.step()
        card.plays(frames * FRAME)
    assert max(len(raw) for raw in card.written) == len(SOUND) * 3 * frames


class Source:
    """A card that gives frames, and fails after so many."""

    def __init__(self, frames: int, waiting: int = FRAME) -> None:
        self.left = frames
        self.waiting = waiting

    def read(self, frame: int, *, exception_on_overflow: bool) -> bytes:
        assert not exception_on_overflow
        if not self.left:
            raise OSError(-9999, "Unanticipated host error")
        self.left -= 1
        return bytes(2 * frame)

    def get_read_available(self) -> int:
        return self.waiting


def test_frames_are_handed_over_with_their_time_and_what_waits_behind_them() -> None:
    reader = Reader(Source(2), FRAME, 1, lambda: 42)
    reader.step()
    captured = reader.periods.get_nowait()
    assert (len(captured.raw), captured.read_ns, captured.waiting) == (2 * FRAME, 42, FRAME)


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_where_there_is_no_room_nothing_is_read_and_there_is_room_for_half_a_second(frames: int) -> None:
    source, most = Source(100, waiting=4 * FRAME), 24 // frames
    reader = Reader(source, FRAME, frames, lambda: 0)
    for _ in range(most + 2):
        reader.step()
    assert source.left == 100 - most
    reader.periods.get_nowait()
    reader.step()
    reader.step()
    assert source.left == 100 - most - 1


def test_a_card_that_has_not_begun_is_looked_at_and_not_read() -> None:
    source = Source(100, waiting=FRAME - 1)
    reader = Reader(source, FRAME, 1, lambda: 0)
    reader.step()
    assert (source.left, reader.periods.qsize()) == (100, 0)
    source.waiting = FRAME
    reader.step()
    source.waiting = 0  # from now on it may wait in the card's own way
    reader.step()
    assert (source.left, reader.periods.qsize()) == (98, 2)


def test_a_card_that_fails_ends_its_thread_with_the_reason() -> None:
    ends: list[str] = []
    thread = CardThread("in", Reader(Source(3), FRAME, 1, lambda: 0).step, lambda: ends.append("let go"))
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert thread.fault == "[Errno -9999] Unanticipated host error"
    assert ends == ["let go"]


@pytest.mark.parametrize("allowed", [True, False])
def test_real_time_priority_is_taken_where_the_system_allows_it(
    monkeypatch: pytest.MonkeyPatch, *, allowed: bool
) -> None:
    asked: list[tuple[int, int]] = []

    def schedule(pid: int, policy: int, _: object) -> None:
        asked.append((pid, policy))
        if not allowed:
            raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", schedule)
    thread = CardThread("in", Reader(Source(1), FRAME, 1, lambda: 0).step, lambda: None)
    thread.start()
    assert thread.is_realtime is allowed
    assert asked == [(0, os.SCHED_FIFO)]
    thread.join(5)
