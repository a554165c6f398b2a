"""Promises of the writing thread, step by step, on a card whose buffer is a number."""

from __future__ import annotations

import os

import pytest

from ivrbox.lines.sound_threads import CardThread, Reader, Writer

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


def test_what_is_said_is_written_behind_a_cushion(writer: Writer, card: Buffer) -> None:
    say(writer, card, SOUND, 5)
    assert b"".join(card.written) == SILENCE + 5 * SOUND
    assert (card.filled, writer.underruns) == (FRAME, 0)


def test_a_card_that_runs_dry_is_counted(writer: Writer, card: Buffer) -> None:
    say(writer, card, SOUND, 5)
    card.filled = 0
    say(writer, card, SOUND, 5)
    assert writer.underruns == 1


@pytest.mark.parametrize(("frames", "periods"), [(1, 3), (2, 2), (4, 2)])
def test_what_piles_up_is_bounded_and_left_out_where_it_is_silent(card: Buffer, frames: int, periods: int) -> None:
    card = Buffer(4 * frames * FRAME)
    writer = Writer(card, FRAME, frames)
    writer.periods.put(SOUND * frames)
    writer.step()
    writer.periods.put(SOUND * frames)
    writer.step()
    while writer.has_room:
        writer.periods.put(SILENCE * frames)
    assert writer.periods.qsize() == periods
    writer.step()
    assert b"".join(card.written) == SILENCE * frames + SOUND * 2 * frames


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
