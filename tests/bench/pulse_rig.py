"""A sound loop in real time: a private PulseAudio with two null sinks, reached by PyAudio through ALSA's pulse plugin.

    caller --> sink line_in  --monitor--> box          ALSA name "boxside":    plays line_out, hears line_in
    caller <--monitor-- sink line_out <-- box          ALSA name "callerside": plays line_in, hears line_out

The daemon belongs to whoever makes a `PulseRig`, has its own folder and socket, and needs neither root nor D-Bus.
Where it is allowed, all its threads run ahead of its clients' (SCHED_FIFO 25 over their 20): a server that its own
clients keep from the processor is no sound card. The rig is ready once both sinks have been heard to run: a null sink
that was idle gives its first sound up to two seconds late.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from pathlib import Path

BOX, CALLER = "boxside", "callerside"
PROGRAMS: Final = {"pulseaudio": "pulseaudio", "pactl": "pulseaudio-utils", "parec": "pulseaudio-utils"}
PLUGIN_PACKAGE: Final = "libasound2-plugins"
START_LIMIT_S: Final = 10.0
AHEAD: Final = ("chrt", "--fifo", "25")
SINKS: Final = ("line_in", "line_out")

_SCRIPT: Final = """
load-module module-native-protocol-unix socket={folder}/socket auth-anonymous=1
load-module module-null-sink sink_name=line_in format=s16le rate=48000 channels=1
load-module module-null-sink sink_name=line_out format=s16le rate=48000 channels=1
"""

_ALSA: Final = """
pcm_type.pulse { lib "libasound_module_pcm_pulse.so" }
pcm.!default.type null
ctl.!default.type null
pcm.boxside {
    type asym
    playback.pcm { type pulse device line_out }
    capture.pcm { type pulse device line_in.monitor }
    hint { show on description "the box's side" }
}
pcm.callerside {
    type asym
    playback.pcm { type pulse device line_in }
    capture.pcm { type pulse device line_out.monitor }
    hint { show on description "the caller's side" }
}
"""


_LATENCY_MS: Final = 10
"""What the keepers ask for, and so how often the sinks render: as fine as a sound card's periods, and no finer, since
each time wakes all who listen."""


class NoRig(Exception):
    """The rig cannot be had here; says why."""


class PulseRig:
    """A running daemon; use as a context manager. `environment` is what its clients need."""

    def __init__(self, folder: Path) -> None:
        """Lay out the rig in this folder."""
        self._folder = folder
        (folder / "rig.pa").write_text(_SCRIPT.format(folder=folder), "utf-8")
        (folder / "asound.conf").write_text(_ALSA, "utf-8")
        self.environment = {
            "PULSE_SERVER": f"unix:{folder}/socket",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
            "XDG_RUNTIME_DIR": str(folder),
            "HOME": str(folder),
        }
        self._daemon: subprocess.Popen[bytes] | None = None
        self._keepers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """Start the daemon, and keep both sinks rendering: a duplex stream on an idle one dies.

        Raises:
            NoRig: a program is missing, or the daemon did not start.
        """
        missing = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
        if missing:
            raise NoRig(f"install {' '.join([*missing, PLUGIN_PACKAGE])}")
        self._log = (self._folder / "pulse.log").open("wb")
        self._run()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything that was started."""
        self._stop()
        self._log.close()

    def dies(self) -> None:
        """Kill the daemon in mid-call."""
        self._stop()

    def revives(self) -> None:
        """Start it again, if it is dead.

        Raises:
            NoRig: it does not start.
        """
        if self._daemon is None:
            self._run()

    def _run(self) -> None:
        ahead = AHEAD if subprocess.run([*AHEAD, "true"], capture_output=True, check=False).returncode == 0 else ()
        command = [*ahead, "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit"]
        self._daemon = self._start([*command, "--realtime=no", "-F", str(self._folder / "rig.pa")])
        self._await_socket()
        self._keepers = [self._start(_listen(sink)) for sink in SINKS]
        for sink in SINKS:
            self._await_sound(sink)

    def _stop(self) -> None:
        for process in (*self._keepers, self._daemon):
            if process is not None:
                process.kill()
                process.wait()
        self._keepers, self._daemon = [], None

    def _start(self, command: list[str], stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=stdout, stderr=self._log)

    def _await_socket(self) -> None:
        """Ask until it answers, for as long as it lives and ten seconds at most."""
        assert self._daemon is not None
        environment = {**os.environ, **self.environment}
        limit = time.monotonic() + START_LIMIT_S
        while subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False).returncode:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._daemon.wait(0.05)
                limit = 0.0  # it has ended by itself
            if time.monotonic() > limit:
                raise NoRig(f"pulseaudio did not start: {self._last_words()}")

    def _await_sound(self, sink: str) -> None:
        """Listen until there is something to hear."""
        ear = self._start(_listen(sink), stdout=subprocess.PIPE)
        assert ear.stdout is not None
        heard, _, _ = select.select([ear.stdout], [], [], START_LIMIT_S)
        ear.kill()
        ear.communicate()
        if not heard:
            raise NoRig(f"no sound comes from {sink}: {self._last_words()}")

    def _last_words(self) -> str:
        return (self._folder / "pulse.log").read_text("utf-8")[-500:]


def _listen(sink: str) -> list[str]:
    return ["parec", "--raw", f"--latency-msec={_LATENCY_MS}", "-d", f"{sink}.monitor"]


def python(*arguments: str) -> list[str]:
    """The command line of another Python like this one, with the same search path."""
    return [sys.executable, *arguments]
