"""The service under a systemd that really runs: a whole system booted in a container, with what installs in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.install.conftest import System

READY_S = 180
"""Every prompt is spoken at the first start."""

FAILED_S = 60
"""The watchdog's patience, what systemd adds to it, and a restart."""

OFF_S = 60
"""A container's first process is there by then, and its last one gone; told to halt too early, it never does."""

CALL_S = 60
"""A ring, the greeting, a key, the menu, and the record."""

MODEM = """
[line]
kind = "modem"
rings = 1
options = { port = "/run/tty-modem", profile = "generic" }
"""

SOUND = """
[line]
kind = "usb_audio"
options = { device = "wire", country = "de", ring_by_sound = true }
"""

ALSA = """
</usr/share/alsa/alsa.conf>
pcm.wire {
    type plug
    slave.pcm { type null }
    hint { show on description "a wire to nobody" }
}
"""

CALLER = ("wait 5", "ring", "wait answered", "wait 3", "press 1", "wait 5", "hang-up", "wait 600")

CALLS = """
[call]
entry = "recording-optout"
main = "front-desk"
"""

DROP_IN = """
[Service]
DeviceAllow=char-pts rw
Environment=ALSA_CONFIG_PATH=/etc/ivrbox/asound.conf
"""

TO_KNOW = "ActiveState,SubState,StatusText,NRestarts,Result"


class Booted:
    """A system that runs, entered from outside."""

    def __init__(self, leader: int, root: Path) -> None:
        self._leader = str(leader)
        self._root = root

    def sh(self, script: str) -> str:
        enter = ["nsenter", "--target", self._leader, "--all", "--root", "--wd", "sh", "-c", script]
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return subprocess.run(enter, env=environment, capture_output=True, text=True, check=False).stdout

    def write(self, name: str, text: str) -> None:
        """Put a file into the system."""
        path = self._root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(0o644)

    def is_ready_with(self, settings: str) -> bool:
        """Start the service anew with another line; whether it comes to be ready."""
        self.write("/etc/ivrbox/ivrbox.toml", settings + CALLS)
        return self.sh(f"timeout {CALL_S} systemctl restart ivrbox && echo yes").strip() == "yes"

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
    # Without these a container may neither lock memory nor raise a limit, as systemd does on a machine. What this
    # machine may not do itself it can't give.
    command += ["--capability=CAP_IPC_LOCK,CAP_SYS_RESOURCE"]
    with subprocess.Popen([*command, "--console=pipe"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as nspawn:
        try:
            yield Booted(_leader(nspawn.pid), system.root)
        finally:
            nspawn.terminate()  # powers the container off
            with suppress(subprocess.TimeoutExpired):
                nspawn.wait(OFF_S)
            nspawn.kill()


LEADER = r"""
until for child in $(cat /proc/{nspawn}/task/*/children); do
        grep -q "^NSpid:.*[[:space:]]1$" /proc/$child/status &&
            readlink /proc/$child/exe | grep -q "/systemd$" && echo $child
    done | grep .
do sleep 0.2; done
"""
"""Its first child only makes the container and is gone again; the one to enter is process 1 in there."""


def _leader(nspawn: int) -> int:
    """The container's process 1, once it is there."""
    command = ["sh", "-c", LEADER.format(nspawn=nspawn)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=OFF_S, check=True)
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
        assert machine.waits_for("systemctl is-active --quiet ivrbox", FAILED_S)
        journal = machine.sh("journalctl -u ivrbox")  # what a process says may come after what systemd says of its end
        assert journal.index("is on-hook") < journal.rindex("Started ivrbox")

        machine.sh("systemctl start ivrbox-tidy.service")
        assert "Result=success" in machine.sh(f"systemctl show ivrbox-tidy.service -p {TO_KNOW}")
        assert "Nothing is overdue." in machine.sh("journalctl -u ivrbox-tidy")
        assert machine.sh("find /var/lib/ivrbox ! -user ivrbox") == ""
        _takes_a_call_on_a_serial_port(machine)
        _opens_a_sound_card(machine)
        machine.sh("systemctl stop ivrbox")
        assert "ivrbox: stopped" in machine.sh("journalctl -u ivrbox")


def _takes_a_call_on_a_serial_port(machine: Booted) -> None:
    """All that hardens the service leaves it a modem; pseudo-terminals alone are allowed in addition."""
    machine.write("/etc/systemd/system/ivrbox.service.d/trial.conf", DROP_IN)
    machine.sh("systemctl daemon-reload")
    caller = " ".join(f"--do '{verb}'" for verb in CALLER)
    machine.sh(f'systemd-run --unit=modem sh -c "ivrbox modem-sim --link /run/tty-modem {caller} </dev/null"')
    assert machine.waits_for("chmod 666 /run/tty-modem", READY_S), machine.sh("journalctl -u modem")
    assert machine.is_ready_with(MODEM), machine.sh("journalctl -u ivrbox")
    assert machine.waits_for("journalctl IVRBOX_EVENT=ended --quiet | grep -q .", CALL_S), machine.sh("journalctl")
    told = machine.sh("journalctl IVRBOX_EVENT=ended --output=cat")
    assert re.fullmatch(r"call (\S+): loop_break after \d+\.\d s\n", told), told
    calls = machine.sh("runuser -u ivrbox -- ivrbox calls --json")
    assert '"discarded"' in calls, calls
    _has_locked_what_it_may(machine)


def _has_locked_what_it_may(machine: Booted) -> None:
    """The key's page in any case, and the recording where this machine lets the unit have its LimitMEMLOCK=infinity."""
    journal = machine.sh("journalctl -u ivrbox")
    assert "recording key: " not in journal
    limits = machine.sh("cat /proc/$(systemctl show -p MainPID --value ivrbox)/limits")
    if re.search("^Max locked memory +unlimited", limits, re.MULTILINE):
        assert "could not be locked" not in journal


def _opens_a_sound_card(machine: Booted) -> None:
    """Likewise a sound card, which is one of ALSA's own inventions here."""
    machine.write("/etc/ivrbox/asound.conf", ALSA)
    assert machine.is_ready_with(SOUND), machine.sh("journalctl -u ivrbox")
