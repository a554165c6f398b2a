"""The contract of `ivrbox.lines.line`, held by every line.

A new line joins with one `Rig`: how it is made, how a caller rings it, how that caller leaves, how its wire breaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sound_bench import BUFFERED_FRAMES, NUMBER, BenchCard, BenchLine

from ivrbox.errors import IllegalTransition, IvrboxError, LineError, LineLost
from ivrbox.lines import sound_card as sound_card_module
from ivrbox.lines.impairments import Impairments
from ivrbox.lines.line import SILENCE, CallerId, RemoteHungUp, Ringing
from ivrbox.lines.loopback import Loopback
from ivrbox.lines.modem_sim_wire import SimulatedLine
from ivrbox.lines.pace import NoPace
from ivrbox.lines.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivrbox.lines.line import Heard, Line, LineEvent

PATIENCE_FRAMES = 500


@dataclass
class Rig:
    """A line on the bench: the line, and the hands at its other end."""

    line: Line
    ring: Callable[[], None]
    leave: Callable[[], None]
    cut: Callable[[], None]
    mend: Callable[[], None]
    number: str | None = None
    gone: str = "the wire is cut"  # what the line says when its wire broke
    buffered: int = 0  # frames that may still come after that

    def exchanges(self, frames: int) -> None:
        """Say silence for so many frames."""
        for _ in range(frames):
            self.line.exchange(SILENCE)

    def frames_until(self, kind: type[LineEvent], *, said: np.ndarray | None = None) -> list[Heard]:
        """Exchange frames up to and with the one that brings such an event."""
        seen = []
        for _ in range(PATIENCE_FRAMES):
            seen.append(self.line.exchange(said))
            if any(isinstance(event, kind) for event in seen[-1].events):
                return seen
        pytest.fail(f"no {kind.__name__} within {PATIENCE_FRAMES} frames")


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


def test_hanging_up_is_safe_before_open_and_after_close(rig: Rig) -> None:
    rig.line.hang_up()
    with rig.line:
        rig.line.hang_up()
    rig.line.hang_up()
    rig.line.close()
    rig.line.close()


def test_time_passes_on_hook_and_brings_nothing_unasked(rig: Rig) -> None:
    with rig.line as line:
        heard = [line.exchange(None) for _ in range(20)]
    assert all(h.frame.shape == (160,) and h.frame.dtype == np.int16 for h in heard)
    assert not any(isinstance(event, RemoteHungUp) for h in heard for event in h.events)


def test_a_caller_rings_and_is_named(rig: Rig) -> None:
    rig.ring()
    with rig.line:
        seen = rig.frames_until(CallerId)
    events = [event for h in seen for event in h.events]
    assert events[0] == Ringing()
    assert events[-1] == CallerId(rig.number)


def test_ringing_goes_on_until_it_is_answered(rig: Rig) -> None:
    rig.ring()
    with rig.line as line:
        rig.frames_until(Ringing)
        rig.frames_until(Ringing)
        line.answer()
        after = [line.exchange(None) for _ in range(40)]
    assert not any(isinstance(event, Ringing) for h in after for event in h.events)


def test_every_exchange_gives_160_samples_of_int16(rig: Rig) -> None:
    rig.ring()
    with rig.line as line:
        rig.frames_until(Ringing)
        line.answer()
        heard = [line.exchange(said) for said in (SILENCE, None, np.full(160, 99, dtype=np.int16))]
    assert [(h.frame.shape, h.frame.dtype) for h in heard] == [((160,), np.dtype(np.int16))] * 3
    assert all(h.lost % 160 == 0 for h in heard)


def test_the_caller_hangs_up_exactly_once(rig: Rig) -> None:
    rig.ring()
    with rig.line as line:
        rig.frames_until(Ringing)
        line.answer()
        line.exchange(SILENCE)
        rig.leave()
        rig.frames_until(RemoteHungUp, said=SILENCE)
        after = [line.exchange(SILENCE) for _ in range(50)]
    assert not any(h.events for h in after)


def test_leaving_the_context_hangs_up_even_after_an_error(rig: Rig) -> None:
    def call_that_fails() -> None:
        with rig.line as line:
            rig.frames_until(Ringing)
            line.answer()
            raise RuntimeError("a fault in the call")

    rig.ring()
    with pytest.raises(RuntimeError, match="a fault in the call"):
        call_that_fails()
    with rig.line as line, pytest.raises(IvrboxError):  # on-hook again: saying something is refused
        line.exchange(SILENCE)


def test_hanging_up_twice_ends_the_call_once(rig: Rig) -> None:
    rig.ring()
    with rig.line as line:
        rig.frames_until(Ringing)
        line.answer()
        line.hang_up()
        line.hang_up()
        assert not line.exchange(None).events


def test_answering_twice_is_refused(rig: Rig) -> None:
    rig.ring()
    with rig.line as line:
        rig.frames_until(Ringing)
        line.answer()
        with pytest.raises(IllegalTransition, match="cannot answer off-hook"):
            line.answer()


def test_speaking_on_hook_is_refused(rig: Rig) -> None:
    with rig.line as line, pytest.raises(IllegalTransition, match="cannot speak on-hook"):
        line.exchange(SILENCE)


@pytest.mark.parametrize(
    "wrong", [np.zeros(159, dtype=np.int16), np.zeros(160, dtype=np.float32), np.zeros((160, 1), dtype=np.int16)]
)
def test_a_frame_of_the_wrong_shape_or_type_is_refused(rig: Rig, wrong: np.ndarray) -> None:
    rig.ring()
    with rig.line as line:
        rig.frames_until(Ringing)
        line.answer()
        with pytest.raises(LineError, match="must be 160 samples of int16, not"):
            line.exchange(wrong)


@pytest.mark.parametrize("verb", ["exchange", "answer"])
def test_a_line_that_is_not_open_is_refused(rig: Rig, verb: str) -> None:
    use = {"exchange": lambda: rig.line.exchange(None), "answer": rig.line.answer}[verb]
    with pytest.raises(IllegalTransition, match=f"cannot {verb} a line that is not open"):
        use()


def test_a_wire_that_breaks_is_a_lost_line_and_hanging_up_stays_safe(rig: Rig) -> None:
    rig.ring()
    with rig.line as line:
        rig.frames_until(Ringing)
        line.answer()
        rig.cut()
        with pytest.raises(LineLost, match=rig.gone):
            rig.exchanges(rig.buffered + 1)
        line.hang_up()
        line.hang_up()
    with pytest.raises(LineError, match="cannot be opened"):
        rig.line.open()
    rig.mend()
    with rig.line as line:
        assert not line.exchange(None).events
