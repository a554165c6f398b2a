"""The contract of `ivrbox.lines.line` as tests, held by every line.

A file of tests imports all of this and gives the fixture `rig`: a line with the hands at its other end, which know how
a caller rings it, how that caller leaves, how its wire breaks. `tests/lines/test_contract.py` has the lines that need
no machine, `tests/sound/test_contract.py` the sound card over a sound server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.errors import IllegalTransition, IvrboxError, LineError, LineLost
from ivrbox.lines.line import SILENCE, CallerId, RemoteHungUp, Ringing

if TYPE_CHECKING:
    from collections.abc import Callable

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
    shut: str = "cannot be opened"  # what it says when it is opened with a broken wire

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
    with pytest.raises(LineError, match=rig.shut):
        rig.line.open()
    rig.mend()
    with rig.line as line:
        assert not line.exchange(None).events
