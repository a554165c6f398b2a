"""`ivrbox devices` and what it looks at: whatever is there is named, whatever cannot be looked at is said."""

from __future__ import annotations

import fcntl
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from sound_bench import BenchCard

from ivrbox.cli.devices import devices
from ivrbox.lines import inventory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BenchCard]:
    made = BenchCard(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(made.config))
    yield made
    made.close()


def test_a_sound_card_is_named_with_what_it_can_do(card: BenchCard) -> None:  # noqa: ARG001 - it is there
    [shelf] = [shelf for shelf in inventory.take_inventory() if shelf.kind == "sound card"]
    abilities = {part.name: part.abilities for part in shelf.parts}
    assert "at 48000, 44100, 32000, 16000, 8000; output" in abilities["bench"]


def test_the_list_is_for_people_and_for_programs(card: BenchCard) -> None:  # noqa: ARG001
    table = CliRunner().invoke(devices)
    assert "bench" in table.output
    assert "GPIO chip" in table.output
    shelves = json.loads(CliRunner().invoke(devices, ["--json"]).output)
    assert [shelf["kind"] for shelf in shelves] == ["sound card", "serial port", "GPIO chip", "number pad"]


def test_a_library_that_is_missing_is_told_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name=name)

    monkeypatch.setattr(inventory, "import_module", missing)
    shelves = {shelf.kind: shelf for shelf in inventory.take_inventory()}
    assert shelves["sound card"].problem == "needs pyaudio: pip install 'ivrbox[audio]'"
    assert shelves["serial port"].problem == "needs serial.tools.list_ports: pip install 'ivrbox[modem]'"
    assert "pip install" in CliRunner().invoke(devices).output


@pytest.mark.parametrize(
    ("vid", "pid", "words"),
    [
        (0x0BAF, 0x0303, "Modem, USB 0baf:0303: voice modem USR 5637, profile usr5637, half duplex"),
        (0x1A86, 0x7523, "Modem, USB 1a86:7523"),
        (None, None, "Modem, no USB device"),
    ],
)
def test_a_modem_that_is_known_is_named_with_its_profile(vid: int | None, pid: int | None, words: str) -> None:
    assert inventory._serial(SimpleNamespace(description="Modem", vid=vid, pid=pid)) == words


def test_a_chip_that_cannot_be_asked_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "chip").touch()
    assert inventory._gpio(str(tmp_path / "chip")).startswith("cannot be asked: ")
    assert inventory._gpio(str(tmp_path / "none")) == "cannot be opened: No such file or directory"


def test_a_chip_tells_its_label_and_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chip").touch()
    answer = b"gpiochip0".ljust(32, b"\0") + b"pinctrl-rp1".ljust(32, b"\0") + (54).to_bytes(4, "little")
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: answer)
    assert inventory._gpio(str(tmp_path / "chip")) == "pinctrl-rp1, 54 lines"
