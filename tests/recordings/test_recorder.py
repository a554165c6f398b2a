from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.errors import DiscardTooLate, IllegalTransition, SealError
from ivrbox.recordings import Recorder, RecordingState, Spool
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ivrbox.recordings import Archive

    Speak = Callable[[Recorder, NDArray[np.int16]], None]
    Opened = Callable[[str], NDArray[np.int16]]
    Noise = Callable[..., NDArray[np.int16]]


def row() -> None:
    """The record is written."""


def test_a_kept_recording_is_what_was_heard_and_said(
    spool: Spool, archive: Archive, opened: Opened, speak: Speak, noise: Noise
) -> None:
    recorder, sound = Recorder(spool), noise(333)
    speak(recorder, sound)
    recorder.end()
    assert recorder.samples == len(sound)
    assert archive.keep(recorder, "a", row)
    assert recorder.state is RecordingState.KEPT
    assert (opened("a") == sound).all()


def test_frames_after_the_end_are_let_go_and_harm_nothing(
    spool: Spool, archive: Archive, opened: Opened, speak: Speak, noise: Noise
) -> None:
    recorder, sound = Recorder(spool), noise(120)
    speak(recorder, sound)
    recorder.end()
    speak(recorder, noise(120, seed=2))
    recorder.end()
    assert not spool.sweep()
    assert archive.keep(recorder, "a", row)
    assert (opened("a") == sound).all()


def test_lost_sound_is_silence_of_the_same_length(
    spool: Spool, archive: Archive, opened: Opened, speak: Speak, noise: Noise
) -> None:
    recorder, sound = Recorder(spool), noise(10)
    speak(recorder, sound)
    recorder.lost(1001)
    speak(recorder, sound)
    assert recorder.position == 2 * len(sound) + 1001
    recorder.end()
    archive.keep(recorder, "a", row)
    kept = opened("a")
    assert (kept[: len(sound)] == sound).all()
    assert not kept[len(sound) : -len(sound)].any()
    assert (kept[-len(sound) :] == sound).all()
    assert len(kept) == recorder.position


def test_the_disconnect_tone_is_cut_from_the_tail(
    spool: Spool, archive: Archive, opened: Opened, speak: Speak, noise: Noise
) -> None:
    recorder, sound = Recorder(spool), noise(120)
    speak(recorder, sound)
    recorder.trim(9000)
    recorder.trim(400)
    recorder.end()
    assert archive.keep(recorder, "a", row)
    assert (opened("a") == sound[:-9000]).all()


def test_a_call_shorter_than_what_is_cut_leaves_an_empty_recording(
    spool: Spool, archive: Archive, opened: Opened, speak: Speak
) -> None:
    recorder = Recorder(spool)
    speak(recorder, np.ones((FRAME_SAMPLES, 2), np.int16))
    recorder.trim(1 << 20)
    recorder.end()
    assert archive.keep(recorder, "a", row)
    assert len(opened("a")) == 0


def test_discard_leaves_zeros_and_a_receipt_without_content(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder, sound = Recorder(spool), noise(200)
    speak(recorder, sound)
    receipt = recorder.discard()
    assert (receipt.at_s, receipt.bytes, receipt.verified) == (4.0, 4 * len(sound), True)
    assert receipt.method == "key destroyed, memory zeroed; never stored"
    assert recorder.state is RecordingState.DISCARDED
    assert not spool._vault.bytes.any()
    assert not spool._room.bytes.any()


def test_a_second_discard_gives_the_same_receipt_even_after_the_end(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder = Recorder(spool)
    speak(recorder, noise(10))
    receipt = recorder.discard()
    speak(recorder, noise(10))
    assert recorder.discard() is receipt
    recorder.end()
    assert recorder.discard() is receipt


def test_after_a_discard_nothing_more_is_recorded(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder = Recorder(spool)
    recorder.discard()
    speak(recorder, noise(120))
    recorder.mask(0)
    recorder.end()
    assert recorder.samples == 0
    assert list(recorder.content()) == []
    assert not spool._vault.bytes.any()
    assert recorder.position == 120 * FRAME_SAMPLES


def test_a_discard_after_the_end_is_refused_with_the_reason(spool: Spool, archive: Archive) -> None:
    recorder = Recorder(spool)
    recorder.end()
    with pytest.raises(DiscardTooLate, match="the call has ended and its recording is open; the caller could opt out"):
        recorder.discard()
    archive.keep(recorder, "a", row)
    with pytest.raises(DiscardTooLate, match="its recording is kept"):
        recorder.discard()
    assert recorder.has_ended


def test_a_discarded_recording_cannot_be_sealed(spool: Spool, archive: Archive) -> None:
    recorder = Recorder(spool)
    recorder.discard()
    recorder.end()
    with pytest.raises(IllegalTransition, match="cannot seal while discarded"):
        archive.keep(recorder, "a", row)
    assert list(archive.folder.iterdir()) == []


def test_nothing_is_sealed_while_the_caller_can_opt_out(spool: Spool, archive: Archive) -> None:
    recorder = Recorder(spool)
    with pytest.raises(IllegalTransition, match="the caller can still opt out"):
        archive.keep(recorder, "a", row)
    assert list(archive.folder.iterdir()) == []
    recorder.discard()


def test_what_is_derived_from_the_sound_goes_with_it(
    spool: Spool, speak: Speak, noise: Noise, caplog: pytest.LogCaptureFixture
) -> None:
    recorder, levels = Recorder(spool), [-12.0, -14.5]

    def fails() -> None:
        raise RuntimeError("a waveform that will not go")

    recorder.attach(fails)
    recorder.attach(levels.clear)
    speak(recorder, noise(3))
    assert not recorder.discard().verified
    assert levels == []
    assert "could not be forgotten" in caplog.text


def test_a_long_call_is_unreadable_at_once_and_zeroed_slice_by_slice(
    speak: Speak, noise: Noise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrbox.recordings.spool._SLICE_BYTES", 100_000)
    spool = Spool(20)
    recorder = Recorder(spool)
    speak(recorder, noise(900))
    recorder.discard()
    assert not spool._vault.bytes.any(), "the key and all that stood in the clear"
    assert spool._room.bytes.any(), "a slice is not all of it"
    speak(recorder, noise(6))
    assert not spool._room.bytes.any()


def test_a_recording_stops_when_its_room_is_full_and_says_so(
    archive: Archive, opened: Opened, speak: Speak, noise: Noise
) -> None:
    recorder, sound = Recorder(Spool(2)), noise(150)
    speak(recorder, sound)
    recorder.end()
    assert recorder.detail == "recording stopped after 2 s: its room is full"
    archive.keep(recorder, "a", row)
    assert (opened("a") == sound[:16000]).all()


def test_nothing_is_recorded_without_a_spool() -> None:
    recorder = Recorder.off("the disk is full")
    frame = np.ones(FRAME_SAMPLES, np.int16)
    recorder.push(frame, frame)
    recorder.mask(0)
    recorder.unmask(5)
    recorder.mask_span(0, 5)
    recorder.trim(5)
    receipt = recorder.discard()
    recorder.end()
    assert (receipt.bytes, receipt.method, receipt.verified) == (0, "nothing had been recorded", True)
    assert (recorder.state, recorder.detail) == (RecordingState.OFF, "the disk is full")
    assert list(recorder.content()) == []
    assert recorder.release() is None


def test_nobody_can_discard_after_the_end_even_if_nothing_was_recorded() -> None:
    recorder = Recorder.off()
    recorder.end()
    with pytest.raises(DiscardTooLate):
        recorder.discard()


def test_a_spool_serves_one_call_after_the_other(
    spool: Spool, archive: Archive, opened: Opened, speak: Speak, noise: Noise
) -> None:
    first = Recorder(spool)
    with pytest.raises(SealError, match="another call still has it"):
        Recorder(spool)
    assert first.release() is None, "not while it is open"
    speak(first, noise(100, seed=1))
    first.end()
    archive.keep(first, "a", row)
    assert first.release() is spool
    assert not spool._vault.bytes.any()
    assert not spool._room.bytes.any()
    second, sound = Recorder(spool), noise(60, seed=2)
    speak(second, sound)
    second.end()
    archive.keep(second, "b", row)
    assert (opened("b") == sound).all()
    assert (opened("a") == noise(100, seed=1)).all()


def test_a_recording_that_cannot_be_kept_is_lost_and_wiped(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder = Recorder(spool)
    speak(recorder, noise(100))
    recorder.lose("the power failed")
    assert (recorder.state, recorder.detail) == (RecordingState.LOST, "the power failed")
    assert not spool._vault.bytes.any()
    assert recorder.release() is spool


def test_memory_that_was_changed_is_not_sealed(spool: Spool, archive: Archive, speak: Speak, noise: Noise) -> None:
    recorder = Recorder(spool)
    speak(recorder, noise(200))
    recorder.end()
    spool._room.bytes[40000] ^= 1
    assert not archive.keep(recorder, "a", row)
    assert recorder.state is RecordingState.LOST
    assert "chunk 1 does not open" in recorder.detail
    assert list(archive.folder.iterdir()) == []


def test_discard_racing_hang_up_ends_in_exactly_one_of_kept_or_discarded(
    spool: Spool, archive: Archive, noise: Noise, request: pytest.FixtureRequest
) -> None:
    ends, sound = {"kept": 0, "discarded": 0}, noise(1)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # let the two threads meet in the middle of things
    request.addfinalizer(lambda: sys.setswitchinterval(interval))
    for round_ in range(1000):
        ends[race(spool, archive, sound, round_)] += 1
    assert ends["kept"] + ends["discarded"] == 1000
    assert min(ends.values()) > 0, f"no race was run: {ends}"


def race(spool: Spool, archive: Archive, sound: NDArray[np.int16], round_: int) -> str:
    """One call whose caller opts out and hangs up at the same time; the state it ends in, checked from all sides."""
    recorder, told, barrier = Recorder(spool), [], threading.Barrier(2)
    recorder.push(sound[:, 0], sound[:, 1])

    def opt_out() -> None:
        barrier.wait()
        try:
            told.append(recorder.discard().verified)
        except DiscardTooLate:
            told.append(False)

    def hang_up() -> None:
        barrier.wait()
        for _ in range(round_ % 40):  # the later it gets, the likelier the other one is first
            recorder.push(sound[:, 0], sound[:, 1])
        recorder.end()

    first, second = (opt_out, hang_up) if round_ % 2 else (hang_up, opt_out)  # who starts last is mostly first
    thread = threading.Thread(target=first)
    thread.start()
    second()
    thread.join()
    kept = recorder.state is RecordingState.OPEN
    if kept:
        assert archive.keep(recorder, f"r{round_}", row) if round_ % 50 < 2 else keep_without_disk(recorder)
    assert told == [not kept]
    assert recorder.state is (RecordingState.KEPT if kept else RecordingState.DISCARDED)
    recorder.release()
    return recorder.state.value


def keep_without_disk(recorder: Recorder) -> bool:
    """What the archive does, without its file: a thousand files would only test the disk."""
    recorder.expect_seal()
    recorder.keep()
    return True
