"""Promises of the sound-card line beyond the contract: real PyAudio over ALSA's file plugin, mock pins."""

from __future__ import annotations

import threading
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from caller_id_maker import fsk, mdmf
from gpiozero import DigitalOutputDevice
from sound_bench import BUFFERED_FRAMES, HOOK, BenchCard, BenchLine

from ivrbox.dsp import tones
from ivrbox.dsp.dtmf import find_keys
from ivrbox.errors import LineError, LineLost, LineStuck
from ivrbox.lines import sound_card
from ivrbox.lines.line import SILENCE, CallerId, RemoteHungUp, Ringing
from ivrbox.lines.sound_bell import SoundBell
from ivrbox.lines.sound_card import CardSpec, SoundCard
from ivrbox.lines.sound_devices import SoundDevice, counted_chatter, find_device
from ivrbox.lines.sound_output import SoundOutput
from ivrbox.lines.sound_threads import PERIOD_FRAMES, Writer
from ivrbox.lines.usb_audio import UsbAudio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ivrbox.lines.line import LineEvent

    Samples = NDArray[np.int16]

DIGITS = "0123456789*#"
NOTHING = np.zeros(0, np.int16)
AHEAD = BUFFERED_FRAMES + 10


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., BenchLine]]:
    """Make a line on the bench: `make(rate=44100, channels=2, country="us")`."""
    monkeypatch.setattr(sound_card, "JOIN_LIMIT_S", 0.3)
    made: list[BenchLine] = []

    def bench_line(*, rate: int = 48000, channels: int = 1, **options: Any) -> BenchLine:
        card = BenchCard(tmp_path, rate, channels)
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(card.config))
        made.append(BenchLine(card, **options))
        return made[-1]

    yield bench_line
    for line in made:
        line.close()
        line.bench.close()


def talk(line: BenchLine, frames: int, said: Samples = NOTHING) -> tuple[Samples, list[LineEvent]]:
    """Exchange so many frames: all that was heard, and the events."""
    heard = [line.exchange(said[160 * n : 160 * n + 160] if said.size > 160 * n else None) for n in range(frames)]
    return np.concatenate([one.frame for one in heard]), [event for one in heard for event in one.events]


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_keys_are_heard_at_any_rate_of_the_card(make: Callable[..., BenchLine], rate: int) -> None:
    line = make(rate=rate)
    with line:
        line.answer()
        line.bench.says(tones.keys(DIGITS))
        heard, _ = talk(line, AHEAD + 110)
    assert "".join(key.digit for key in find_keys(heard)) == DIGITS


@pytest.mark.parametrize("rate", [44100, 48000])
def test_what_is_said_arrives_whole_and_as_loud(make: Callable[..., BenchLine], rate: int) -> None:
    line = make(rate=rate)
    said = tones.keys("147*", ms=100, gap_ms=60)
    with line:
        line.answer()
        talk(line, 60, said)
    arrived = find_keys(line.bench.said)
    assert "".join(key.digit for key in arrived) == "147*"
    assert all(abs(key.row_dbm0 + 10) < 0.5 for key in arrived)
    assert line.bench.said.size >= said.size


def test_a_call_is_the_same_call_each_time(make: Callable[..., BenchLine]) -> None:
    line = make()
    with line:
        line.answer()
        line.bench.says(tones.keys("5"))
        heard, _ = talk(line, AHEAD + 20)
        assert np.flatnonzero(heard).size > 500
        assert (line.counters.overruns, line.counters.dropped) == (0, 0)


def test_busy_tone_ends_the_call_with_its_evidence(make: Callable[..., BenchLine]) -> None:
    line = make()
    with line:
        line.answer()
        line.bench.says(tones.busy(6, hertz=(425,), cadence_s=(0.48, 0.48)))
        _, events = talk(line, 300)
    [gone] = [event for event in events if isinstance(event, RemoteHungUp)]
    assert gone.reason == "busy_tone"
    assert "425 Hz 480/480 ms" in gone.evidence
    assert gone.tail_samples > 2.8 * 8000


@pytest.mark.parametrize(("period_ms", "frames"), [(20, 0), (40, 2), (80, 6)])
def test_a_line_tells_how_late_its_echo_is(period_ms: int, frames: int) -> None:
    assert UsbAudio(period_ms=period_ms).capabilities.echo_frames == frames


def test_our_own_busy_tone_does_not_end_the_call(make: Callable[..., BenchLine]) -> None:
    line = make()
    said = tones.busy(4, hertz=(425,), cadence_s=(0.48, 0.48))
    with line:
        line.answer()
        line.bench.says(said // 3)
        _, events = talk(line, 250, np.concatenate([said, said]))
    assert events == []


def fails_in_a_call(line: BenchLine) -> None:
    with line:
        line.answer()
        line.exchange(NOTHING)


def test_the_relay_follows_the_call_and_lets_go_after_an_error(make: Callable[..., BenchLine]) -> None:
    line = make()
    states = []
    with line:
        line.answer()
        states.append(line.is_off_hook)
        line.hang_up()
        states.append(line.is_off_hook)
    with pytest.raises(LineError):
        fails_in_a_call(line)
    assert [*states, line.is_off_hook] == [True, False, False]


def test_a_sound_rings_where_there_is_no_bell(make: Callable[..., BenchLine]) -> None:
    line = make(ring_by_sound=True)
    with line:
        line.bench.says(np.concatenate([tones.keys("5", gap_ms=300), tones.keys("5", gap_ms=300)]))
        _, events = talk(line, AHEAD + 60)
    assert events == [Ringing(), Ringing()]


@pytest.mark.parametrize("early", range(0, 200, 40))
def test_a_number_that_takes_half_a_second_is_read_whole(make: Callable[..., BenchLine], early: int) -> None:
    line = make()
    message = fsk(mdmf({0x02: b"03012345678", 0x07: b"The Longest Name In All Of Berlin"})).astype(np.int16)
    with line:
        line.bench.says(np.concatenate([np.zeros(8 * early, np.int16), message]))
        _, events = talk(line, AHEAD + 80)
    assert events == [CallerId("03012345678", "The Longest Name In All Of Berlin")]


def test_one_sound_is_one_ring_told_when_it_is_over() -> None:
    bell, sound = SoundBell(), tones.key("5", ms=400).reshape(-1, 160)
    assert [bell.push(frame) for frame in sound] == [0] * 20
    assert [bell.push(SILENCE) for _ in range(10)] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]


def test_a_click_does_not_ring() -> None:
    bell = SoundBell()
    click = np.full(160, 9000, np.int16)
    assert sum(bell.push(frame) for frame in [click, *[SILENCE] * 10] * 3) == 0


def test_a_pin_in_use_is_named_before_the_card_is_taken(make: Callable[..., BenchLine]) -> None:
    line = make()
    with (
        DigitalOutputDevice(HOOK, pin_factory=line.board),
        pytest.raises(LineError, match=r"line\.options\.hook_pin: pin GPIO17 is already in use"),
    ):
        line.open()
    with line:
        line.exchange(None)


def test_a_card_that_is_missing_gives_the_pins_back(make: Callable[..., BenchLine], tmp_path: Path) -> None:
    line = make()
    (tmp_path / "asound.conf").write_text("pcm.!default.type null\nctl.!default.type null\n")
    with pytest.raises(LineError, match="sound input 'bench': no such device; there are"):
        line.open()
    DigitalOutputDevice(HOOK, pin_factory=line.board).close()


def test_a_driver_that_hangs_needs_a_new_process_until_it_comes_back(make: Callable[..., BenchLine]) -> None:
    line = make()
    with line:
        line.answer()
        line.cuts_wire()
        with pytest.raises(LineLost, match=r"the card is gone: no sound came for 0\.15 s"):
            talk(line, AHEAD + 20)
    with pytest.raises(LineStuck, match="its driver hangs in this process"):
        line.open()
    line.mends_wire()
    with line:
        talk(line, 5)


def test_a_card_can_be_opened_and_closed_many_times(make: Callable[..., BenchLine]) -> None:
    line = make()
    for _ in range(5):
        with line:
            talk(line, 3)


def test_a_rate_that_the_card_cannot_do_is_told_with_those_it_can(
    make: Callable[..., BenchLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    monkeypatch.setattr("ivrbox.lines.sound_devices.takes", lambda *what: what[-1] == 44100)
    with pytest.raises(LineError, match="sound input 'bench': cannot do 48000 Hz; it can do 44100 Hz"):
        SoundCard(CardSpec("bench", "bench", 48000)).open()


@pytest.mark.parametrize(("channel", "left", "right"), [("left", 1, 0), ("right", 0, 1), ("mix", 0.5, 0.5)])
def test_of_a_stereo_card_the_channel_that_was_named_is_heard(
    make: Callable[..., BenchLine], monkeypatch: pytest.MonkeyPatch, channel: str, left: float, right: float
) -> None:
    line = make(channels=2)
    both = np.stack([np.full(96000, 8000), np.full(96000, -2000)], axis=1).astype(np.int16)
    monkeypatch.setattr("ivrbox.lines.sound_devices.takes", lambda *what: what[-2] == 2 and what[-1] == 48000)
    line.bench.says_raw(both.tobytes())
    card = SoundCard(CardSpec("bench", "bench", 48000, channel, period_frames=1), clock_ns=lambda: 0)
    card.open()
    heard = np.concatenate([card.read()[0] for _ in range(95)])
    card.close()
    assert abs(heard[-4000:].mean() - (8000 * left - 2000 * right)) < 5


CARDS = [SoundDevice(0, "USB Audio: - (hw:1,0)", 1, 2, 44100), SoundDevice(1, "HDMI", 0, 8, 48000)]


def test_a_card_is_found_by_part_of_its_name_in_any_case() -> None:
    assert find_device(CARDS, "usb audio", "input").index == 0
    assert find_device(CARDS, "HDMI", "output").index == 1


@pytest.mark.parametrize(
    ("name", "direction", "words"),
    [
        ("HDMI", "input", "sound input 'HDMI': no such device; there are 'USB Audio: - (hw:1,0)'"),
        ("HDMl", "output", "did you mean 'HDMI'?"),
        ("", "output", "2 devices are named so: 'USB Audio: - (hw:1,0)', 'HDMI'"),
    ],
)
def test_a_card_that_cannot_be_meant_is_told_with_those_there_are(name: str, direction: Any, words: str) -> None:
    with pytest.raises(LineError) as refused:
        find_device(CARDS, name, direction)
    assert words in str(refused.value)


def test_the_libraries_chatter_is_left_out_and_all_else_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    import os  # noqa: PLC0415 - writes below Python, as the libraries do

    with counted_chatter():
        os.write(2, b"ALSA lib pcm.c:1: (x) nothing\n\nour own words\n")
    assert capfd.readouterr().err == "our own words\n"


def test_before_the_first_frame_said_there_is_a_cushion_and_the_rest_of_its_period(
    make: Callable[..., BenchLine],
) -> None:
    line = make(rate=8000)
    card = SoundCard(CardSpec("bench", "bench", 8000))
    card.open()
    for _ in range(2 * PERIOD_FRAMES):
        card.write(np.full(160, 1000, np.int16))
        card.read()
    card.close()
    assert np.flatnonzero(line.bench.said)[0] == (2 * PERIOD_FRAMES - 1) * 160
    assert line.bench.said[(2 * PERIOD_FRAMES - 1) * 160 :].all()


def test_a_box_that_is_behind_leaves_out_what_it_cannot_say_in_time(
    make: Callable[..., BenchLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    now_ms = [0]
    card = SoundCard(CardSpec("bench", "bench", 48000), clock_ns=lambda: now_ms[0] * 1_000_000)
    card.open()
    for _ in range(PERIOD_FRAMES):
        card.read()
    looks = iter([False, True, False])  # no room at the first look, then room; and none
    monkeypatch.setattr(Writer, "has_room", property(lambda _: next(looks)))
    now_ms[0] = 79
    card.write(SILENCE)
    assert (card.counters.dropped, card.counters.late_frames, card.counters.worst_frame_ms) == (0, PERIOD_FRAMES, 79)
    now_ms[0] = 81
    card.write(SILENCE)
    assert (card.counters.dropped, card.counters.worst_frame_ms) == (PERIOD_FRAMES, 81)
    card.close()


@pytest.mark.parametrize(("second_ms", "late"), [(15, 0), (16, PERIOD_FRAMES)])
def test_frames_are_late_where_a_period_takes_longer_than_it_lasts(
    make: Callable[..., BenchLine], second_ms: int, late: int
) -> None:
    make()
    now_ms = [0]
    card = SoundCard(CardSpec("bench", "bench", 48000), clock_ns=lambda: now_ms[0] * 1_000_000)
    card.open()
    for took_ms in (25, second_ms):
        card.read()
        now_ms[0] += took_ms
        card.write(SILENCE)
    card.close()
    assert (card.counters.late_frames, card.counters.worst_frame_ms) == (late, 25)


def test_sound_that_the_card_lost_is_told_and_counted(make: Callable[..., BenchLine]) -> None:
    make()
    periods_read = count(1)

    def clock_ns() -> int:
        """Each period is read 40 ms after the one before; between the 30th and the 31st the card lost 100 ms."""
        if threading.current_thread().name != "sound-in":
            return 0
        number = next(periods_read)
        return 40_000_000 * number + 100_000_000 * (number > 30)

    card = SoundCard(CardSpec("bench", "bench", 48000), clock_ns=clock_ns)
    card.open()
    told = [card.read()[1] for _ in range(120)]
    card.close()
    assert sum(told[:60]) == 0
    assert sum(told) == 800
    assert (card.counters.overruns, card.counters.lost_ms) == (1, 100)
    assert str(card.counters).startswith("overruns 1 (100 ms lost)")


def test_what_went_wrong_with_the_sound_of_a_call_is_among_its_troubles(make: Callable[..., BenchLine]) -> None:
    line = make()
    with line:
        line.answer()
        line.exchange(None)
        told = [line.troubles]
        line.counters.dropped = 2
        told.append(line.troubles)
        line.hang_up()
        line.answer()
        told.append(line.troubles)
    assert told[0] == told[2] == ""
    assert told[1].startswith("sound: overruns 0 (0 ms lost), underruns 0, dropped 2, late 0, worst frame")


def test_a_keypads_card_plays_what_is_keyed(make: Callable[..., BenchLine]) -> None:
    bench = make().bench
    output = SoundOutput("bench")
    for frame in tones.keys("42", ms=100, gap_ms=100).reshape(-1, 160):
        output.write(frame)
    output.close()
    assert [key.digit for key in find_keys(bench.said)] == ["4", "2"]
    with pytest.raises(LineError, match="sound output 'none': no such device"):
        SoundOutput("none")


def test_a_card_that_fails_under_a_keypad_is_a_lost_line(
    make: Callable[..., BenchLine], monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    output = SoundOutput("bench")

    def fails(*_: object, **__: object) -> None:
        raise OSError(-9999, "Unanticipated host error")

    monkeypatch.setattr(output, "_stream", SimpleNamespace(write=fails, close=output._stream.close))
    with pytest.raises(LineLost, match="sound output 'bench': the card is gone"):
        output.write(SILENCE)
    output.close()
