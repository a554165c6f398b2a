"""The attendant answers call after call; nothing that one call does reaches the next."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.attendant import Attendant
from ivrbox.appliance.phone import Phone
from ivrbox.appliance.wiring import open_box
from ivrbox.calls.call import Call
from ivrbox.dialog.interpreter import Dialog
from ivrbox.lines.line import CallerId
from ivrbox.lines.loopback import Loopback
from tests.conftest import STARTED, Mumble, write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ivrbox.dialog.effects import Effect
    from ivrbox.dialog.events import Event
    from ivrbox.lines.line import Frame, Heard
    from tests.conftest import Rig

FLOW = """
    [steps.ask]
    prompt = "Press a key."
    dtmf = { digits = 1 }
    on.complete = { say = "Thank you.", hangup = true }
"""


class Stopping(Loopback):
    """A loopback line that tells the box to stop after so many frames, or loses its wire at one of them."""

    def __init__(self, frames: int, cut_at: int = -1) -> None:
        super().__init__()
        self.stop = threading.Event()
        self._left = frames
        self._cut_at = cut_at

    def exchange(self, said: Frame | None) -> Heard:
        self._left -= 1
        if self._left == 0:
            self.stop.set()
        if self._left == self._cut_at:
            self.far.cuts_wire()
        return super().exchange(said)


def test_the_box_answers_after_as_many_rings_as_it_was_told(rig: Callable[..., Rig]) -> None:
    house = rig({"main.toml": FLOW, "ivrbox.toml": '[call]\nentry = "main"\n[line]\nrings = 3\n'})
    house.line.far.rings()
    house.phone.waits(9)
    assert not house.phone.is_connected, "two bursts, at 0 s and 5 s"
    house.phone.waits(2)
    assert house.phone.is_connected


def test_ringing_that_stopped_is_not_counted_with_the_next(rig: Callable[..., Rig]) -> None:
    house = rig({"main.toml": FLOW})
    house.line.far.rings("5550199")
    house.phone.waits(1)
    house.line.far.hangs_up()
    house.phone.waits(9)
    house.line.far.rings()
    house.phone.waits(1)
    assert not house.phone.is_connected, "one old burst and one new one are not two"
    house.phone.waits(5)
    record = house.phone.hangs_up()
    assert record.caller is None, "the number belongs to the call that was not answered"


class Announcing(Loopback):
    """A loopback line whose exchange names the caller before the first ring, as in most of Europe."""

    caller: CallerId | None = None

    def exchange(self, said: Frame | None) -> Heard:
        heard = super().exchange(said)
        told, self.caller = self.caller, None
        return replace(heard, events=(*heard.events, told)) if told else heard


@pytest.mark.parametrize("idle_s", [5, 7.5])
def test_a_number_told_before_the_first_ring_is_kept_until_it_rings(tmp_path: Path, idle_s: float) -> None:
    config, line = write_config(tmp_path / "config", {"main.toml": FLOW}), Announcing()
    with open_box(config, tmp_path / "data", line=line, voice=Mumble(), clock=lambda: STARTED) as box:
        phone = Phone(line, box.attendant)
        phone.waits(idle_s)
        line.caller = CallerId("5550199")
        phone.waits(1)
        line.far.rings()
        phone.waits(6)
        assert phone.hangs_up().caller == "5550199"


def test_one_call_after_the_other_is_answered(rig: Callable[..., Rig]) -> None:
    house = rig({"main.toml": FLOW})
    for caller in ("1", "2", "3"):
        house.phone.rings(caller=caller)
        house.phone.hears("Press a key.")
        house.phone.hears_out()
        house.phone.presses(caller)
        house.phone.waits_for_the_end()
    records = house.box.store.calls()
    assert {(record.caller, record.turns[1].text) for record in records} == {("1", "1"), ("2", "2"), ("3", "3")}


def test_sigterm_in_mid_call_ends_it_cleanly_with_its_record_written(tmp_path: Path) -> None:
    config = write_config(tmp_path / "config", {"main.toml": FLOW})
    line = Stopping(frames=400)
    line.far.rings(caller="5550100")
    with open_box(config, tmp_path / "data", line=line, voice=Mumble(), clock=lambda: STARTED) as box:
        box.attendant.serve(line.stop)
        assert box.attendant.last_filed is not None
        written = box.attendant.last_filed.result()
        assert box.store.call(written.id) == written
    assert written.ended == "box_stopped"
    assert written.recording == "kept"
    assert written.turns[0].text == "Press a key."


def test_a_wire_that_is_cut_ends_the_call_and_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(tmp_path / "config", {"main.toml": FLOW})
    line = Stopping(frames=800, cut_at=500)
    monkeypatch.setattr("ivrbox.appliance.attendant.REOPEN_AFTER_S", (0, 0))
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        if len(waited) == 2:
            line.far.mends_wire()
        return False

    monkeypatch.setattr(line.stop, "wait", wait)
    line.far.rings()
    with open_box(config, tmp_path / "data", line=line, voice=Mumble(), clock=lambda: STARTED) as box:
        box.attendant.serve(line.stop)
        assert len(waited) == 2, "missing at the first try, back at the second"
        assert box.attendant.last_filed is not None
        assert box.attendant.last_filed.result().ended == "line_lost"


def test_a_fault_of_ours_ends_one_call_and_not_the_box(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = rig({"main.toml": FLOW})
    handle = Dialog.handle

    def faulty(self: Dialog, event: Event) -> list[Effect]:
        if type(event).__name__ == "KeyPressed":
            raise ZeroDivisionError
        return handle(self, event)

    with monkeypatch.context() as patch:
        patch.setattr(Dialog, "handle", faulty)
        house.phone.rings()
        house.phone.hears("Press a key.")
        house.phone.hears_out()
        house.phone.presses("1")
        assert house.phone.waits_for_the_end().ended == "fault"
    house.phone.rings()
    house.phone.hears("Press a key.")
    house.phone.hears_out()
    house.phone.presses("1")
    assert house.phone.waits_for_the_end().ended == "completed"


def test_a_fault_while_hanging_up_still_files_the_record(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = rig({"main.toml": FLOW})

    def faulty(_: Call) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Call, "wrap_up", faulty)
    house.phone.rings()
    record = house.phone.hangs_up()
    assert record.ended == "hangup"
    assert record.recording == "kept"


def test_a_fault_outside_of_any_call_does_not_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = write_config(tmp_path / "config", {"main.toml": FLOW})
    line = Stopping(frames=50)
    with open_box(config, tmp_path / "data", line=line, voice=Mumble(), clock=lambda: STARTED) as box:
        ticks = iter([ValueError("a fault")])
        tick = Attendant.tick

        def faulty(self: Attendant) -> None:
            for error in ticks:
                raise error
            tick(self)

        monkeypatch.setattr(Attendant, "tick", faulty)
        monkeypatch.setattr("ivrbox.appliance.attendant.REOPEN_AFTER_S", (0,))
        box.attendant.serve(line.stop)
    assert "a fault outside of any call" in caplog.text
