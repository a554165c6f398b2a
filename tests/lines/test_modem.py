"""Calls over a simulated modem, in simulated time: both ends are driven, and both are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.appliance.notify import MEALS
from ivrbox.dsp import tones
from ivrbox.errors import IllegalTransition, LineError, LineLost
from ivrbox.lines.line import CallerId, Digit, DigitOwner, ExtensionLifted, RemoteHungUp, Ringing
from ivrbox.lines.modem import CHECK_EVERY_S, Modem
from ivrbox.lines.modem_sim_wire import SimulatedLine, SimWire
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from ivrbox.lines.line import Frame, LineEvent

    Samples = NDArray[np.int16]

WATCHDOG_S = 30
"""The service's `WatchdogSec`."""

HALF = ["usr5637", "cx930xx", "mt9234", "generic"]
ALL = [*HALF, "cx930xx-duplex"]


class Desk:
    """The box's side of a call: says samples frame by frame, keeps all that comes, and can be hushed by a key."""

    def __init__(self, line: SimulatedLine) -> None:
        self.line = line
        self.events: list[LineEvent] = []
        self.heard: list[Frame] = []
        self.clock = 0
        self.answered = 0

    def ring(self) -> None:
        self.line.far.rings("0123")
        while not any(isinstance(event, Ringing) for event in self.line.exchange(None).events):
            pass
        self.line.answer()
        self.answered = self.line.modem.clock

    def say(self, samples: Samples, *, hush_on_key: bool = False) -> None:
        padded = np.concatenate([samples, np.zeros(-samples.size % FRAME_SAMPLES, dtype=np.int16)])
        for frame in padded.reshape(-1, FRAME_SAMPLES):
            self.exchange(frame)
            if hush_on_key and self.digits:
                return

    def listen(self, seconds: float) -> None:
        self.say(np.zeros(round(seconds * 8000), dtype=np.int16))

    def exchange(self, frame: Frame) -> None:
        heard = self.line.exchange(frame)
        self.clock += heard.lost + FRAME_SAMPLES
        self.heard.append(heard.frame)
        self.events += heard.events

    @property
    def digits(self) -> str:
        return "".join(event.digit for event in self.events if isinstance(event, Digit))

    @property
    def endings(self) -> list[str]:
        return [event.reason for event in self.events if isinstance(event, RemoteHungUp)]


@pytest.fixture
def call() -> Iterator[Callable[..., Desk]]:
    """Make a line, open it, and take a call on it."""
    lines = []

    def make(profile: str, seed: int = 0, **habits: object) -> Desk:
        line = SimulatedLine(profile, seed=seed, habits=habits)
        lines.append(line)
        line.open()
        desk = Desk(line)
        desk.ring()
        return desk

    yield make
    for line in lines:
        line.close()
        assert not line.modem.exchange.is_off_hook


class LiveWire(SimWire):
    """A simulated wire that claims to be a real port, and counts how often it is waited on."""

    realtime = True
    waits = 0

    def read(self, limit_s: float) -> bytes:
        self.waits += limit_s > 0
        return super().read(limit_s)


@pytest.fixture
def prompt() -> Samples:
    """Two seconds of something that is loud in every frame, no two alike."""
    return np.random.default_rng(3).integers(-9000, 9000, 16_000, dtype=np.int16)


def _contains(track: Samples, sound: Samples, *, within: int = 130) -> bool:
    """Whether a sound stands in a track, sample for sample but for 8-bit coding."""
    quiet = np.flatnonzero(np.abs(track) > 128)
    if not quiet.size:
        return False
    where = [at for at in range(max(0, quiet[0] - 200), quiet[0] + 200) if at + sound.size <= track.size]
    return any(np.abs(track[at : at + sound.size].astype(int) - sound).max() <= within for at in where)


@pytest.mark.parametrize("profile", ALL)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_caller_hears_the_whole_prompt(call: Callable[..., Desk], prompt: Samples, profile: str, seed: int) -> None:
    desk = call(profile, seed)
    desk.listen(0.3)
    desk.say(prompt)
    desk.listen(1)
    assert _contains(desk.line.far.heard, prompt)


@pytest.mark.parametrize("profile", ALL)
def test_the_box_hears_what_the_caller_says(call: Callable[..., Desk], prompt: Samples, profile: str) -> None:
    desk = call(profile)
    desk.listen(0.5)
    desk.line.far.speaks(prompt)
    desk.listen(3)
    assert _contains(np.concatenate(desk.heard), prompt)


@pytest.mark.parametrize("profile", ALL)
def test_call_time_is_line_time(call: Callable[..., Desk], prompt: Samples, profile: str) -> None:
    desk = call(profile)
    began = desk.line.modem.clock
    for _ in range(3):
        desk.say(prompt)
        desk.listen(1.5)
    assert abs(desk.line.modem.clock - began - desk.clock) <= 5 * FRAME_SAMPLES


@pytest.mark.parametrize("profile", HALF)
@pytest.mark.parametrize("digits", ["held", "once", "pulse"])
def test_a_key_during_the_prompt_silences_it_within_300_ms(
    call: Callable[..., Desk], prompt: Samples, profile: str, digits: str
) -> None:
    desk = call(profile, digits=digits)
    desk.say(prompt[:8000])
    onset = desk.line.far.heard.size
    desk.line.far.presses("5", ms=250)
    desk.say(prompt, hush_on_key=True)
    desk.listen(1)
    silenced = np.flatnonzero(np.abs(desk.line.far.heard) > 128)[-1]
    assert 0 < silenced - onset <= 300 * 8
    assert desk.digits == "5"


@pytest.mark.parametrize("profile", HALF)
@pytest.mark.parametrize("owner", ["modem", "box"])
@pytest.mark.parametrize("ms", [60, 130, 210, 290, 450])
def test_keys_before_and_after_the_cut_are_heard_once_each(
    call: Callable[..., Desk], prompt: Samples, profile: str, owner: str, ms: int
) -> None:
    """A key that is held over the turn from playing to recording must not be told by both sides of it."""
    desk = call(profile, **({"digits_recording": False, "labels": _DEAF_WHILE_RECORDING} if owner == "box" else {}))
    desk.say(prompt[:8000])
    desk.line.far.presses("1", ms=ms, gap_ms=400)
    desk.line.far.presses("122#", ms=ms, gap_ms=100)
    desk.say(prompt, hush_on_key=True)
    desk.listen(5)
    assert desk.digits == "1122#"


_DEAF_WHILE_RECORDING = [f'{label},"",08001800,00001800,B8001800' for label in (0, 1, 5)]


def test_a_modem_that_hears_no_keys_while_recording_leaves_them_to_the_box(call: Callable[..., Desk]) -> None:
    desk = call("usr5637", labels=_DEAF_WHILE_RECORDING)  # it says that it hears none, and tells them all the same
    desk.listen(0.5)
    desk.line.far.presses("147*", ms=80)
    desk.listen(1)
    assert desk.digits == "147*"
    assert desk.line.capabilities.digits is DigitOwner.LINE


def test_in_full_duplex_the_box_owns_the_digits(call: Callable[..., Desk], prompt: Samples) -> None:
    desk = call("cx930xx-duplex")
    assert desk.line.capabilities.duplex
    assert desk.line.capabilities.digits is DigitOwner.BOX
    desk.line.far.presses("5", ms=200)
    desk.say(prompt)
    assert desk.digits == ""
    assert _contains(np.concatenate(desk.heard), tones.key("5", ms=200, row_dbm0=-20))


def test_a_chip_that_refuses_full_duplex_is_used_by_halves(
    call: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = call("cx930xx-duplex", duplex=False)
    assert not desk.line.capabilities.duplex
    assert "refuses full duplex" in caplog.text
    desk.line.far.presses("5")
    desk.listen(1)
    assert desk.digits == "5"


@pytest.mark.parametrize("pause_ms", [60, 300, 440])
def test_a_pause_inside_a_prompt_turns_nothing(call: Callable[..., Desk], prompt: Samples, pause_ms: int) -> None:
    desk = call("usr5637")
    with_pause = np.concatenate([prompt[:4000], np.zeros(8 * pause_ms, dtype=np.int16), prompt[4000:]])
    desk.say(with_pause)
    desk.listen(1)
    assert _contains(desk.line.far.heard, with_pause)


def test_short_words_of_the_box_back_to_back_all_arrive(call: Callable[..., Desk], prompt: Samples) -> None:
    desk = call("usr5637")
    words = [prompt[at : at + 800] for at in range(0, 8000, 800)]
    for word in words:
        desk.say(word)
        desk.listen(0.8)
    heard = desk.line.far.heard
    assert np.count_nonzero(np.abs(heard) > 128) >= 0.98 * np.count_nonzero(np.abs(np.concatenate(words)) > 256)


@pytest.mark.parametrize(
    ("profile", "reason"), [("usr5637", "busy_tone"), ("cx930xx", "loop_break"), ("mt9234", "loop_break")]
)
def test_the_end_is_told_once_by_the_evidence_of_the_modem(
    call: Callable[..., Desk], profile: str, reason: str
) -> None:
    desk = call(profile)
    desk.listen(0.5)
    desk.line.far.hangs_up()
    desk.listen(12)
    assert desk.endings == [reason]


def test_dial_tone_told_falsely_during_a_prompt_ends_nothing(call: Callable[..., Desk], prompt: Samples) -> None:
    desk = call("usr5637", false_codes=[{"code": "d", "doing": "play", "every_ms": 300}])
    desk.say(np.tile(prompt, 3))
    assert desk.endings == []


def test_a_lifted_extension_is_told(call: Callable[..., Desk]) -> None:
    desk = call("cx930xx", false_codes=[{"code": "P", "doing": "record", "every_ms": 900}])
    desk.listen(1)
    assert ExtensionLifted() in desk.events


@pytest.mark.parametrize("profile", HALF)
def test_after_a_key_has_cut_the_prompt_the_modem_listens_at_once(
    call: Callable[..., Desk], prompt: Samples, profile: str
) -> None:
    desk = call(profile)
    desk.say(prompt[:8000])
    desk.line.far.presses("5", ms=100, gap_ms=60)
    desk.say(prompt, hush_on_key=True)
    desk.line.far.speaks(prompt[:4000])
    desk.listen(1)
    assert np.count_nonzero(np.abs(np.concatenate(desk.heard)) > 128) > 0.9 * 4000


def test_the_first_prompt_waits_until_the_line_has_settled(call: Callable[..., Desk], prompt: Samples) -> None:
    desk = call("generic")
    desk.say(prompt[:8000])
    desk.listen(1)
    assert np.flatnonzero(desk.line.far.heard)[0] >= 8000
    assert _contains(desk.line.far.heard, prompt[:8000])


@pytest.mark.parametrize("delay_ms", [0, 700, 1400])
@pytest.mark.parametrize("gap_ms", [300, 2000])
def test_a_slow_stop_costs_time_and_loses_no_key(
    call: Callable[..., Desk], prompt: Samples, delay_ms: int, gap_ms: int
) -> None:
    desk = call("generic", stop_delay_ms=delay_ms)
    desk.say(prompt[:4800])
    desk.line.far.presses("1", ms=150, gap_ms=gap_ms)
    desk.line.far.presses("2", ms=150)
    desk.say(prompt, hush_on_key=True)
    desk.listen(4)
    assert desk.digits == "12"
    assert desk.endings == []


@pytest.mark.parametrize("freed_by", ["second", "+++", "ATH", "ATZ", "reopen"])
def test_a_stuck_modem_is_freed_and_the_next_call_is_answered(
    call: Callable[..., Desk], caplog: pytest.LogCaptureFixture, prompt: Samples, freed_by: str
) -> None:
    desk = call("generic", freed_by=freed_by)
    desk.listen(1)
    desk.line.hang_up()
    steps = [line.split("after ")[1] for line in caplog.text.splitlines() if "answers again after" in line]
    expected = {"second": [], "+++": ["a quiet +++"], "reopen": ["reopening"]}.get(freed_by, [freed_by])
    assert steps == expected
    assert not desk.line.modem.exchange.is_off_hook
    again = Desk(desk.line)
    again.ring()
    again.say(prompt)
    assert np.abs(desk.line.far.heard).max() > 8000


@pytest.mark.parametrize("freed_by", ["ATZ", "reopen"])
@pytest.mark.parametrize("doing", ["listening", "speaking"])
def test_the_watchdog_waits_for_a_stuck_modem_to_be_given_up(
    call: Callable[..., Desk], prompt: Samples, doing: str, freed_by: str
) -> None:
    """From the last frame that came in time to the call's end: its recording is not sealed before."""
    desk = call("generic", freed_by=freed_by)
    desk.listen(1)
    since = desk.line.modem.clock
    if doing == "speaking":
        desk.say(prompt[:320])
        assert desk.endings == ["modem_stuck"]
    desk.line.hang_up()
    assert desk.line.modem.clock - since < (1 - 1 / MEALS) * WATCHDOG_S * 8000


def test_each_step_of_the_ladder_is_logged(call: Callable[..., Desk], caplog: pytest.LogCaptureFixture) -> None:
    desk = call("generic", freed_by="reopen")
    desk.listen(1)
    desk.line.hang_up()
    tried = [line.split("trying ")[1] for line in caplog.text.splitlines() if "trying" in line]
    assert [step for step in tried if not step.startswith("stop code")] == [
        "a quiet +++",
        "ATH",
        "ATZ",
        "to open its port again",
    ]
    assert tried[0] == "stop code 00 10 18 10 03"


def test_a_modem_that_nothing_frees_is_a_lost_line(call: Callable[..., Desk], caplog: pytest.LogCaptureFixture) -> None:
    desk = call("generic", freed_by="never")
    desk.listen(1)
    desk.line.hang_up()
    assert "nothing helped" in caplog.text
    with pytest.raises(LineLost, match="does not answer AT"):
        desk.line.exchange(None)
    desk.line.modem.power_up()  # unplugged and plugged in again, as the log advises
    desk.line.close()
    desk.line.open()
    assert desk.line.exchange(None).events == ()


def test_a_call_whose_modem_gets_stuck_ends_and_says_why(call: Callable[..., Desk], prompt: Samples) -> None:
    desk = call("generic", freed_by="+++")
    desk.listen(0.5)
    desk.say(prompt[:1600])
    desk.listen(0.5)
    assert desk.endings == ["modem_stuck"]


def test_a_modem_found_stuck_is_freed_when_it_is_opened(call: Callable[..., Desk]) -> None:
    """The box was killed in mid-recording; its successor finds the modem still recording."""
    desk = call("generic")
    desk.listen(0.5)
    modem = desk.line.modem
    successor = SimulatedLine("generic")
    successor.modem = modem
    with successor:
        assert not modem.exchange.is_off_hook
        again = Desk(successor)
        again.ring()


def test_a_modem_that_loses_its_way_while_it_waits_is_found_and_freed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrbox.lines.modem.CHECK_EVERY_S", 5.0)
    with SimulatedLine("generic", habits={"freed_by": "+++"}) as line:
        line.modem.start("record")  # nobody asked it to
        for _ in range(260):
            line.exchange(None)
        assert "no longer answers" in caplog.text
        assert "answers again after a quiet +++" in caplog.text
        Desk(line).ring()


def test_a_modem_that_waits_is_not_disturbed_while_it_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    with SimulatedLine("generic") as line:
        asked: list[str] = []
        monkeypatch.setattr(line.modem._commands, "run", asked.append)
        line.far.rings()
        for _ in range(round(CHECK_EVERY_S * 50) + 60):
            line.exchange(None)
        assert asked == []


def test_sound_that_stops_coming_is_begun_again(call: Callable[..., Desk], prompt: Samples) -> None:
    desk = call("generic")
    desk.listen(0.5)
    desk.line.modem._stream = ""  # the chip has ended the stream, and says nothing about it
    desk.listen(2)
    desk.line.far.speaks(prompt[:4000])
    desk.listen(1)
    assert desk.endings == []
    assert _contains(np.concatenate(desk.heard), prompt[:4000])


def test_a_stream_that_the_modem_ends_by_itself_is_begun_again(call: Callable[..., Desk]) -> None:
    desk = call("generic")
    desk.listen(0.5)
    desk.line.modem._end_stream()
    desk.listen(0.5)
    desk.line.far.presses("7")
    desk.listen(1)
    assert desk.digits == "7"
    assert desk.endings == []


def test_a_modem_that_brings_no_sound_at_all_ends_the_call(
    call: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = call("generic")
    monkeypatch.setattr(desk.line.modem, "_send_sound", lambda _: None)
    desk.listen(8)
    assert desk.endings == ["modem_stuck"]


def test_a_wire_that_breaks_while_a_prompt_is_said_is_a_lost_line(call: Callable[..., Desk], prompt: Samples) -> None:
    desk = call("usr5637")
    desk.say(prompt[:4000])
    desk.line.far.cuts_wire()
    with pytest.raises(LineLost, match="modem: cannot exchange: the wire is cut"):
        desk.say(prompt)
    with pytest.raises(LineLost):
        desk.line.answer()
    desk.line.far.mends_wire()
    desk.line.close()
    desk.line.open()
    Desk(desk.line).ring()


@pytest.mark.parametrize(
    ("habits", "message"),
    [
        ({"refuses_all": True}, r"wall: simulated cannot be opened: the modem does not answer AT with OK"),
        ({"mute": True}, r"wall: simulated cannot be opened: the modem does not answer AT with OK"),
        ({"classes": "0,1,2.0"}, r"no voice modem: AT\+FCLASS=\? does not list 8"),
        ({"refused": ["+FCLASS"]}, r"AT\+FCLASS=\? was answered ERROR"),
        (
            {"sounds": [{"id": 77, "coding": "ulaw", "text": '77,"ODD",8,0,8000,0,0'}]},
            r"no sample format in common: the modem offers \+VSM 77, profile USR 5637 knows 128 or 129, at 8000 Hz",
        ),
    ],
)
def test_a_modem_that_cannot_serve_says_why(habits: dict[str, object], message: str) -> None:
    with pytest.raises(LineError, match=message):
        SimulatedLine("usr5637", name="wall", habits=habits).open()


@pytest.mark.parametrize("habit", ["refused", "unanswered"])
def test_what_a_modem_can_do_without_it_goes_without(habit: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"), SimulatedLine("usr5637", habits={habit: ["+VIT"]}) as line:
        Desk(line).ring()
    assert "AT+VIT=0" in caplog.text
    assert "going on without" in caplog.text


def test_a_chip_that_lists_no_formats_is_taken_at_the_profiles_word(caplog: pytest.LogCaptureFixture) -> None:
    sounds = [{"id": 128, "coding": "unsigned8", "text": "?"}]
    with SimulatedLine("usr5637", habits={"sounds": sounds}) as line:
        Desk(line).ring()
    assert "does not list its sample formats" in caplog.text


def test_a_modem_that_hears_no_keys_while_playing_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with SimulatedLine("usr5637", habits={"labels": ['0,"",0,0,0', '1,"",0,0,0', '5,"",00001800,08001800,B8001800']}):
        assert "hears no keys while it plays" in caplog.text


def test_a_modem_that_will_not_go_off_hook_is_freed_and_asked_once_more(
    call: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = call("generic")
    desk.line.hang_up()
    desk.line.modem.start("record")  # it got stuck while nobody was looking
    desk.line.far.rings()
    desk.line.answer()
    assert "cannot go off-hook" in caplog.text
    assert desk.line.modem.exchange.is_off_hook


def test_a_modem_that_refuses_to_go_off_hook_at_all_is_lost(call: Callable[..., Desk]) -> None:
    desk = call("generic")
    desk.line.hang_up()
    desk.line.modem._commands._behaviour = desk.line.modem._behaviour.model_copy(update={"refused": ("+VLS",)})
    desk.line.far.rings()
    with pytest.raises(LineLost, match=r"cannot answer: AT\+VLS=1 was answered ERROR"):
        desk.line.answer()


def test_after_a_call_the_modem_waits_as_it_did_before_the_first(call: Callable[..., Desk]) -> None:
    desk = call("generic", ring="code", hangs_up_to_data=False)
    desk.listen(2)
    desk.line.hang_up()
    desk.line.far.rings("0789", "Ada")
    events = [event for _ in range(80) for event in desk.line.exchange(None).events]
    assert desk.line.modem._commands.voice_class == 0
    assert events == [Ringing(), CallerId("0789", "Ada")]


def test_the_modem_sounds_a_tone_of_its_own(call: Callable[..., Desk]) -> None:
    desk = call("usr5637")
    desk.line.beep(1000, 300)
    sounding = np.flatnonzero(desk.line.far.heard)
    assert sounding[-1] - sounding[0] == pytest.approx(2400, abs=10)


def test_a_call_on_a_modem_runs_far_faster_than_the_clock(call: Callable[..., Desk], prompt: Samples) -> None:
    desk = call("usr5637")
    assert not desk.line.capabilities.realtime
    desk.say(prompt)
    assert desk.line.modem.clock > 2 * 8000


@pytest.mark.parametrize("profile", ["usr5637", "cx930xx-duplex"])
def test_a_flash_is_a_flash_and_the_call_goes_on(call: Callable[..., Desk], prompt: Samples, profile: str) -> None:
    desk = call(profile)
    desk.say(prompt[:4000])
    desk.line.flash()
    desk.listen(1)
    desk.line.far.speaks(prompt[:4000])
    desk.listen(1)
    assert desk.line.far.flashes == 1
    assert desk.endings == []
    assert _contains(np.concatenate(desk.heard), prompt[:4000])
    assert desk.clock == pytest.approx(desk.line.modem.clock - desk.answered, abs=5 * FRAME_SAMPLES)


def test_a_flash_on_hook_is_refused(call: Callable[..., Desk]) -> None:
    desk = call("generic")
    desk.line.hang_up()
    with pytest.raises(IllegalTransition, match="cannot flash on-hook"):
        desk.line.flash()


def test_underruns_are_troubles_of_the_call(call: Callable[..., Desk], prompt: Samples) -> None:
    desk = call("generic")
    assert desk.line.troubles == ""
    desk.say(prompt[:3200])
    desk.line.modem.advance_to(desk.line.modem.clock + 8000)  # the box stalls for a second
    desk.say(prompt[3200:])
    assert desk.line.troubles == "1 underruns"
    desk.line.hang_up()
    assert desk.line.troubles == "1 underruns"


def test_the_profile_is_found_by_the_usb_id_when_the_port_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SimulatedLine("usr5637")
    line = Modem("/dev/serial/by-id/usb-0", open_wire=lambda: SimWire(made.modem))
    monkeypatch.setattr("ivrbox.lines.modem.usb_id", lambda port: {"/dev/serial/by-id/usb-0": "0baf:0303"}[port])
    with line:
        assert line._profile.title == "USR 5637"


def test_on_hook_the_port_is_waited_on_once_in_four_frames_and_a_ring_is_heard() -> None:
    made = SimulatedLine("generic")
    wire = LiveWire(made.modem)
    with Modem("live", profile="generic", open_wire=lambda: wire) as line:
        began, wire.waits = wire.now(), 0
        for _ in range(200):
            assert line.exchange(None).events == ()
        assert wire.waits == 50
        assert wire.now() - began == pytest.approx(4, abs=0.1)
        made.far.rings()
        events = [event for _ in range(10) for event in line.exchange(None).events]
        assert events == [Ringing()]
