"""The service under a systemd that really runs: a whole system booted in a container, with what installs in it."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.install.conftest import System

READY_S = 180
"""Every prompt is spoken at the first start."""

FAILED_S = 60
"""The watchdog's patience, what systemd adds to it, and a restart."""

TO_KNOW = "ActiveState,SubState,StatusText,NRestarts,Result"


class Booted:
    """A system that runs, entered from outside."""

    def __init__(self, leader: int) -> None:
        self._leader = str(leader)

    def sh(self, script: str) -> str:
        enter = ["nsenter", "--target", self._leader, "--all", "--root", "--wd", "sh", "-c", script]
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return subprocess.run(enter, env=environment, capture_output=True, text=True, check=False).stdout

    def waits_for(self, condition: str, seconds: int) -> bool:
        """Let the system itself wait until a shell's condition holds."""
        script = f"for _ in $(seq {seconds}); do if {condition}; then echo yes; exit; fi; sleep 1; done"
        return self.sh(script).strip() == "yes"


@contextmanager
def booted(system: System) -> Iterator[Booted]:
    """Boot a system in a container of the machine's own tool, and shut it down."""
    if shutil.which("systemd-nspawn") is None:
        pytest.fail("systemd-nspawn is not installed (apt install systemd-container)")
    command = ["systemd-nspawn", "--quiet", "--directory", str(system.root), "--register=no", "--keep-unit", "--boot"]
    with subprocess.Popen([*command, "--console=pipe"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as nspawn:
        try:
            yield Booted(_leader(nspawn.pid))
        finally:
            nspawn.terminate()  # powers the container off


def _leader(nspawn: int) -> int:
    """The container's process 1, once it is there."""
    script = f"until cut -d ' ' -f 1 /proc/{nspawn}/task/*/children | grep .; do sleep 0.2; done"
    found = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=30, check=True)
    return int(found.stdout.split()[0])


def test_service_is_ready_watched_and_put_on_hook(installed: System) -> None:
    installed.leave()
    with booted(installed) as machine:
        assert machine.waits_for("systemctl is-active --quiet ivrbox", READY_S), machine.sh("journalctl -u ivrbox")
        assert "is open; waiting for calls" in machine.sh(f"systemctl show ivrbox -p {TO_KNOW}")
        assert "Max core file size        0 " in machine.sh(
            "cat /proc/$(systemctl show -p MainPID --value ivrbox)/limits"
        )

        machine.sh("kill -STOP $(systemctl show -p MainPID --value ivrbox)")
        assert machine.waits_for("journalctl -u ivrbox | grep -q \"Failed with result 'watchdog'\"", FAILED_S)
        journal = machine.sh("journalctl -u ivrbox")
        assert journal.index("is on-hook") < journal.index("Failed with result 'watchdog'")
        assert machine.waits_for("systemctl is-active --quiet ivrbox", FAILED_S)

        machine.sh("systemctl start ivrbox-tidy.service")
        assert "Result=success" in machine.sh(f"systemctl show ivrbox-tidy.service -p {TO_KNOW}")
        assert "Nothing is overdue." in machine.sh("journalctl -u ivrbox-tidy")
        assert machine.sh("find /var/lib/ivrbox ! -user ivrbox") == ""
        machine.sh("systemctl stop ivrbox")
        assert "ivrbox: stopped" in machine.sh("journalctl -u ivrbox")
