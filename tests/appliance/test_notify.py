"""What a supervisor hears: a datagram socket in its place."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.notify import MEALS, Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Ear:
    """Systemd's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.settimeout(0)

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ear]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@ivrbox-test-{os.getpid()}"
    ear = Ear(address)
    yield ear
    ear.close()


def test_each_thing_is_said_as_systemd_expects_it(ear: Ear) -> None:
    supervisor = Supervisor(ear.address)
    supervisor.still_starting(30, "line modem: there is no such port\nno line break")
    supervisor.ready("waiting for calls")
    supervisor.status("in a call")
    supervisor.stopping()
    assert ear.heard() == [
        "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=line modem: there is no such port no line break",
        "READY=1\nSTATUS=waiting for calls",
        "STATUS=in a call",
        "STOPPING=1\nSTATUS=stopping",
    ]


def test_watchdog_is_fed_by_frames_many_times_within_its_patience(ear: Ear) -> None:
    supervisor = Supervisor(ear.address, patience_s=30)
    meals = []
    for _ in range(30 * 50):
        supervisor.frame()
        meals += ear.heard()
    assert meals == ["WATCHDOG=1"] * MEALS


def test_watchdog_starves_when_no_frame_moves(ear: Ear) -> None:
    supervisor = Supervisor(ear.address, patience_s=30)
    supervisor.ready("waiting for calls")
    supervisor.status("line modem is lost")
    assert "WATCHDOG=1" not in ear.heard()


def test_without_a_watchdog_frames_are_not_told(ear: Ear) -> None:
    supervisor = Supervisor(ear.address)
    for _ in range(10_000):
        supervisor.frame()
    assert ear.heard() == []


def test_environment_names_the_supervisor_and_its_patience(ear: Ear) -> None:
    environment = {"NOTIFY_SOCKET": ear.address, "WATCHDOG_USEC": "60000", "WATCHDOG_PID": str(os.getpid())}
    Supervisor.from_environment(environment).frame()
    assert ear.heard() == ["WATCHDOG=1"]


@pytest.mark.parametrize("variables", [{"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": ""}])
def test_watchdog_that_is_not_ours_or_not_understood_is_none(ear: Ear, variables: dict[str, str]) -> None:
    environment = {"NOTIFY_SOCKET": ear.address, "WATCHDOG_USEC": "20000", **variables}
    supervisor = Supervisor.from_environment(environment)
    supervisor.frame()
    assert ear.heard() == []


def test_without_a_supervisor_all_is_silence() -> None:
    supervisor = Supervisor.from_environment({})
    assert not supervisor.is_there
    supervisor.ready("nobody hears this")
    supervisor.frame()


def test_supervisor_that_is_gone_or_deaf_disturbs_nobody(ear: Ear) -> None:
    supervisor = Supervisor(ear.address)
    for _ in range(2000):
        supervisor.status("nobody reads these, so the socket's queue is full in the end")
    assert 0 < len(ear.heard()) < 2000
    ear.close()
    supervisor.stopping()
