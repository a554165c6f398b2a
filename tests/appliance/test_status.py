"""How the box is can be asked at any time, by anyone who may read its folder, and costs no call anything."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import socket
import stat
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from gpiozero.pins.mock import MockFactory
from rich.console import Console

from ivrbox.appliance.board import Answered, Board, Ended, Filed, GaveUp, LineBack, LineGone, Rang
from ivrbox.appliance.fault_log import KEPT, FaultLog
from ivrbox.appliance.line_state import LineState, state_after
from ivrbox.appliance.metrics import METRICS, prometheus
from ivrbox.appliance.outside import shown_outside
from ivrbox.appliance.status_socket import ask, serving, socket_path
from ivrbox.appliance.tally import Tally
from ivrbox.cdr import CallRecord, Redactor
from ivrbox.cli.app import ivrbox
from ivrbox.cli.status import page
from ivrbox.errors import LineError, StatusError
from ivrbox.lines.lamp import PinLamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivrbox.appliance.status import StatusBook
    from tests.conftest import Rig

pytestmark = pytest.mark.usefixtures("no_functions")

FLOW = """
    [steps.ask]
    prompt = "One."
    dtmf = { digits = 4, pii = true, first_digit_timeout = 1 }
    on.complete = { say = "Thank you so much.", hangup = true }
    on.no_input = { hangup = true }
"""
NUMBER, SECRET = "5550100", "4711"
RECORD = CallRecord("a", "line", NUMBER, "2026-03-01T12:00:00+00:00", 9.0, "hangup", recording="kept")


@pytest.fixture
def shown(rig: Callable[..., Rig]) -> Iterator[tuple[Rig, StatusBook]]:
    house = rig({"main.toml": FLOW, "ivrbox.toml": '[call]\nentry = "main"\n[line]\nrings = 2\n'})
    with shown_outside(house.box, house.data) as book:
        yield house, book


def a_call(house: Rig, keys: str = "") -> CallRecord:
    house.phone.rings(caller=NUMBER)
    house.phone.hears("One.")
    house.phone.hears_out()
    if keys:
        house.phone.presses(keys)
    return house.phone.waits_for_the_end()


def cli(house: Rig, *arguments: str) -> Any:
    places = ["--config", str(house.config), "--data", str(house.data)]
    return CliRunner().invoke(ivrbox, [*places, "status", *arguments])


def test_the_state_of_the_line_follows_the_call(shown: tuple[Rig, StatusBook]) -> None:
    house, book = shown
    states = [book.status()["line"]["state"]]
    house.line.far.rings()
    house.phone.waits(1)
    states.append(book.status()["line"]["state"])
    house.phone.waits(5)
    states.append(book.status()["line"]["state"])
    assert book.status()["line"]["call"] is not None
    house.phone.hangs_up()
    states.append(book.status()["line"]["state"])
    assert states == ["idle", "ringing", "in_call", "idle"]
    assert book.status()["line"]["call"] is None


def test_ringing_that_stops_is_idle_again(shown: tuple[Rig, StatusBook]) -> None:
    house, book = shown
    house.line.far.rings()
    house.phone.waits(1)
    house.line.far.hangs_up()
    house.phone.waits(9)
    assert book.status()["line"]["state"] == "idle"


def test_calls_are_counted_by_how_they_ended_and_what_was_kept(shown: tuple[Rig, StatusBook]) -> None:
    house, book = shown
    for keys in ("", "1234"):
        a_call(house, keys)
    calls = book.status()["calls"]
    assert (calls["today"], calls["total"]) == (2, 2)
    assert calls["ended"] == {"completed": 2}
    assert calls["recordings"] == {"kept": 2}
    assert calls["seconds"] == pytest.approx(sum(r.duration_s for r in house.box.store.calls()), abs=0.1)
    assert book.status()["disk"]["recordings"] == 2


def test_no_status_tells_a_number_or_a_digit(shown: tuple[Rig, StatusBook]) -> None:
    house, book = shown
    house.phone.rings(caller=NUMBER)
    house.phone.hears("One.")
    house.phone.hears_out()
    house.phone.presses(SECRET)
    house.phone.hears("Thank you")
    logging.getLogger("ivrbox.test").warning("a fault with %s in it", SECRET)
    house.phone.waits_for_the_end()
    told = json.dumps(book.status(), ensure_ascii=False) + prometheus(book.status())
    assert "a fault with" in told
    assert NUMBER not in told
    assert SECRET not in told.replace(str(os.getpid()), "")


def test_the_command_tells_people_and_machines(shown: tuple[Rig, StatusBook]) -> None:
    house, _ = shown
    a_call(house)
    page = cli(house)
    assert page.exit_code == 0, page.output
    assert "waiting for calls" in page.output
    assert "1 today" in page.output
    assert json.loads(cli(house, "--json").stdout)["calls"]["today"] == 1
    assert 'ivrbox_calls_ended_total{reason="completed"} 1\n' in cli(house, "--prometheus").stdout


def test_a_lost_line_is_told_with_its_reason_and_exit_code_1(shown: tuple[Rig, StatusBook]) -> None:
    house, _ = shown
    house.box.staff.board.post(LineGone("the cable is out"))
    ran = cli(house)
    assert ran.exit_code == 1
    assert "LOST" in ran.output
    assert "the cable is out" in ran.output
    house.box.staff.board.post(LineBack())
    assert cli(house).exit_code == 0


def test_without_a_running_box_the_command_says_so(tmp_path: Path) -> None:
    ran = CliRunner().invoke(ivrbox, ["--data", str(tmp_path), "status"])
    assert ran.exit_code == 2
    assert "no running ivrbox answers" in ran.output


def test_every_metric_is_well_formed_and_named_once(shown: tuple[Rig, StatusBook]) -> None:
    house, book = shown
    a_call(house)
    text = prometheus(book.status())
    sample = re.compile(r'ivrbox_[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? -?[0-9.e+]+')
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(sample.fullmatch(line) for line in samples)
    assert len(samples) == len(set(samples))
    types = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types)) == len(METRICS) + 3
    assert 'ivrbox_line_state{state="idle"} 1' in samples


def test_a_label_with_quotes_in_it_is_escaped(shown: tuple[Rig, StatusBook]) -> None:
    status = shown[1].status()
    status["line"]["name"] = 'the "front"\\door\n'
    assert r'line="the \"front\"\\door\n"' in prometheus(status)


def test_the_socket_is_for_owner_and_group_and_gone_at_the_end(rig: Callable[..., Rig]) -> None:
    house = rig({"main.toml": FLOW})
    path = socket_path(house.data, {})
    with shown_outside(house.box, house.data):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()
    assert socket_path(house.data, {"RUNTIME_DIRECTORY": "/run/ivrbox"}) == Path("/run/ivrbox/status.sock")


def test_a_reader_who_does_not_read_keeps_nobody_waiting_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrbox.appliance.status_socket.READER_LIMIT_S", 0.05)
    large = {"text": "x" * (8 << 20)}
    with serving(tmp_path / "s", lambda: large), ExitStack() as stack:
        slow = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(3)]
        for reader in slow:
            reader.connect(str(tmp_path / "s"))
        monkeypatch.setattr("ivrbox.appliance.status_socket.READER_LIMIT_S", 5.0)
        large = {"text": "small"}
        assert ask(tmp_path / "s") == {"text": "small"}


def test_a_socket_that_a_killed_box_left_behind_is_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "s"))
    with serving(tmp_path / "s", lambda: {"here": True}):
        assert ask(tmp_path / "s") == {"here": True}


def test_a_folder_however_deep_can_hold_the_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with serving(deep / "s", lambda: {"here": True}):
        assert ask(deep / "s") == {"here": True}


def test_a_socket_that_cannot_be_made_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving(tmp_path / "none" / "s", dict):
        pass
    assert "is not served" in caplog.text


def test_a_status_that_cannot_be_told_leaves_the_server_alive(tmp_path: Path) -> None:
    answers = iter([ZeroDivisionError()])

    def status() -> dict[str, Any]:
        for error in answers:
            raise error
        return {"fine": True}

    with serving(tmp_path / "s", status):
        assert ask(tmp_path / "s") == {}
        assert ask(tmp_path / "s") == {"fine": True}


def test_what_answers_nonsense_is_no_running_box(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as odd:
        odd.bind(str(tmp_path / "s"))
        with pytest.raises(StatusError, match="no running ivrbox answers"), suppress(BrokenPipeError):
            ask(tmp_path / "s")


def test_only_the_line_coming_back_ends_a_fault() -> None:
    state = state_after(LineState.IN_CALL, LineGone("x"))
    for notice in (Ended(RECORD), Rang(), GaveUp(), Answered("b", None)):
        state = state_after(state, notice)
        assert state is LineState.LOST
    assert state_after(state, LineBack()) is LineState.IDLE
    assert state_after(LineState.RINGING, Filed(RECORD)) is LineState.RINGING


def test_calls_of_today_begin_anew_at_midnight() -> None:
    now = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    tally = Tally(lambda: now, today=5, now=lambda: 0.0)
    tally.read(Answered("a", None))
    assert tally.counts.today == 6
    now += timedelta(minutes=2)
    assert (tally.counts.today, tally.counts.calls) == (0, 1)
    tally.read(Answered("b", None))
    assert (tally.counts.today, tally.counts.calls) == (1, 2)


def test_a_restarted_box_knows_the_calls_of_today(rig: Callable[..., Rig]) -> None:
    house = rig({"main.toml": FLOW})
    a_call(house)
    with shown_outside(house.box, house.data) as book:
        assert (book.status()["calls"]["today"], book.status()["calls"]["total"]) == (1, 0)


def test_the_newest_faults_are_kept_and_all_are_counted() -> None:
    faults, logger = FaultLog(Redactor(["4711"])), logging.Logger("test")  # noqa: LOG001 - one that nobody else hears
    logger.addHandler(faults)
    for number in range(KEPT + 5):
        logger.warning("fault %d\nwith a second line", number)
    logger.error("his number is 4 7 1 1")
    logger.info("no fault")
    assert faults.total == {"warning": KEPT + 5, "error": 1}
    assert len(faults.newest) == KEPT
    assert [fault.text for fault in faults.newest[:2]] == ["his number is ●●●●", f"fault {KEPT + 4}"]


def test_a_reader_of_the_board_that_fails_is_told_and_keeps_no_other_from_reading(
    caplog: pytest.LogCaptureFixture,
) -> None:
    board, read = Board(), list[object]()

    def fails(_: object) -> None:
        raise ZeroDivisionError

    board.read_by(fails)
    board.read_by(read.append)
    board.post(Rang())
    assert read == [Rang()]
    assert "a reader of the notice board failed at Rang" in caplog.text


def test_what_ails_the_box_stands_on_its_page(shown: tuple[Rig, StatusBook]) -> None:
    told = shown[1].status()
    told["disk"] |= {"refusal": "recording refused: 3 MB are free", "free": 3_000_000, "total": 32_000_000_000}
    told["records"] = {"waiting": 7, "lost": 1, "trouble": "calls.db: database or disk is full"}
    told["faults"] = {"error": 1, "warning": 0, "newest": [{"at": "12:00", "level": "error", "text": "it burns"}]}
    told |= {"uptime_s": 3 * 86400.0 + 5}
    paper = io.StringIO()
    Console(width=120, file=paper).print(page(told))
    text = paper.getvalue()
    assert "3.0 MB free of 32.0 GB" in text
    assert "recording refused: 3 MB are free" in text
    assert "7 writes wait, 1 are lost calls.db: database or disk is full" in text
    assert "it burns" in text
    assert "3 d, version" in text


def test_a_lamp_that_is_wired_is_taken_for_as_long_as_the_box_runs(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = MockFactory()
    monkeypatch.setattr("ivrbox.appliance.lamp.PinLamp", partial(PinLamp, factory=factory))
    house = rig({"main.toml": FLOW, "ivrbox.toml": '[call]\nentry = "main"\n[status]\nlamp_pin = 22\n'})
    with shown_outside(house.box, house.data), pytest.raises(LineError, match="GPIO22"):
        PinLamp(22, factory=factory)
    PinLamp(22, factory=factory).close()
