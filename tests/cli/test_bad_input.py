"""Bad input gets one clear message that names file and key, exit code 2, and no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from ivrbox.cli.app import ivrbox
from ivrbox.errors import SealError
from ivrbox.prompts.wavfile import write_wav
from ivrbox.recordings.keys import read_identities

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = '[call]\nentry = "main"\n'
FLOW = '[steps.ask]\nprompt = "Press a key."\ndtmf = { digits = 1 }\non.complete = { hangup = true }\n'

BAD = {
    "broken TOML": ({"flows/main.toml": "[steps.ask\n"}, ["main.toml:1", "TOML"]),
    "broken settings": ({"ivrbox.toml": "[call\n"}, ["ivrbox.toml:1", "TOML"]),
    "no such step": ({"flows/main.toml": FLOW + '[steps.ask.then]\ngoto = "asc"\n'}, ["main.toml:6", "asc", "ask"]),
    "40 digits": (
        {"flows/main.toml": FLOW.replace("digits = 1", "digits = 40")},
        ["main.toml:3: steps.ask.dtmf.digits: must be 1 to 32, not 40"],
    ),
    "inter-digit timeout of 3000 s": (
        {"flows/main.toml": FLOW.replace("digits = 1", "inter_digit_timeout = 3000")},
        ["main.toml:3: steps.ask.dtmf.inter_digit_timeout", "60 seconds, not 3000"],
    ),
    "functions that do not compile": (
        {"functions/main.py": "def f(conv, flow:\n    pass\n"},
        ["main.py:1"],
    ),
    "entry flow missing": ({"ivrbox.toml": SETTINGS.replace("main", "mian")}, ["ivrbox.toml", "call.entry", "main"]),
    "misspelt setting": ({"ivrbox.toml": SETTINGS + "[line]\nring = 3\n"}, ["ivrbox.toml:4: line.ring", "rings"]),
}


def run(folder: Path, files: dict[str, str], *more: str) -> tuple[int, str]:
    for name, text in {"ivrbox.toml": SETTINGS, "flows/main.toml": FLOW, **files}.items():
        (folder / "config" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "config" / name).write_text(text)
    tape = folder / "caller.wav"
    if not tape.exists():
        write_wav(tape, np.zeros(8000, dtype=np.int16))
    places = ["--config", str(folder / "config"), "--data", str(folder / "data")]
    ran = CliRunner().invoke(ivrbox, [*places, "call", "--tape", str(tape), *more])
    return ran.exit_code, ran.output


@pytest.mark.parametrize(("files", "words"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_its_key(tmp_path: Path, files: dict[str, str], words: list[str]) -> None:
    code, output = run(tmp_path, files)
    assert code == 2, output
    assert "Traceback" not in output
    for word in words:
        assert word in output
    assert output.count("ivrbox: ") == 1


def test_two_faults_are_told_in_one_go(tmp_path: Path) -> None:
    files = {"flows/main.toml": FLOW.replace("digits = 1", "digits = 40"), "flows/other.toml": "[steps.x]\npromt = 1\n"}
    code, output = run(tmp_path, files)
    assert code == 2
    assert "main.toml:3" in output
    assert "other.toml:2" in output


def test_a_tape_that_is_no_sound_file(tmp_path: Path) -> None:
    (tmp_path / "caller.wav").write_bytes(b"this is not a sound file at all")
    code, output = run(tmp_path, {})
    assert code == 2
    assert "caller.wav" in output
    assert "Traceback" not in output


def test_no_configuration_at_all(tmp_path: Path) -> None:
    ran = CliRunner().invoke(ivrbox, ["demo", "--config", str(tmp_path / "none"), "--data", str(tmp_path / "data")])
    assert ran.exit_code == 2
    assert "ivrbox.toml" in ran.output
    assert str(tmp_path / "none") in ran.output


def test_a_flow_that_is_asked_for_and_does_not_exist(tmp_path: Path) -> None:
    code, output = run(tmp_path, {}, "--flow", "front-dsk")
    assert code == 2
    assert output.splitlines()[-1] == "ivrbox: no flow is named 'front-dsk'; there are main"


def test_scenario_that_calls_a_flow_that_does_not_exist_is_named(tmp_path: Path) -> None:
    scenario = 'flow = "mian"\nscript = [{ waits = 1 }]\n[expect]\nmessages = 0\n'
    run(tmp_path, {"scenarios/early.toml": scenario})
    places = ["--config", str(tmp_path / "config"), "--data", str(tmp_path / "data")]
    ran = CliRunner().invoke(ivrbox, [*places, "test"])
    assert (ran.exit_code, ran.output) == (2, "ivrbox: early.toml: flow: no flow is named 'mian'; there are main\n")


def test_country_of_a_keypad_is_blamed_on_its_option() -> None:
    ran = CliRunner().invoke(ivrbox, ["keypad", "--country", "zz"])
    assert (ran.exit_code, ran.output[:33]) == (2, "ivrbox: --country: must be one of")


def test_an_unknown_command_names_those_that_exist() -> None:
    ran = CliRunner().invoke(ivrbox, ["anser"])
    assert ran.exit_code == 2
    assert "demo" in ran.output


@pytest.mark.parametrize(
    "command",
    [
        "call --tape caller.wav --said",
        "draw main --output",
        "test --junit",
        "decode caller.wav --plot",
        "recordings export x",
    ],
)
@pytest.mark.parametrize(
    ("name", "words"), [("none/x.svg", "there is no folder"), ("config", "is a directory"), ("", "not empty")]
)
def test_file_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run(tmp_path, {})
    before = sorted(tmp_path.rglob("*"))
    ran = CliRunner().invoke(ivrbox, [*command.split(), name])
    assert ran.exit_code == 2, ran.output
    assert words in ran.output
    assert ran.output.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_full_medium_costs_the_drawing_and_one_line(tmp_path: Path) -> None:
    run(tmp_path, {})
    (tmp_path / "x.mmd").symlink_to("/dev/full")
    ran = CliRunner().invoke(
        ivrbox, ["--config", str(tmp_path / "config"), "draw", "main", "-o", str(tmp_path / "x.mmd")]
    )
    assert ran.exit_code == 2, ran.output
    assert ran.output == f"ivrbox: {tmp_path / 'x.mmd'}: cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    "command", ["keypad --seconds -1", "line-test --meter -5", "line-test --meter nan", "keypad --seconds inf"]
)
def test_time_that_cannot_pass_is_refused(command: str) -> None:
    ran = CliRunner().invoke(ivrbox, command.split())
    assert ran.exit_code == 2
    assert "is not in the range x>0" in ran.output


def test_address_and_empty_script_are_told_without_the_words_of_a_library(tmp_path: Path) -> None:
    _, told = run(tmp_path, {"ivrbox.toml": SETTINGS + '[events]\ntell = ["ftp://x"]\n'})
    assert "tell[1]: must be an address that begins with one of http" in told
    run(tmp_path, {"scenarios/empty.toml": "script = []\n[expect]\nmessages = 0\n"})
    ran = CliRunner().invoke(ivrbox, ["--config", str(tmp_path / "config"), "test"])
    assert ran.output == "ivrbox: empty.toml:1: script: must have at least 1 part, not a list\n"


def test_identity_that_is_none_is_told_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("age1qqq\n")
    with pytest.raises(SealError, match=r"x\.txt: holds no identity; must be an age identity file \(AGE"):
        read_identities(tmp_path / "x.txt")
