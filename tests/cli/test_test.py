"""`ivrbox test`: scenarios pass, fail with the call laid open, and are exact to the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from ivrbox.cli.app import ivrbox
from tests.conftest import Mumble, write_config

if TYPE_CHECKING:
    from pathlib import Path

FLOW = """
    [steps.menu]
    prompt = "For one, press 1. For two, press 2."
    dtmf = { digits = 1, first_digit_timeout = 3, retries = 0 }
    on.1 = { say = "One.", hangup = true }
    on.2 = { say = "Two.", hangup = true }
    on_fail = { say = "Sorry.", hangup = true }

    [steps.never]
    prompt = "Nobody comes here."
    then = { hangup = true }
"""

ONE = """
    about = "the first branch"
    script = [{ hears = "press 1" }, { presses = "1", at = "0.5 s after the prompt" }]
    [expect]
    digits = ["1"]
    recording = "kept"
    ended = "completed"
"""


def run(folder: Path, scenarios: dict[str, str], *options: str) -> tuple[int, str]:
    files = {f"scenarios/{name}.toml": text for name, text in scenarios.items()}
    config = write_config(folder / "config", {"main.toml": FLOW, **files})
    ran = CliRunner().invoke(ivrbox, ["test", *options, "--config", str(config), "--data", str(folder / "data")])
    return ran.exit_code, ran.output


@pytest.fixture(autouse=True)
def _mumbling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivrbox.appliance.wiring.best_voice", lambda _: Mumble())


def test_what_is_as_expected_passes(tmp_path: Path) -> None:
    code, output = run(tmp_path, {"one": ONE})
    assert code == 0, output
    assert "passed one" in output
    assert "1 passed, 0 failed" in output


def test_what_is_otherwise_fails_and_shows_the_call(tmp_path: Path) -> None:
    wrong = ONE.replace('digits = ["1"]', 'digits = ["2"]\npath = ["main.menu", "main.never"]')
    code, output = run(tmp_path, {"one": wrong})
    assert code == 1
    assert "digits: expected '2', not '1'" in output
    assert "path: expected 'main.menu', 'main.never', not 'main.menu'" in output
    assert "presses 1" in output
    assert "says 'One.'" in output
    assert "call ends: completed" in output


@pytest.mark.parametrize(
    ("at", "outcome"), [("2.990 s after the prompt", "complete"), ("3.010 s after the prompt", "no_input")]
)
def test_a_key_ten_ms_before_a_timeout_counts_and_ten_ms_after_it_does_not(
    tmp_path: Path, at: str, outcome: str
) -> None:
    scenario = f"""
        script = [{{ hears = "press 1" }}, {{ presses = "1", at = "{at}" }}]
        [expect]
        outcomes = ["{outcome}"]
    """
    code, output = run(tmp_path, {"edge": scenario})
    assert code == 0, output


def test_a_moment_that_has_passed_is_told(tmp_path: Path) -> None:
    scenario = """
        script = [{ hears = "press 1" }, { waits = 1 }, { presses = "1", at = "0.3 s into the prompt" }]
        [expect]
        ended = "completed"
    """
    code, output = run(tmp_path, {"late": scenario})
    assert code == 1
    assert "0.3 s into the prompt has passed 0.6" in output


def test_words_that_are_never_said_are_told_with_what_was(tmp_path: Path) -> None:
    code, output = run(tmp_path, {"deaf": 'script = [{ hears = "For three" }]\n[expect]\nended = "completed"\n'})
    assert code == 1
    assert "the box has hung up and never said 'For three'" in output
    assert "says 'Sorry.'" in output


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            'script = [{ press = "1" }]\n[expect]\nended = "hangup"',
            "bad.toml:1: script[1].press: is not known here; did you",
        ),
        ('script = [{ presses = "1x" }]\n[expect]\nended = "hangup"', 'must be keys (0-9 * # A-D), not "1x"'),
        ('script = [{ waits = 1, hears = "a" }]\n[expect]\nended = "hangup"', "must have one of hears"),
        (
            'script = [{ presses = "1", at = "soon" }]\n[expect]\nended = "hangup"',
            'must be such as "0.3 s into the prompt"',
        ),
        (
            'script = [{ waits = 1 }]\n[expect]\nrecording = "kpt"',
            'bad.toml:3: expect.recording: must be "off", "kept"',
        ),
        ('script = [{ waits = 1 }]\n[expect]\nended = "exploded"', 'bad.toml:3: expect.ended: must be "completed", "h'),
        (
            'script = [{ waits = 1 }]\n[expect]\noutcomes = ["complete", "cmplete"]',
            'bad.toml:3: expect.outcomes[2]: must be "complete", "end_key"',
        ),
        ("script = [{ waits = 1 }]\n[expect]", "must expect something"),
        ('script = []\n[expect]\nended = "hangup"', "script"),
    ],
)
def test_a_bad_scenario_is_named_with_its_key(tmp_path: Path, text: str, fault: str) -> None:
    code, output = run(tmp_path, {"bad": text})
    assert code == 2, output
    assert fault in output
    assert "Traceback" not in output


def test_a_scenario_that_does_not_exist_is_named_with_a_near_miss(tmp_path: Path) -> None:
    code, output = run(tmp_path, {"one": ONE}, "onee")
    assert code == 2
    assert "there is no scenario 'onee'; did you mean one?" in output.replace("\n", " ")


def test_junit_tells_passes_and_failures(tmp_path: Path) -> None:
    wrong = ONE.replace('"kept"', '"discarded"')
    code, _ = run(tmp_path, {"one": ONE, "wrong": wrong}, "--junit", str(tmp_path / "out.xml"))
    assert code == 1
    suite = ET.parse(tmp_path / "out.xml").getroot()  # noqa: S314 - our own file
    assert suite.attrib["tests"] == "2"
    assert suite.attrib["failures"] == "1"
    failure = suite.find("testcase[@name='wrong']/failure")
    assert failure is not None
    assert "recording: expected discarded, not kept" in failure.attrib["message"]


def test_coverage_names_what_no_scenario_took(tmp_path: Path) -> None:
    code, output = run(tmp_path, {"one": ONE}, "--coverage")
    assert code == 0
    missed = {line.split(": ")[1] for line in output.splitlines() if "never taken" in line}
    assert missed == {"main.menu.on.2", "main.menu.on_fail", "main.never", "main.never.then"}
    assert "2 of 6 steps and branches were taken" in output


def test_nothing_of_a_rehearsal_is_kept(tmp_path: Path) -> None:
    run(tmp_path, {"one": ONE})
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"prompts"}


def test_without_scenarios_it_is_said_where_they_were_looked_for(tmp_path: Path) -> None:
    code, output = run(tmp_path, {})
    assert code == 2
    assert output == f"ivrbox: {tmp_path / 'config' / 'scenarios'}: holds no scenario, such as NAME.toml\n"


def test_scenario_that_resembles_none_is_answered_with_the_list(tmp_path: Path) -> None:
    _, output = run(tmp_path, {"one": ONE, "two": ONE}, "nix")
    assert "there is no scenario 'nix'; there are one, two" in output
