"""`ivrbox line-test` and `ivrbox keypad`, on lines whose echo and whose keys are known."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from ivrbox.cli import keypad as keypad_command
from ivrbox.cli import line_test as line_test_command
from ivrbox.cli.places import Places
from ivrbox.cli.signals import endings
from ivrbox.dsp import tones
from ivrbox.dsp.dtmf import find_keys
from ivrbox.errors import LineError
from ivrbox.lines.countries import country
from ivrbox.lines.keypad import KeyMove
from ivrbox.lines.line import Capabilities, Heard, Line
from ivrbox.lines.watch import FarEndWatch

if TYPE_CHECKING:
    from pathlib import Path

    from ivrbox.lines.line import Frame


class EchoLine(Line):
    """A line that gives back what is said, 12 dB softer and 40 ms later."""

    name = "echo"
    capabilities = Capabilities(realtime=False)

    def __init__(self, **options: object) -> None:
        self.options = options
        self.is_off_hook = False
        self._path = [np.zeros(160, np.int16)] * 2

    def answer(self) -> None:
        self.is_off_hook = True

    def hang_up(self) -> None:
        self.is_off_hook = False

    def exchange(self, said: Frame | None) -> Heard:
        assert said is not None
        assert self.is_off_hook
        self._path.append((said / 4).astype(np.int16))
        return Heard(self._path.pop(0))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[EchoLine]:
    lines: list[EchoLine] = []

    def open_line(_kind: str, options: dict[str, object]) -> EchoLine:
        lines.append(EchoLine(**options))
        return lines[-1]

    monkeypatch.setattr(line_test_command, "open_line", open_line)
    return lines


def places(folder: Path, settings: str = "") -> Places:
    (folder / "ivrbox.toml").write_text(f'{settings}\n[call]\nentry = "main"\n', "utf-8")
    return Places(folder, folder / "data")


def test_the_line_of_the_settings_is_measured_and_judged(opened: list[EchoLine], tmp_path: Path) -> None:
    settings = '[line]\nkind = "usb_audio"\nname = "desk"\noptions = { device = "USB" }'
    result = CliRunner().invoke(line_test_command.line_test, obj=places(tmp_path, settings))
    assert result.exit_code == 0, result.output
    assert opened[0].options == {"name": "desk", "device": "USB"}
    assert "echo 1000 Hz   12.0 dB down" in result.output
    assert result.output.splitlines()[-1].startswith("good: echo 12 dB down, noise floor -inf")
    assert not opened[0].is_off_hook


def test_sound_that_was_lost_while_it_was_measured_is_told(
    opened: list[EchoLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = CliRunner().invoke
    told = "while this was measured: sound: overruns 2"
    assert told not in run(line_test_command.line_test, ["--device", "USB"], obj=places(tmp_path)).output
    monkeypatch.setattr(EchoLine, "troubles", "sound: overruns 2")
    assert told in run(line_test_command.line_test, ["--device", "USB"], obj=places(tmp_path)).output
    assert len(opened) == 2


def test_a_line_with_nobody_on_it_is_not_taken_for_a_noisy_one(
    opened: list[EchoLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = FarEndWatch(country("us"))
    dial_tone = tones.sines([(350, -16), (440, -16)], 30 * 8000).reshape(-1, 160)
    frames = iter(dial_tone)

    def exchange(_: EchoLine, said: Frame) -> Heard:
        verdict = watch.push(frame := next(frames), said)
        return Heard(frame, (verdict,) if verdict else ())

    monkeypatch.setattr(EchoLine, "exchange", exchange)
    result = CliRunner().invoke(line_test_command.line_test, ["--device", "USB"], obj=places(tmp_path))
    assert "line echo: nobody is at its other end: 350+440 Hz steady" in str(result.exception)
    assert not opened[0].is_off_hook


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_line_is_let_go_of_whatever_ends_the_test(
    opened: list[EchoLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(line_test_command, "probes", lambda: signal.raise_signal(number))
    before = signal.getsignal(number)
    result = CliRunner().invoke(line_test_command.line_test, ["--device", "USB"], obj=places(tmp_path))
    assert result.exit_code == 128 + number
    assert not opened[0].is_off_hook
    assert signal.getsignal(number) is before


def test_a_terminal_may_be_outlived(monkeypatch: pytest.MonkeyPatch) -> None:
    assert signal.SIGHUP in endings()
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_IGN)
    assert endings() == [signal.SIGTERM, signal.SIGINT]


def test_a_line_without_a_sound_card_cannot_be_measured(tmp_path: Path) -> None:
    result = CliRunner().invoke(line_test_command.line_test, obj=places(tmp_path))
    assert isinstance(result.exception, LineError)
    assert "line.kind: must be usb_audio for this test, not loopback" in str(result.exception)


def test_the_meter_shows_ten_levels_a_second(opened: list[EchoLine], tmp_path: Path) -> None:
    result = CliRunner().invoke(line_test_command.line_test, ["--device", "USB", "--meter", "1"], obj=places(tmp_path))
    assert len(result.output.splitlines()) == 10
    assert opened[0].options == {"device": "USB"}


def test_the_meters_bar_grows_with_the_level_and_warns_of_clipping() -> None:
    soft = line_test_command.meter_line(tones.sines([(1000, -40)], 800))
    loud = line_test_command.meter_line(np.tile(np.array([32767, -32768], np.int16), 400))
    assert soft.startswith(" -40.0 dBm0 |####################  ")
    assert loud.endswith("|  CLIPS")


class OneKey:
    """A pad on which one key is tapped."""

    def __init__(self) -> None:
        self.moves = [[], [KeyMove("8", is_down=True)], [KeyMove("8", is_down=False)]]
        self.is_closed = False

    def poll(self) -> list[KeyMove]:
        return self.moves.pop(0) if self.moves else []

    def close(self) -> None:
        self.is_closed = True


class Card:
    """A card that keeps what is played."""

    def __init__(self) -> None:
        self.played: list[Frame] = []

    def write(self, frame: Frame) -> None:
        self.played.append(frame)

    def close(self) -> None: ...


def test_a_key_on_the_pad_sounds_on_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    pad, card = OneKey(), Card()
    monkeypatch.setattr(keypad_command, "_pad", lambda *_: pad)
    monkeypatch.setattr(keypad_command, "_card", lambda _: card)
    result = CliRunner().invoke(keypad_command.keypad, ["--seconds", "0.5", "--country", "de"])
    assert result.exit_code == 0, result.output
    assert [key.digit for key in find_keys(np.concatenate(card.played))] == ["8"]
    assert pad.is_closed


def test_a_keypad_without_keys_says_what_to_name() -> None:
    result = CliRunner().invoke(keypad_command.keypad, [])
    assert isinstance(result.exception, LineError)
    assert "name a --pad, or the --rows and --columns of a matrix" in str(result.exception)
