"""The modem line on a real serial port, as far as a pseudo-terminal is one: opened, shared, pulled out, put back.

The modem at its other end runs several times faster than real time, so that these few tests stay short.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from ivrbox.cli.app import ivrbox
from ivrbox.cli.modem_sim import modem_sim
from ivrbox.errors import LineError, LineLost
from ivrbox.lines.line import SILENCE, CallerId, Digit, RemoteHungUp, Ringing
from ivrbox.lines.modem import Modem
from ivrbox.lines.modem_profile import read_profile
from ivrbox.lines.modem_sim import SimModem
from ivrbox.lines.modem_sim_pty import PtyModem
from ivrbox.lines.modem_sim_spec import behaviour_of
from ivrbox.lines.modem_wire import ByteRing, usb_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivrbox.lines.line import LineEvent

BRISK = """
base = "generic"
[start]
gap_ms = 0
[hook]
settle_ms = 0
[pace]
stall_ms = 3000
"""


@contextmanager
def plugged_in(link: Path, speed: float = 1.0) -> Iterator[SimModem]:
    """A simulated modem behind this name, run by a thread of its own."""
    modem = SimModem(behaviour_of(read_profile("generic"), "generic"))
    stop = threading.Event()
    with PtyModem(modem, link, speed=speed) as port:
        runner = threading.Thread(target=port.run, args=(stop,))
        runner.start()
        try:
            yield modem
        finally:
            stop.set()
            runner.join()


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "ttyV0"


@pytest.fixture
def line(port: Path, tmp_path: Path) -> Modem:
    (tmp_path / "brisk.toml").write_text(BRISK)
    return Modem(str(port), name="wall", profile=str(tmp_path / "brisk.toml"))


def _until(line: Modem, kind: type[LineEvent], said: np.ndarray | None, frames: int = 400) -> list[LineEvent]:
    events: list[LineEvent] = []
    for _ in range(frames):
        events += line.exchange(said).events
        if any(isinstance(event, kind) for event in events):
            return events
    pytest.fail(f"no {kind.__name__} within {frames} frames")


def test_a_call_in_real_time_over_a_serial_port(port: Path, line: Modem) -> None:
    tone = (8000 * np.sin(np.arange(160) * 2 * np.pi * 400 / 8000)).astype(np.int16)
    with plugged_in(port) as modem, line:
        assert line.capabilities.realtime
        modem.far.rings("0123", "Ada")
        events = _until(line, CallerId, None)
        assert events == [Ringing(), CallerId("0123", "Ada")]
        line.answer()
        for _ in range(15):
            line.exchange(tone)
        modem.far.presses("5", ms=100)
        assert Digit("5") in _until(line, Digit, tone)
        modem.far.presses("6", ms=100)
        assert Digit("6") in _until(line, Digit, SILENCE)
        modem.far.hangs_up()
        (ending,) = _until(line, RemoteHungUp, SILENCE)
        assert isinstance(ending, RemoteHungUp)
        assert ending.reason == "loop_break"
        heard = modem.far.heard
    assert np.count_nonzero(np.abs(heard) > 1000) > 1200  # half of what was said before the key cut it


def test_a_port_that_is_not_there_names_those_that_are(line: Modem) -> None:
    with pytest.raises(LineError, match=r"wall: .*ttyV0 cannot be opened: there is no such port; there are "):
        line.open()


def test_a_port_in_use_is_told(port: Path, line: Modem, tmp_path: Path) -> None:
    other = Modem(str(port), name="other", profile=str(tmp_path / "brisk.toml"))
    with plugged_in(port, speed=5), line, pytest.raises(LineError, match=r"other: .* another program has locked it"):
        other.open()


def test_a_file_that_is_no_port_is_told(port: Path, line: Modem) -> None:
    port.write_text("")
    with pytest.raises(LineError, match=r"wall: .*ttyV0 cannot be opened: .*Inappropriate ioctl"):
        line.open()


@pytest.mark.parametrize("profile", ["auto", "generic"])
def test_a_name_that_leads_nowhere_is_told(port: Path, profile: str) -> None:
    port.symlink_to(port)
    with pytest.raises(LineError, match=r"wall: .*ttyV0 cannot be opened: its links lead round in a circle"):
        Modem(str(port), name="wall", profile=profile).open()
    with pytest.raises(LineError, match=r"wall: .* cannot be opened: .*null"):
        Modem("tty\0V0", name="wall", profile=profile).open()


def _told(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> threading.Event:
    """Set once this method of a class has been carried out again."""
    told = threading.Event()
    original = getattr(owner, name)

    def carry_out(self: object) -> None:
        original(self)
        told.set()

    monkeypatch.setattr(owner, name, carry_out)
    return told


def test_a_modem_pulled_out_is_a_lost_line_and_one_put_back_is_opened_again(
    port: Path, line: Modem, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugged_in(port, speed=5) as modem, line:
        modem.far.rings()
        _until(line, Ringing, None)
        line.answer()
        line.exchange(SILENCE)
        modem.far.cuts_wire()
        with pytest.raises(LineLost, match="wall: cannot exchange: the port has gone"):
            _until(line, RemoteHungUp, SILENCE)
        line.hang_up()
        line.close()
        is_back = _told(monkeypatch, PtyModem, "_plug_in")
        modem.far.mends_wire()
        assert is_back.wait(10)
        line.open()
        modem.far.rings("77")
        assert _until(line, CallerId, None)[-1] == CallerId("77")


def test_closing_the_port_hangs_up(port: Path, line: Modem, monkeypatch: pytest.MonkeyPatch) -> None:
    dropped = _told(monkeypatch, SimModem, "port_closed")
    with plugged_in(port, speed=5) as modem:
        line.open()
        line.answer()
        was_off_hook = modem.exchange.is_off_hook
        assert line._connection is not None
        line._connection.close()  # the process dies
        assert dropped.wait(10)
        assert [was_off_hook, modem.exchange.is_off_hook] == [True, False]


def test_the_link_is_gone_with_the_modem_and_a_stale_one_is_replaced(port: Path) -> None:
    port.symlink_to("/dev/pts/99999")
    with plugged_in(port):
        assert os.path.exists(os.path.realpath(port))  # noqa: PTH110 - follows the link, as a program would
    assert not port.is_symlink()


def test_a_link_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(LineError, match=r"nowhere/tty: cannot be made a link to /dev/pts/\d+: No such file"):
        PtyModem(SimModem(behaviour_of(read_profile("generic"), "g")), tmp_path / "nowhere/tty").__enter__()


def test_a_name_that_is_taken_by_a_file_is_not_overwritten(port: Path) -> None:
    port.write_text("mine")
    with pytest.raises(LineError, match="cannot be made a link"), plugged_in(port):
        pass
    assert port.read_text() == "mine"


def test_the_ring_is_bounded_and_counts_what_it_drops() -> None:
    ring = ByteRing(10)
    for piece in (b"abcd", b"efgh", b"ijkl"):
        ring.put(piece)
    assert ring.take_lost() == 4
    assert ring.take_lost() == 0
    assert ring.take(0) == b"efghijkl"
    assert ring.take(0) == b""


def test_what_came_before_the_port_broke_is_still_read() -> None:
    ring = ByteRing()
    ring.put(b"last words")
    ring.break_off(OSError("gone"))
    assert ring.take(0) == b"last words"
    with pytest.raises(OSError, match="gone"):
        ring.take(60)


def test_a_port_that_is_not_on_usb_has_no_usb_id(port: Path) -> None:
    assert usb_id(str(port)) == ""


def test_the_command_is_a_modem_and_does_as_its_script_says(port: Path, tmp_path: Path) -> None:
    said = tmp_path / "said.wav"
    lines = ["ring 0123 Ada", "wait 0.5", "press 12", "hang-up", "unplug", "plug", f"save {said}"]
    arguments = ["--link", str(port), "--speed", "20", "--profile", "usr5637", "--habit", "stop_delay_ms=5"]
    for line in lines:
        arguments += ["--do", line]
    result = CliRunner().invoke(modem_sim, arguments, input="wait 0.1\nsing\nsay missing.wav\nquit\n")
    assert result.exit_code == 0
    assert "USR 5637, simulated, on" in result.output
    assert "modem-sim: sing: no such verb; there are ring, press, say" in result.output
    assert "modem-sim: say missing.wav:" in result.output
    assert said.exists()
    assert not port.is_symlink()


def test_a_habit_without_a_value_is_told(port: Path) -> None:
    result = CliRunner().invoke(modem_sim, ["--link", str(port), "--habit", "slow"])
    assert result.exit_code == 2
    assert "must be NAME=VALUE" in result.output


def test_a_verb_that_is_none_is_told_before_the_modem_is_there(port: Path) -> None:
    result = CliRunner().invoke(modem_sim, ["--link", str(port), "--do", "ring 1", "--do", "dance"])
    assert result.exit_code == 2
    assert "'dance': no such verb; there are ring, press" in result.output
    assert "simulated, on" not in result.output


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("press Q", "Q"),
        ("say /nowhere/x.wav", "/nowhere/x.wav"),
        ("wait x", "must be a number of seconds, answered or hung-up, not 'x'"),
        ("wait -1", "must be a number of seconds, answered or hung-up, not '-1'"),
        ("save /nowhere/x.wav", "No such file or directory"),
    ],
)
def test_fault_in_what_was_to_be_done_ends_the_modem_with_2(tmp_path: Path, line: str, words: str) -> None:
    arguments = ["--link", str(tmp_path / "ttyV0"), "--do", line, "--do", "quit"]
    result = CliRunner().invoke(modem_sim, arguments)
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].startswith(f"ivrbox: --do {line}: ")
    assert words in result.output


@pytest.mark.parametrize(
    ("habit", "words"),
    [
        ("stop_delay_ms=abc", "must be a whole number, not 'abc'"),
        ("stop_delay_ms=-5", "must be greater than or equal to 0, not -5"),
        ("mute=5", "must be true or false, not 5"),
    ],
)
def test_habit_that_cannot_be_is_told_in_our_words(tmp_path: Path, habit: str, words: str) -> None:
    result = CliRunner().invoke(ivrbox, ["modem-sim", "--link", str(tmp_path / "ttyV0"), "--habit", habit])
    assert result.exit_code == 2
    assert words in result.output
