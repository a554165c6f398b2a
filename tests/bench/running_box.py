"""`ivrbox run` on the shipped configuration and the loopback line, in a folder of its own, watched from outside."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
START_LIMIT_S = 120
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Running:
    """A box that is up: its process, and what the start took in seconds of wall and of processor time."""

    pid: int
    ready_s: float
    ready_cpu_s: float

    @property
    def cpu_s(self) -> float:
        """Processor time so far, in seconds, of all threads: to the ns, where stat only counts ticks of 10 ms."""
        spent = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(path.read_text("ascii").split()[0]) for path in spent) / 1e9

    def resident(self) -> int:
        """Bytes in RAM, recording spool included."""
        return int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1]) * PAGE

    def children(self) -> list[Running]:
        """The processes that it has started: function children and their server."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [Running(int(pid), 0, 0) for task in tasks for pid in task.read_text("ascii").split()]


@contextmanager
def data_folder() -> Iterator[Path]:
    """A data folder whose prompts are spoken already: a box speaks each of them once in its life."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with running(data):
            pass
        yield data


@contextmanager
def running(data: Path, config: Path = ROOT / "config", **more: str) -> Iterator[Running]:
    """Have a box run for as long as a block does; it is ready when it tells its supervisor so.

    `more` goes into its environment.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor, tempfile.TemporaryDirectory() as folder:
        address = f"{folder}/notify"
        supervisor.bind(address)
        supervisor.settimeout(START_LIMIT_S)
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "ivrbox", "--config", str(config), "--data", str(data), "run"],
            env=environment | {"NOTIFY_SOCKET": address},
            cwd=folder,
            stderr=subprocess.DEVNULL,
        )
        try:
            while b"READY=1" not in supervisor.recv(4096):
                pass
            up = time.monotonic() - began
            yield Running(process.pid, up, Running(process.pid, 0, 0).cpu_s)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def need_a_voice() -> None:
    """End with the reason if this machine has no voice."""
    if not any(map(shutil.which, ("festival", "flite", "espeak-ng"))):
        sys.exit("no speech synthesizer is installed, so no box can start: festival, flite or espeak-ng is needed")
