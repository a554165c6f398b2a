"""No medium ends a call: full, read-only, slow or stuck, the box answers, and the record says what it cost."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance import worker
from ivrbox.appliance.governor import Governor
from ivrbox.appliance.ledger import Ledger
from ivrbox.appliance.phone import Phone
from ivrbox.appliance.spools import SpoolRack
from ivrbox.appliance.wiring import open_box
from ivrbox.cdr import Store
from ivrbox.errors import StoreError
from ivrbox.lines.line import Capabilities
from ivrbox.lines.loopback import Loopback
from ivrbox.recordings import Archive, Recorder
from tests.conftest import STARTED, Mumble, Rig, write_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ivrbox.cdr import CallRecord

pytestmark = pytest.mark.usefixtures("no_functions")

FLOW = """
    [steps.ask]
    prompt = "One."
    dtmf = { digits = 1, first_digit_timeout = 1 }
    on.1 = { discard_recording = true, say = "Gone.", hangup = true }
    on.no_input = { hangup = true }
"""
SETTINGS = """
    [call]
    entry = "main"
    [line]
    rings = 1
    [recording]
    max_minutes = 1
    [retention]
    reserve_megabytes = 0.5
"""
FILES = {"main.toml": FLOW, "ivrbox.toml": SETTINGS}


def calls(house: Rig, keys: str = "") -> CallRecord:
    """Make a call, press keys after the prompt, hear it out."""
    house.phone.rings()
    house.phone.hears("One.")
    house.phone.hears_out()
    if keys:
        house.phone.presses(keys)
    return house.phone.waits_for_the_end()


@contextmanager
def box_on(data: Path, config: Path, line: Loopback | None = None) -> Iterator[Rig]:
    line = line or Loopback()
    with open_box(config, data, line=line, voice=Mumble(), clock=lambda: STARTED) as box:
        yield Rig(box, line, Phone(line, box.attendant), config, data)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "config", FILES)


@pytest.fixture
def disk(root: None, tmp_path: Path, mounted: Callable[..., AbstractContextManager[Path]]) -> Iterator[Path]:
    """A small disk of its own: 8 MB in memory."""
    del root
    with mounted("disk", tmp_path / "data", "tmpfs", "size=8m") as folder:
        yield folder


def fill(disk: Path) -> Path:
    """Take all the room there is on a disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast


def test_on_a_full_disk_calls_go_on_unrecorded_and_their_records_wait(disk: Path, config: Path) -> None:
    with box_on(disk, config) as house:
        before = calls(house)
        ballast = fill(disk)
        assert calls(house, "1").ended == "completed"
        refused = calls(house)
        assert (refused.ended, refused.recording) == ("completed", "off")
        assert "recording refused" in (refused.recording_detail or "")
        assert house.box.archive.path(before.id).exists(), "what was there stays"
        assert house.box.store.call(before.id) == before
        ballast.unlink()
        after = calls(house)
        assert after.recording == "kept"
        ledger = house.box.shelving.ledger
        assert (ledger.waiting, ledger.trouble, ledger.lost) == (0, "", 0)
        assert len(house.box.store.calls()) == 4
        assert house.box.store.call(refused.id) == refused


def test_a_box_starts_and_answers_on_a_full_disk(disk: Path, config: Path) -> None:
    with box_on(disk, config) as house:
        before = calls(house)
    fill(disk)
    with box_on(disk, config) as house:
        assert calls(house).recording == "off"
    (disk / "ballast").unlink()
    with box_on(disk, config) as house:
        assert house.box.store.call(before.id) == before
        assert house.box.archive.path(before.id).exists()


def test_on_a_medium_that_turns_read_only_calls_go_on_and_their_records_wait(
    disk: Path, config: Path, remount: Callable[[Path, str], None], caplog: pytest.LogCaptureFixture
) -> None:
    with box_on(disk, config) as house:
        before = calls(house)
    remount(disk, "ro")
    with box_on(disk, config) as house:
        refused = calls(house, "1")
        assert (refused.ended, refused.recording) == ("completed", "off")
        assert "recording refused" in (refused.recording_detail or "")
        assert house.box.shelving.ledger.waiting > 0
        remount(disk, "rw")
        assert calls(house).recording == "kept"
        assert {before.id, refused.id} < {record.id for record in house.box.store.calls()}
    assert "the store takes records again" in caplog.text


def test_a_damaged_store_is_left_as_it_is_and_calls_go_on(
    tmp_path: Path, config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with box_on(tmp_path / "data", config) as house:
        kept = calls(house)
    damaged = b"no database at all" * 1000
    (tmp_path / "data" / "calls.db").write_bytes(damaged)
    with box_on(tmp_path / "data", config) as house:
        record = calls(house)
        assert (record.ended, record.recording) == ("completed", "off")
        assert house.box.archive.path(kept.id).exists(), "no sweep without the rows that promise"
        with pytest.raises(StoreError, match="not a database"):
            _ = house.box.store
    assert (tmp_path / "data" / "calls.db").read_bytes() == damaged
    assert f"the records of these calls are lost: {record.id}" in caplog.text


class Stuck:
    """Something of the medium's that hangs until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, verb: str) -> None:
        self.began, self._go = threading.Event(), threading.Event()
        original = getattr(owner, verb)

        def slow(*arguments: object) -> object:
            self.began.set()
            assert self._go.wait(60)
            return original(*arguments)

        monkeypatch.setattr(owner, verb, slow)

    def let_go(self) -> None:
        self._go.set()


class LiveLoopback(Loopback):
    """A loopback line that says its frames take their time, as real ones do, though they take none."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(realtime=True)


def test_the_next_call_is_answered_while_the_last_one_is_sealed_on_a_slow_card(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with box_on(tmp_path / "data", config, LiveLoopback()) as house, ExitStack() as stack:
        card = Stuck(monkeypatch, Archive, "keep")
        stack.callback(card.let_go)
        filed = []
        for _ in range(2):
            house.phone.rings()
            house.phone.waits(4)
            assert not house.phone.is_connected, "heard out, timed out, and hung up"
            filed.append(house.box.attendant.last_filed)
        assert card.began.wait(60)
        assert [future is not None and future.done() for future in filed] == [False, False]
        card.let_go()
        records = [future.result(60) for future in filed if future is not None]
    assert [record.recording for record in records] == ["kept", "kept"]


def test_a_caller_who_opts_out_waits_2_s_at_most_for_a_card_that_hangs(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with box_on(tmp_path / "data", config, LiveLoopback()) as house, ExitStack() as stack:
        card = Stuck(monkeypatch, Store, "discarded")
        stack.callback(card.let_go)
        house.phone.rings()
        house.phone.hears("One.")
        house.phone.hears_out()
        house.phone.presses("1")
        pressed = house.phone.call.duration_s
        house.phone.hears_out()
        said = house.phone.call.duration_s
        assert 2.0 < said - pressed < 2.6, "2 s of patience, and 0.25 s of prompt"
        card.let_go()
        assert house.phone.waits_for_the_end().recording == "discarded"


@pytest.mark.parametrize(("owner", "verb"), [(Archive, "keep"), (Store, "begin")])
def test_with_a_stuck_card_memory_stays_bounded_and_no_record_is_lost(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch, owner: type, verb: str
) -> None:
    monkeypatch.setattr(worker, "CAPACITY", 10)
    with box_on(tmp_path / "data", config, LiveLoopback()) as house, ExitStack() as stack:
        monkeypatch.setattr(house.box.staff.keeper, "_spools", SpoolRack(5, most=2))
        card = Stuck(monkeypatch, owner, verb)
        stack.callback(card.let_go)
        number = 15
        records = []
        for _ in range(number):
            house.phone.rings()
            house.phone.waits(0.1)
            house.line.far.hangs_up()
            house.phone.waits(0.1)
            records.append(house.box.attendant.last_filed)
        card.let_go()
        filed = [future.result(60) for future in records if future is not None]
        house.box.staff.keeper.look_around().result(60)
        assert len(house.box.store.calls()) == number
    states = [record.recording for record in filed]
    assert states.count("kept") == 2
    assert states.count("off") == number - 2
    assert "still being stored" in (filed[-1].recording_detail or "")


def test_a_fault_of_ours_in_sealing_costs_the_recording_and_not_the_record(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = rig(FILES)

    def faulty(*_: object) -> bool:
        raise ZeroDivisionError("a slip")

    monkeypatch.setattr(Archive, "keep", faulty)
    record = calls(house)
    assert (record.recording, record.recording_detail) == ("lost", "ZeroDivisionError: a slip")
    assert house.box.store.call(record.id) == record


def test_without_room_for_it_a_message_is_told_as_lost(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = """
        [steps.message]
        prompt = "Speak."
        record_message.max_length = 2
        then = { hangup = true }
        on_fail = { hangup = true }
    """
    house = rig({**FILES, "main.toml": flow})
    monkeypatch.setattr(house.box.staff.keeper, "_spools", SpoolRack(5, most=1))
    house.phone.rings()
    house.phone.hears("Speak.")
    house.phone.hears_out()
    house.phone.presses("55555", ms=300)
    record = house.phone.waits_for_the_end()
    assert [message.state for message in record.messages] == ["lost"]
    assert record.recording == "kept"
    assert house.box.store.call(record.id) == record


def test_a_reserve_that_is_not_free_refuses_recordings(rig: Callable[..., Rig]) -> None:
    house = rig({**FILES, "ivrbox.toml": SETTINGS.replace("0.5", "10_000_000")})
    record = calls(house)
    assert record.recording == "off"
    assert "MB are reserved" in (record.recording_detail or "")


def test_retention_runs_after_each_call(rig: Callable[..., Rig]) -> None:
    house = rig({**FILES, "ivrbox.toml": SETTINGS + "    count = 2\n"})
    records = [calls(house) for _ in range(4)]
    assert len(house.box.archive.files()) == 2
    states = [house.box.store.call(record.id).recording for record in records]
    assert sorted(states) == ["discarded", "discarded", "kept", "kept"]


def test_retention_runs_at_the_start(tmp_path: Path, config: Path) -> None:
    with box_on(tmp_path / "data", config) as house:
        record = calls(house)
        old = house.box.archive.path(record.id)
    os.utime(old, (1_770_000_000, 1_770_000_000))
    with box_on(tmp_path / "data", config) as house:
        house.box.staff.keeper.look_around().result(60)
        assert house.box.store.call(record.id).recording == "discarded"
    assert not old.exists()


def test_a_date_that_jumps_in_mid_call_changes_no_duration(tmp_path: Path, config: Path) -> None:
    dates = iter([STARTED.replace(year=1970), STARTED.replace(year=2040), STARTED])
    line = Loopback()
    with open_box(config, tmp_path / "data", line=line, voice=Mumble(), clock=lambda: next(dates)) as box:
        house = Rig(box, line, Phone(line, box.attendant), config, tmp_path / "data")
        records = [calls(house) for _ in range(3)]
    assert [record.started[:4] for record in records] == ["1970", "2040", "2026"]
    assert {record.duration_s for record in records} == {records[0].duration_s}
    assert 1.0 < records[0].duration_s < 2.0


def test_a_spool_is_used_for_call_after_call_and_there_are_only_so_many() -> None:
    rack = SpoolRack(2, most=2)
    spools = [rack.take(), rack.take()]
    assert rack.take() is None
    assert spools[0] is not None
    recorder = Recorder(spools[0])
    rack.take_back(recorder)
    assert rack.take() is None, "an open recording keeps its spool"
    recorder.discard()
    rack.take_back(recorder)
    assert rack.take() is spools[0]


def test_a_spool_that_is_let_go_of_makes_room_for_another() -> None:
    rack = SpoolRack(2, most=1)
    for _ in range(3):
        spool = rack.take()
        assert spool is not None
        Recorder(spool).discard()
        del spool


def test_a_call_that_cannot_be_made_is_hung_up_and_the_next_one_is_answered(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = rig(FILES)
    with monkeypatch.context() as patch:
        patch.setattr(house.box.staff.keeper, "recorder", lambda: 1 / 0)
        house.line.far.rings()
        with pytest.raises(ZeroDivisionError):
            house.phone.waits(1)
    assert house.line.far.state == "ended"
    assert calls(house).ended == "completed"


def test_the_governor_sees_for_itself_that_recordings_cannot_be_written(
    disk: Path, remount: Callable[[Path, str], None], tmp_path: Path
) -> None:
    archive, messages = Archive(disk / "recordings", ()), Archive(tmp_path / "messages", ())
    with closing(Ledger(lambda: Store(tmp_path / "calls.db"))) as ledger:
        governor = Governor(archive, messages, ledger, reserve=1000)
        governor.look()
        assert governor.refusal == ""
        assert 0 < governor.room.free <= governor.room.total == 8 << 20
        remount(disk, "ro")
        governor.look()
        assert governor.refusal == f"recording refused: {archive.folder} is read-only"
        remount(disk, "rw")
        archive.folder.rmdir()
        governor.look()
        assert "recording refused: [Errno 2]" in governor.refusal
