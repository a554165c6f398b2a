"""A card that vanishes in a call, under the whole box: the call is lost, its record is kept, the card taken again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sound_bench import BenchCard, BenchLine

from ivrbox.appliance.wiring import open_box
from ivrbox.errors import LineStuck
from ivrbox.lines import sound_card
from ivrbox.prompts.wavfile import write_wav

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivrbox.appliance.wiring import Box

SETTINGS = '[line]\nrings = 1\n[call]\nentry = "main"\n'
FLOW = '[steps.ask]\nprompt = "notice.wav"\ndtmf = { digits = 4, first_digit_timeout = 30 }\nthen = { hangup = true }\n'
LONG_ENOUGH = 3000


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BenchLine]:
    monkeypatch.setattr(sound_card, "JOIN_LIMIT_S", 0.3)
    card = BenchCard(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(card.config))
    made = BenchLine(card)
    yield made
    made.close()
    card.close()


@pytest.fixture
def box(line: BenchLine, tmp_path: Path) -> Iterator[Box]:
    config = tmp_path / "config"
    for folder in ("flows", "prompts"):
        (config / folder).mkdir(parents=True)
    (config / "ivrbox.toml").write_text(SETTINGS, "utf-8")
    (config / "flows" / "main.toml").write_text(FLOW, "utf-8")
    write_wav(config / "prompts" / "notice.wav", np.full(800, 500, np.int16))
    with open_box(config, tmp_path / "data", line=line) as opened:
        yield opened


class Hands:
    """What happens outside while the box serves: a call, a cut after half a second of it, and an end to the test."""

    def __init__(self, box: Box, line: BenchLine, stop: threading.Event) -> None:
        self._box, self._line, self._stop = box, line, stop
        self._frames_in_call = self._frames = 0
        line.rings()

    def __call__(self) -> None:
        self._frames += 1
        self._frames_in_call += self._box.attendant.visit is not None
        if self._frames_in_call == 25:
            self._line.cuts_wire()
        if self._is_back or self._frames > LONG_ENOUGH:
            self._stop.set()

    @property
    def _is_back(self) -> bool:
        return self._box.attendant.last_filed is not None and self._box.attendant.visit is None


def test_a_driver_that_hangs_ends_the_call_as_lost_and_asks_for_a_new_process(box: Box, line: BenchLine) -> None:
    stop = threading.Event()
    with pytest.raises(LineStuck, match="its driver hangs in this process"):
        box.attendant.serve(stop, Hands(box, line, stop))
    assert box.attendant.last_filed is not None
    assert box.attendant.last_filed.result().ended == "line_lost"
    assert not line.is_off_hook


def test_a_card_that_comes_back_is_taken_again(box: Box, line: BenchLine) -> None:
    stop = threading.Event()
    friend = threading.Timer(1.0, line.mends_wire)
    hands = Hands(box, line, stop)
    friend.start()
    box.attendant.serve(stop, hands)
    friend.join()
    assert box.attendant.last_filed is not None
    assert box.attendant.last_filed.result().ended == "line_lost"
    line.exchange(None)
