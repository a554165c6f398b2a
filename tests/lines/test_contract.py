"""The contract of `ivrbox.lines.line`, held by every line that needs no machine; a new one joins with one `Rig`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from line_contract import *  # noqa: F403 - the tests; the fixture `rig` is what they take
from line_contract import Rig
from sound_bench import BUFFERED_FRAMES, NUMBER, BenchCard, BenchLine

from ivrbox.lines import sound_card as sound_card_module
from ivrbox.lines.impairments import Impairments
from ivrbox.lines.loopback import Loopback
from ivrbox.lines.modem_sim_wire import SimulatedLine
from ivrbox.lines.pace import NoPace
from ivrbox.lines.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def _person(line: Loopback) -> Rig:
    far = line.far
    return Rig(line, lambda: far.rings("0123"), far.hangs_up, far.cuts_wire, far.mends_wire, "0123")


def _clean() -> Rig:
    return _person(Loopback())


def _paced() -> Rig:
    return _person(Loopback(realtime=True, pace=NoPace()))


def _bad_line() -> Rig:
    return _person(Loopback(impairments=Impairments(noise_dbm0=-40, echo_db=12, loss=0.1, law="alaw", seed=3)))


def _tape() -> Rig:
    tape = Tape(np.full(1000, 500, dtype=np.int16), tail_s=0.1, caller="0456")
    return Rig(tape, lambda: None, lambda: None, tape.far.cuts_wire, tape.far.mends_wire, "0456")


class _RungOnceOpen(SimulatedLine):
    """A call that comes while a modem is being set up arrives without its number; so this caller waits for that."""

    is_wanted = False

    def rings(self) -> None:
        self.is_wanted = True

    def open(self) -> None:
        super().open()
        if self.is_wanted:
            self.is_wanted = False
            self.far.rings("0789")


def _modem(profile: str, **habits: object) -> Callable[[], Rig]:
    def make() -> Rig:
        line = _RungOnceOpen(profile, habits=habits)
        return Rig(line, line.rings, line.far.hangs_up, line.far.cuts_wire, line.far.mends_wire, "0789")

    return make


_usr5637, _cx930xx, _mt9234 = _modem("usr5637"), _modem("cx930xx"), _modem("mt9234")
_full_duplex = _modem("cx930xx-duplex")
_sluggish = _modem("generic", stop_delay_ms=400, triple_dle=True, digits="pulse", caller_id="ddn")


MODEMS = [_usr5637, _cx930xx, _mt9234, _full_duplex, _sluggish]


@pytest.fixture
def sound_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A sound card and its pins, on the bench."""
    monkeypatch.setattr(sound_card_module, "JOIN_LIMIT_S", 0.3)
    card = BenchCard(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(card.config))
    line = BenchLine(card)
    yield Rig(
        line, line.rings, line.hangs_up, line.cuts_wire, line.mends_wire, NUMBER, "the card is gone", BUFFERED_FRAMES
    )
    line.close()
    card.close()


@pytest.fixture(params=[_clean, _paced, _bad_line, _tape, "sound_card", *MODEMS])
def rig(request: pytest.FixtureRequest) -> Rig:
    """Each line in turn, on-hook and not yet open."""
    made: Rig = request.getfixturevalue(request.param) if isinstance(request.param, str) else request.param()
    return made
