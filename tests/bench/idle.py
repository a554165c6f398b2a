"""What a box costs that waits for calls: `python tests/bench/idle.py [SECONDS [LINE...]]`.

`ivrbox run`, seen from outside, on each kind of line: loopback, which takes 20 ms for a frame as real lines do; a
modem, simulated in another process behind a pseudo-terminal; a sound card, which is a sound server here. Ends 1 if one
of the first two takes more than the budget of half a percent of a core: a sound card has frames to be heard all the
time.
"""

from __future__ import annotations

import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pulse_rig import BOX, NoRig, PulseRig
from running_box import ROOT, Running, data_folder, need_a_voice, running

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 60.0
SETTLING_S = 3.0
SLEEPS = 250
BUDGET = 0.005
SOUND = "usb_audio"


def main() -> int:
    """Watch, print, and judge."""
    need_a_voice()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    kinds = sys.argv[2:] or list(LINES)
    with data_folder() as data:
        spent = {kind: idle(kind, data, seconds) for kind in kinds}
    print(f"of it {5000 * bare_sleep():.2f} % for 50 bare sleeps a second, {1250 * bare_sleep():.2f} % for 12")
    return int(any(share > BUDGET for kind, share in spent.items() if kind != SOUND))


def idle(kind: str, data: Path, seconds: float) -> float:
    """Share of a core that a box with this line takes."""
    try:
        with tempfile.TemporaryDirectory() as folder, LINES[kind](Path(folder)) as environment:
            config = with_line(kind, Path(folder))
            with running(data, config, **environment) as box:
                watch(box, SETTLING_S)
                spent, passed = watch(box, seconds)
                memory = box.resident()
    except NoRig as missing:
        print(f"idle, {kind}: not measured: {missing}")
        return 0.0
    print(
        f"idle, {kind}: {100 * spent / passed:.2f} % of a core over {passed:.0f} s, budget {100 * BUDGET} %; "
        f"{memory / 1e6:.1f} MB resident"
    )
    return spent / passed


def with_line(kind: str, folder: Path) -> Path:
    """The shipped configuration, with another line."""
    config = folder / "config"
    shutil.copytree(ROOT / "config", config)
    options = {"modem": {"port": str(folder / "tty"), "profile": "generic"}, SOUND: {"device": BOX, "country": "de"}}
    written = "".join(f'options.{key} = "{value}"\n' for key, value in options.get(kind, {}).items())
    settings = (config / "ivrbox.toml").read_text("utf-8")
    (config / "ivrbox.toml").write_text(settings.replace('kind = "loopback"', f'kind = "{kind}"\n{written}#'), "utf-8")
    return config


@contextmanager
def no_device(_: Path) -> Iterator[dict[str, str]]:
    """A line that needs nothing."""
    yield {}


@contextmanager
def modem(folder: Path) -> Iterator[dict[str, str]]:
    """A modem that nobody calls, in a process of its own."""
    program = "from ivrbox.cli.modem_sim import modem_sim; modem_sim()"
    command = [sys.executable, "-c", program, "--link", str(folder / "tty"), "--do", "wait 3600"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()  # it has made its link
        yield {}
        process.terminate()


@contextmanager
def sound(folder: Path) -> Iterator[dict[str, str]]:
    """A sound server of its own."""
    with PulseRig(folder) as rig:
        yield rig.environment


LINES = {"loopback": no_device, "modem": modem, SOUND: sound}


def watch(box: Running, seconds: float) -> tuple[float, float]:
    """Let some time pass; gives processor time of the box and wall time that did, in seconds."""
    began, before = time.monotonic(), box.cpu_s
    threading.Event().wait(seconds)  # what is measured here is what happens while nothing does
    return box.cpu_s - before, time.monotonic() - began


def bare_sleep() -> float:
    """Processor time that this machine takes for one sleep of a frame, in seconds: nothing can wait for less."""
    before = time.thread_time()
    for _ in range(SLEEPS):
        select.select([], [], [], 0.02)
    return (time.thread_time() - before) / SLEEPS


if __name__ == "__main__":
    sys.exit(main())
