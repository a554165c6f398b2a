"""`ivrbox decode`: the keys in a sound file, the reasons of refusal, the picture, and clear words for bad input."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner, Result
from ear_signals import Pcm, keys, pcm, resampled

from ivrbox.cli.app import ivrbox
from ivrbox.prompts.wavfile import write_wav

if TYPE_CHECKING:
    from pathlib import Path

DIGITS = "159D*0#"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def dialled() -> Pcm:
    """Seven keys of 70 ms, then one too short to count."""
    rng = np.random.default_rng(8)
    good = keys(rng, DIGITS, length_ms=70.0, pause_ms=80.0, row_dbm0=-14.0, col_dbm0=-12.0)
    short = keys(rng, "5", length_ms=18.0, pause_ms=200.0)
    return np.concatenate([good.pcm(), short.pcm()])


@pytest.fixture
def matplotlib() -> None:
    """An extra: elsewhere than in CI a machine may be without it."""
    if importlib.util.find_spec("matplotlib") is None and not os.environ.get("CI"):
        pytest.skip("matplotlib, the plot extra, is not installed")


@pytest.fixture
def file(tmp_path: Path, dialled: Pcm) -> Path:
    write_wav(tmp_path / "dialled.wav", dialled)
    return tmp_path / "dialled.wav"


def _run(*words: object) -> Result:
    return CliRunner().invoke(ivrbox, ["decode", *map(str, words)], env={"COLUMNS": "120"})


def _digits(run: Result) -> str:
    assert run.exit_code == 0, run.output
    return "".join(key["digit"] for key in json.loads(run.stdout))


def test_keys_are_listed_with_their_figures(file: Path) -> None:
    run = _run(file)
    assert run.exit_code == 0
    assert f"keys heard: {DIGITS}" in run.output
    first = next(line for line in run.output.splitlines() if line.split()[:1] == ["1"])
    _, onset, length, row, column, twist, _ = first.split()
    assert 0.03 < float(onset) < 0.07
    assert abs(float(length) - 70) < 12
    assert abs(float(row) + 14) < 1
    assert abs(float(column) + 12) < 1
    assert abs(float(twist) - 2) < 1


def test_the_trace_names_the_reason_of_a_refusal(file: Path) -> None:
    run = _run(file, "--trace")
    assert run.exit_code == 0
    refused = [line for line in run.output.splitlines() if "too short" in line]
    assert refused
    assert refused[0].split()[0] == "5"
    assert run.output.count("taken") == len(DIGITS)


def test_json_has_the_same_keys_for_programs(file: Path) -> None:
    assert _digits(_run(file, "--json")) == DIGITS


def test_json_trace_has_the_refused_as_well(file: Path) -> None:
    found = json.loads(_run(file, "--json", "--trace").stdout)
    assert "".join(each["digit"] for each in found if each["accepted"]) == DIGITS
    assert any("too short" in each["reason"] for each in found if not each["accepted"])


def test_a_file_of_any_rate_is_decoded(tmp_path: Path, dialled: Pcm) -> None:
    write_wav(tmp_path / "fast.wav", pcm(resampled(dialled.astype(float), 0.5)), 16000)
    assert _digits(_run(tmp_path / "fast.wav", "--json")) == DIGITS


@pytest.mark.parametrize(("channel", "digits"), [("left", DIGITS), ("right", ""), ("mix", DIGITS)])
def test_of_a_stereo_recording_the_caller_is_taken(tmp_path: Path, dialled: Pcm, channel: str, digits: str) -> None:
    write_wav(tmp_path / "call.wav", np.column_stack([dialled, np.zeros_like(dialled)]))
    assert _digits(_run(tmp_path / "call.wav", "--json", "--channel", channel)) == digits
    assert _digits(_run(tmp_path / "call.wav", "--json")) == DIGITS


def test_silence_is_told_in_a_sentence(tmp_path: Path) -> None:
    write_wav(tmp_path / "quiet.wav", np.zeros(8000, dtype=np.int16))
    assert _run(tmp_path / "quiet.wav").output == "quiet.wav: no keys in 1.0 s\n"
    assert _run(tmp_path / "quiet.wav", "--trace").output == "quiet.wav: no candidates\n"
    assert _run(tmp_path / "quiet.wav", "--json").output == "[]\n"


def test_narrow_screen_cuts_no_figure(file: Path) -> None:
    narrow, wide = (
        CliRunner().invoke(ivrbox, ["decode", str(file), "--trace"], env={"COLUMNS": columns}).output
        for columns in ("40", "300")
    )
    assert narrow.split() == wide.split()


@pytest.mark.usefixtures("matplotlib")
def test_an_empty_sound_is_no_fault(tmp_path: Path) -> None:
    write_wav(tmp_path / "empty.wav", np.zeros(0, dtype=np.int16))
    run = _run(tmp_path / "empty.wav", "--trace", "--plot", tmp_path / "empty.png")
    assert run.exit_code == 0, run.output
    assert (tmp_path / "empty.png").read_bytes().startswith(PNG)


@pytest.mark.usefixtures("matplotlib")
def test_the_picture_is_drawn(file: Path, tmp_path: Path) -> None:
    run = _run(file, "--plot", tmp_path / "keys.png")
    assert run.exit_code == 0, run.output
    assert f"keys heard: {DIGITS}" in run.output
    assert (tmp_path / "keys.png").read_bytes().startswith(PNG)


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.parametrize("name", ["keys.tiff.doc", "nowhere/keys.png"])
def test_a_picture_that_cannot_be_written_is_one_message(file: Path, tmp_path: Path, name: str) -> None:
    run = _run(file, "--plot", tmp_path / name)
    assert run.exit_code == 2
    assert f"{tmp_path / name}: cannot be written" in run.stderr
    assert "Traceback" not in run.output


def test_without_matplotlib_the_message_says_what_to_install(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "ivrbox.cli.keyplot", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    run = _run(file, "--plot", tmp_path / "keys.png")
    assert run.exit_code == 2
    assert "pip install 'ivrbox[plot]'" in run.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"no sound at all", "not a WAV file"), (b"RIFF\x04\x00\x00\x00WAVE", "has no"), (None, "cannot be read")],
)
def test_a_bad_file_is_one_message_and_exit_code_2(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    run = _run(path)
    assert run.exit_code == 2
    assert str(path) in run.stderr
    assert says in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert "Traceback" not in run.output
