"""`ivrbox check` tells everything that is wrong in one run, errors and warnings apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from ivrbox.cli import check as checking
from ivrbox.cli.app import ivrbox
from ivrbox.dsp.tones import keys
from ivrbox.flows.schema import flow_schema
from ivrbox.lines import catalog
from ivrbox.prompts import Clip
from ivrbox.prompts.cache import Cache
from ivrbox.prompts.wavfile import write_wav

if TYPE_CHECKING:
    from click.testing import Result

SHIPPED = Path(__file__).parents[2] / "config"
SETTINGS = '[call]\nentry = "main"\n'
PLAYBACK = "this box keeps the key to its recordings: whoever takes or breaks into it can hear them"
FLOW = '[steps.ask]\nprompt = "Hello."\nthen = { hangup = true }\n'


class Mute:
    """A voice that is installed and need not speak."""

    name = "mute"

    def available(self) -> bool:
        return True

    def speak(self, text: str) -> Clip:
        return Clip(np.zeros(800, np.int16), text)


@pytest.fixture(autouse=True)
def _voice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "best_voice", lambda _: Mute())


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    for name in ("flows", "functions", "prompts"):
        (folder / name).mkdir(parents=True)
    (folder / "ivrbox.toml").write_text(SETTINGS)
    (folder / "flows" / "main.toml").write_text(FLOW)
    return folder


def check(config: Path, *more: str) -> Result:
    return CliRunner().invoke(ivrbox, ["--config", str(config), "--data", str(config.parent / "data"), "check", *more])


def checked(config: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(check(config, "--json").output)
    return report


def test_sound_configuration_is_told_with_its_voice(config: Path) -> None:
    ran = check(config)
    assert ran.exit_code == 0
    assert ran.output == "1 flow, no errors, no warnings\nvoice: mute\n"


def test_shipped_configuration_is_sound(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "config")
    ran = check(tmp_path / "config")
    assert (ran.exit_code, ran.output) == (0, "4 flows, no errors, no warnings\nvoice: mute\n")


def test_errors_and_warnings_stand_apart_and_errors_exit_with_1(config: Path) -> None:
    (config / "ivrbox.toml").write_text('[call]\nentry = "mian"\n[recording]\nlocal_playback = true\n')
    (config / "flows" / "main.toml").write_text(
        '[steps.ask]\nprompt = "Hello."\ndtmf = { digits = 40 }\nthen = { hangup = true }\n'
    )
    (config / "flows" / "more.toml").write_text(FLOW + '[steps.b]\nthen = "ask"\n')
    ran = check(config)
    assert ran.exit_code == 1
    assert ran.output.splitlines() == [
        "error: main.toml:3: steps.ask.dtmf.digits: must be 1 to 32, not 40",
        'error: ivrbox.toml:2: call.entry: there is no flow "mian"; did you mean main?',
        "warning: more.toml:4: steps.b: is never reached: nothing leads to it",
        f"warning: ivrbox.toml:4: recording.local_playback: {PLAYBACK}",
        "2 flows, 2 errors, 2 warnings",
        "voice: mute",
    ]


def test_warnings_alone_exit_with_0(config: Path) -> None:
    (config / "flows" / "main.toml").write_text(FLOW + '[steps.b]\nthen = "ask"\n')
    assert check(config).exit_code == 0


def test_broken_settings_do_not_hide_the_flows_faults(config: Path) -> None:
    (config / "ivrbox.toml").write_text("[call\n")
    (config / "flows" / "main.toml").write_text("[steps\n")
    report = checked(config)
    assert [(fault["file"], fault["severity"]) for fault in report["faults"]][:2] == [
        ("main.toml", "error"),
        ("ivrbox.toml", "error"),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('[line]\nkind = "usb"', "4: line.kind: no kind of line is named 'usb'; there are loopback, usb_audio, modem"),
        ('[line]\nkind = "tape"', "4: line.kind: no kind of line is named 'tape'; there are loopback, "),
        ('[line]\nkind = "modem"', "3: line.options.port: is missing"),
        ('[line]\nkind = "modem"\noptions = { port = 5 }', "5: line.options.port: must be a text in quotes, not 5"),
        (
            '[line]\nkind = "modem"\noptions = { port = "/dev/x", profile = "usr5673" }',
            "5: line.options: no modem profile is named 'usr5673' in ",
        ),
        ('[line]\noptions = { realtime = "x" }', "4: line.options.realtime: must be true or false, not 'x'"),
        (
            '[line]\nkind = "usb_audio"\n[line.options]\nrate = "fast"\nstall_s = 90',
            "6: line.options.rate: must be a whole number, not 'fast'",
        ),
        (
            '[line]\nkind = "usb_audio"\noptions = { country = "zz" }',
            "5: line.options.country: must be one of ",
        ),
        (
            '[recording]\nrecipients = ["age1foo"]',
            "4: recording.recipients[1]: recipient 'age1foo'",
        ),
    ],
)
def test_line_and_recipients_are_checked_as_a_run_would(config: Path, line: str, fault: str) -> None:
    (config / "ivrbox.toml").write_text(SETTINGS + line)
    ran = check(config)
    assert ran.exit_code == 1
    assert f"error: ivrbox.toml:{fault}" in ran.output


def test_line_whose_libraries_are_not_here_is_a_warning(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = catalog.Adapter("ivrbox_library_that_is_absent", "Line", extra="modem")
    monkeypatch.setitem(catalog.ADAPTERS, "modem", absent)
    (config / "ivrbox.toml").write_text(f'{SETTINGS}[line]\nkind = "modem"\n')
    ran = check(config)
    assert ran.exit_code == 0
    assert "warning: ivrbox.toml:4: line.kind: its options are not checked on this machine" in ran.output


@pytest.mark.parametrize("settings", ["[call\n", "[call]\n", SETTINGS + "[prompts]\nvoice = 5\n"])
def test_broken_settings_raise_no_false_alarm_about_the_voice(config: Path, settings: str) -> None:
    (config / "ivrbox.toml").write_text(settings)
    ran = check(config)
    assert ran.exit_code == 1
    assert "no voice" not in ran.output
    assert ran.output.endswith("voice: mute\n")


def test_scenarios_are_checked_as_well(config: Path) -> None:
    (config / "scenarios").mkdir()
    bad = "abuot = 1\nscript = [{ waits = 1 }]\n[expect]\nmessages = 0\n"
    (config / "scenarios" / "bad.toml").write_text(bad)
    (config / "scenarios" / "lost.toml").write_text(bad.replace("abuot = 1", 'flow = "mian"'))
    report = checked(config)
    assert not report["ok"]
    assert [(fault["file"], fault["message"], fault["path"]) for fault in report["faults"]] == [
        ("scenarios/bad.toml", "is not known here; did you mean about?", str(config / "scenarios" / "bad.toml")),
        ("scenarios/lost.toml", "no flow is named 'mian'; there are main", str(config / "scenarios" / "lost.toml")),
    ]


@pytest.mark.parametrize("name", ["welcome.mp3", "Welcome.WAV.ogg", "a/b.flac"])
def test_prompt_that_is_the_name_of_a_file_is_told_to_be_spoken_as_a_text(config: Path, name: str) -> None:
    (config / "flows" / "main.toml").write_text(FLOW.replace("Hello.", name))
    report = checked(config)
    assert [(fault["line"], fault["severity"]) for fault in report["faults"]] == [(2, "warning")]
    assert "is spoken as a text: sound files must be .wav" in report["faults"][0]["message"]


def test_nothing_at_all_is_told_in_words(tmp_path: Path) -> None:
    ran = check(tmp_path / "nowhere")
    assert ran.exit_code == 1
    assert "ivrbox.toml: is missing from" in ran.output
    assert "holds no .toml file" in ran.output


def test_json_tells_editors_where_each_fault_is(config: Path) -> None:
    (config / "flows" / "main.toml").write_text('[steps.ask]\npromt = "Hello."\n')
    (config / "functions" / "main.py").write_text("def f(:\n")
    (config / "prompts" / "a.wav").write_bytes(b"RIFF____WAVE")
    report = checked(config)
    assert not report["ok"]
    assert report["faults"][0] == {
        "file": "main.toml",
        "line": 2,
        "key": "steps.ask.promt",
        "message": "is not known here; did you mean prompt?",
        "severity": "error",
        "path": str(config / "flows" / "main.toml"),
    }
    assert {fault["path"] for fault in report["faults"]} == {
        str(config / "flows" / "main.toml"),
        str(config / "prompts" / "a.wav"),
    }


def test_schema_is_printed_without_a_look_at_the_configuration(tmp_path: Path) -> None:
    ran = check(tmp_path / "nowhere", "--schema")
    assert ran.exit_code == 0
    assert json.loads(ran.output) == flow_schema()


def test_missing_voice_is_a_warning(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "best_voice", lambda _: None)
    ran = check(config)
    assert ran.exit_code == 0
    assert "warning: ivrbox.toml: prompts.voice: no voice is installed" in ran.output
    assert ran.output.endswith("voice: none\n")


def test_prompt_that_sounds_like_keys_is_told(config: Path) -> None:
    write_wav(config / "prompts" / "jingle.wav", keys("5"))
    write_wav(config / "prompts" / "quiet.wav", np.zeros(16000, np.int16), 16000)
    report = checked(config)
    assert [(fault["file"], fault["message"].split(" at ")[0]) for fault in report["faults"]] == [
        ("jingle.wav", "sounds like keys to the box (5"),
        ("quiet.wav", "has 16000 Hz: is resampled to 8000 Hz"),
    ]
    assert report["ok"]


def test_text_that_was_spoken_before_is_listened_to_as_well(config: Path) -> None:
    Cache(config.parent / "data" / "prompts").store(Clip(keys("5"), "Hello."), "mute")
    [fault] = checked(config)["faults"]
    assert fault["file"] == '"Hello." as mute speaks it'
