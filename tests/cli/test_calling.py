"""The commands that take calls, as a user runs them."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from ivrbox.cli.app import ivrbox
from ivrbox.prompts.wavfile import write_wav
from tests.conftest import Mumble, write_config

if TYPE_CHECKING:
    from pathlib import Path

FLOW = """
[steps.consent]
prompt = "Press 1."
dtmf = { digits = 1, first_digit_timeout = 2 }
on.1 = { discard_recording = true, say = "You are not recorded.", hangup = true }
on.no_input = { say = "You are recorded.", hangup = true }
"""
SETTINGS = '[call]\nentry = "main"\n[line]\nrings = 1\n'


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr("ivrbox.appliance.wiring.best_voice", lambda _: Mumble())
    config = write_config(tmp_path / "config", {"ivrbox.toml": SETTINGS, "main.toml": FLOW})
    return ["--config", str(config), "--data", str(tmp_path / "data")]


def test_the_demo_without_a_terminal_shows_an_opted_out_call(places: list[str], tmp_path: Path) -> None:
    ran = CliRunner().invoke(ivrbox, ["demo", *places])
    assert ran.exit_code == 0, ran.output
    assert "recording  discarded" in ran.output
    assert "You are not recorded." in ran.output
    assert "No file of this call's sound exists." in ran.output
    assert list((tmp_path / "data" / "recordings").iterdir()) == []


def test_the_demo_can_speak_json(places: list[str]) -> None:
    ran = CliRunner().invoke(ivrbox, ["demo", "--json", *places])
    record = json.loads(ran.stdout)
    assert [turn["text"] for turn in record["turns"] if turn["role"] == "user"] == ["1"]
    assert record["recording"] == "discarded"


def test_the_demo_enters_the_flow_that_is_asked_for(places: list[str], tmp_path: Path) -> None:
    hello = '[steps.greeting]\nprompt = "Good day."\nthen = { hangup = true }\n'
    (tmp_path / "config/flows/hello.toml").write_text(hello)
    ran = CliRunner().invoke(ivrbox, ["demo", "--flow", "hello", *places])
    assert ran.exit_code == 0, ran.output
    assert "Good day." in ran.output
    assert "Press 1." not in ran.output


def test_places_may_stand_before_the_command_in_the_environment_or_after_it(
    places: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = str(tmp_path / "other")
    monkeypatch.setenv("IVRBOX_DATA", other)
    assert CliRunner().invoke(ivrbox, ["demo", *places[:2]]).exit_code == 0
    assert (tmp_path / "other" / "calls.db").exists()
    assert CliRunner().invoke(ivrbox, [*places, "demo"]).exit_code == 0
    assert (tmp_path / "data" / "calls.db").exists(), "what is typed wins over the environment"


def test_nothing_is_written_outside_the_data_folder(places: list[str], tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if "data" not in path.parts}
    ran = CliRunner().invoke(ivrbox, ["demo", *places])
    assert ran.exit_code == 0
    data = tmp_path / "data"
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if data not in (path, *path.parents)}
    assert after == {path: when for path, when in before.items() if data not in (path, *path.parents)}


def test_a_tape_of_silence_is_a_call_without_input(places: list[str], tmp_path: Path) -> None:
    tape = tmp_path / "caller.wav"
    write_wav(tape, np.zeros(8000, dtype=np.int16))
    ran = CliRunner().invoke(ivrbox, ["call", "--tape", str(tape), "--caller", "5550100", *places])
    assert ran.exit_code == 0, ran.output
    assert "no_input" in ran.output
    assert "5550100" in ran.output
    assert "kept" in ran.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_appliance_stops_at_a_signal_with_exit_code_0(places: list[str], number: signal.Signals) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "ivrbox", *places, "run"], stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert running.stderr is not None
    with running, running.stderr as told:
        lines = []
        for line in told:
            lines.append(line)
            if "waiting for calls" in line:
                running.send_signal(number)
        assert running.wait(20) == 0, lines
    assert lines[-1] == "ivrbox: stopped\n"


def read_until(terminal: int, words: str) -> str:
    """Read what the terminal shows until these words are in it, colours and cursor moves left out."""
    shown = ""
    while words not in (plain := re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)):
        shown += os.read(terminal, 4096).decode(errors="replace")
    return plain


@pytest.mark.parametrize("keys", [b"xh", b"\x03"])
def test_a_caller_at_the_terminal_can_hang_up(places: list[str], keys: bytes) -> None:
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the other process
        os.execv(sys.executable, [sys.executable, "-m", "ivrbox", *places, "demo"])
    read_until(terminal, "speaking")
    os.write(terminal, keys)
    assert "hangup" in end_of(child, terminal)


def end_of(child: int, terminal: int) -> str:
    """All that is shown until the command ends, which it must do well."""
    shown = b""
    with suppress(OSError):  # the terminal is gone once the command has ended
        while piece := os.read(terminal, 4096):
            shown += piece
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0
    return shown.decode(errors="replace")


def test_at_a_terminal_the_keyboard_is_a_telephone(places: list[str]) -> None:
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the other process
        os.execv(sys.executable, [sys.executable, "-m", "ivrbox", *places, "demo"])
    read_until(terminal, "listening")
    os.write(terminal, b"1")
    shown = end_of(child, terminal)
    assert "key destroyed, memory zeroed" in shown
    assert "No file of this call's sound exists." in shown


def test_terminal_that_knows_no_dots_shows_the_call_all_the_same(places: list[str], tmp_path: Path) -> None:
    (tmp_path / "config/flows/main.toml").write_text(FLOW.replace("You are recorded.", "Schön — … ☎"), "utf-8")
    tape = tmp_path / "caller.wav"
    write_wav(tape, np.zeros(800, dtype=np.int16))
    poor = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "ivrbox", "call", "--tape", str(tape), *places]
    ran = subprocess.run(command, env=poor, capture_output=True, text=True, check=False)
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr
    assert "Sch?n ? ? ?" in ran.stdout


def test_calls_since_a_day_to_come_are_none_and_not_said_to_be_none_at_all(places: list[str]) -> None:
    assert CliRunner().invoke(ivrbox, ["demo", *places]).exit_code == 0
    ran = CliRunner().invoke(ivrbox, ["calls", "--since", "2099-01-01", *places])
    assert ran.output == "No call began since 2099-01-01 00:00:00.\n"


@pytest.mark.parametrize("columns", ["40", "80"])
def test_no_screen_is_too_narrow_for_a_calls_name_and_its_end(places: list[str], columns: str) -> None:
    demo = CliRunner().invoke(ivrbox, ["demo", "--json", *places])
    ran = CliRunner().invoke(ivrbox, ["calls", *places], env={"COLUMNS": columns})
    record = json.loads(demo.stdout)
    assert ran.output.splitlines()[1].startswith(record["id"])
    assert ran.output.rstrip().endswith(record["ended"])
