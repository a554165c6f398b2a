"""`ivrbox run` under a supervisor: what it is told while the line is missing, and once it is open."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from ivrbox.cdr import Redactor
from ivrbox.cli import run as command
from ivrbox.cli.app import ivrbox
from ivrbox.errors import LineError, LineLost, LineStuck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from threading import Event

MISSING = LineError("line modem: there is no such port")


class Stage:
    """A box in name only: its line fails to open as often as it is told, then serves for some frames."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.faults: list[LineError] = []
        self.fault_in_use: LineError | None = None
        self.frames = 2
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._socket.settimeout(0)
        self.address = str(folder / "notify")
        monkeypatch.setattr(command, "open_box", self._open_box)
        monkeypatch.setattr(command, "tell_warnings", lambda _: None)
        monkeypatch.setattr(command, "shown_outside", lambda *_: nullcontext())
        monkeypatch.setattr(command, "TRY_AGAIN_S", 0)
        monkeypatch.setattr(signal, "signal", lambda *_: None)

    @contextmanager
    def _open_box(self, *_: Path) -> Iterator[Any]:
        if self.faults:
            raise self.faults.pop(0)
        line = SimpleNamespace(name="desk")
        yield SimpleNamespace(
            settings=SimpleNamespace(line=line), redactor=Redactor(), attendant=SimpleNamespace(serve=self._serve)
        )

    def _serve(self, stop: Event, on_frame: Callable[[], object]) -> None:
        for _ in range(self.frames):
            on_frame()
        if self.fault_in_use:
            raise self.fault_in_use
        stop.set()

    def runs(self, *, supervised: bool = True) -> int:
        variables = {"NOTIFY_SOCKET": self.address, "WATCHDOG_USEC": "60000", "WATCHDOG_PID": str(os.getpid())}
        none = dict.fromkeys(variables)
        return CliRunner().invoke(ivrbox, ["run"], env=variables if supervised else none).exit_code

    def told(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode().splitlines()[0])
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(monkeypatch, tmp_path)
    yield stage
    stage.close()


def test_readiness_comes_with_the_open_line_and_meals_with_its_frames(stage: Stage) -> None:
    assert stage.runs() == 0
    assert stage.told()[1:] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_line_that_is_missing_at_start_is_waited_for_without_readiness(stage: Stage) -> None:
    stage.faults = [MISSING, MISSING]
    assert stage.runs() == 0
    told = stage.told()
    assert told.index("READY=1") == told.count("EXTEND_TIMEOUT_USEC=600000000") == 5


def test_at_a_terminal_a_missing_line_is_an_error(stage: Stage) -> None:
    stage.faults = [MISSING]
    assert stage.runs(supervised=False) == 2
    assert stage.told() == []


@pytest.mark.parametrize("fault", [LineStuck("the driver hangs"), LineLost("gone")])
def test_fault_that_only_a_new_process_heals_ends_this_one(stage: Stage, fault: LineError) -> None:
    stage.fault_in_use = fault
    assert stage.runs() == 2
    assert stage.told()[-1] == "WATCHDOG=1"


def test_driver_that_hangs_at_start_is_left_to_a_new_process(stage: Stage) -> None:
    stage.faults = [LineStuck("the driver hangs")]
    assert stage.runs() == 2
