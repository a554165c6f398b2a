"""A live call over the sound loop, measured: digits, overruns, CPU, and how fast a key silences the prompt.

    nice -n -5 .venv/bin/python tests/bench/live_call.py [--seconds 60]

It takes as long as the call does. Prints one line a figure. The sound server's own latency is that of an echo in the
box's place, through the same adapter, 20 ms at a time: what the box's longer period adds counts as the box's.

The processor's share is that of the box's whole process while the call is up, told by thread: `libpulse` are those
that the sound server's library keeps in any of its clients. Right after it runs, while the caller still talks, the
least that a program on this line can be: a loop in plain PyAudio that reads 20 ms and writes 20 ms. (At the same time
it would be one more client, and make both dearer.) On a machine that is busy with other things both take longer, so
the ratio between them says more than either.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import numpy as np
from pulse_rig import BOX, PulseRig, python
from sound_call import A_ROUND_S, FAR_END, RING_TO_KEYS_S, answer_one, complete_entries, lay_out, start_caller

from ivrbox.appliance.wiring import open_box
from ivrbox.lines.usb_audio import UsbAudio

if TYPE_CHECKING:
    from ivrbox.cdr import CallRecord

RATE: Final = 48000
ECHO_S: Final = 7.0
CLICKS_S: Final = (2.5, 3.3, 4.1, 4.9, 5.7)
RING_S: Final = 10.0
FLOOR_S: Final = 8.0
NAMES: Final = {"call": "call", "sound-in": "capture", "sound-out": "play", "threaded-ml": "libpulse"}


@click.command
@click.option("--seconds", default=60.0, show_default=True, help="Length of the call.")
def main(seconds: float) -> None:
    """Measure one live call."""
    rounds = max(1, int((seconds - RING_TO_KEYS_S) / A_ROUND_S))
    with tempfile.TemporaryDirectory() as name, PulseRig(Path(name)) as rig:
        os.environ.update(rig.environment)
        measure(Path(name), rounds)


def measure(folder: Path, rounds: int) -> None:
    """Echo first, then the box; one caller all the while."""
    caller = start_caller(folder, rounds, ring_s=RING_S, clicks_s=CLICKS_S)
    subprocess.run(python(str(FAR_END), "echo", str(ECHO_S)), check=True)
    line = UsbAudio(device=BOX, country="de", ring_by_sound=True)
    with open_box(lay_out(folder, rounds), folder / "data", line=line) as box:
        meter = CpuMeter()
        record = answer_one(box, meter.start)
        shares = meter.shares()
    floor = subprocess.check_output(python(str(FAR_END), "floor", str(FLOOR_S)))
    caller.wait()
    report(record, str(line.counters), rounds)
    report_cpu(shares, float(floor))
    report_latency(np.load(folder / "heard.npz"), rounds)


class CpuMeter:
    """What each kind of thread takes from `start` on."""

    def start(self) -> None:
        """Begin."""
        self._before, self._began = cpu_seconds(), time.monotonic()

    def shares(self) -> dict[str, float]:
        """Per cent of a core, by kind of thread."""
        after, took = cpu_seconds(), time.monotonic() - self._began
        return {name: 100 * (after[name] - self._before[name]) / took for name in after}


def cpu_seconds() -> defaultdict[str, float]:
    """Processor time of this process's threads so far, by name; threads that are not Python's belong to libpulse."""
    ours = {thread.native_id: thread.name for thread in threading.enumerate()}
    ours[os.getpid()] = "call"
    spent: defaultdict[str, float] = defaultdict(float)
    for task in Path("/proc/self/task").iterdir():
        name = ours.get(int(task.name), (task / "comm").read_text().strip())
        spent[NAMES.get(name, "others")] += int((task / "schedstat").read_text().split()[0]) / 1e9
    return spent


def report(record: CallRecord, counters: str, rounds: int) -> None:
    """What arrived, and what was lost."""
    say(f"call: {record.duration_s:.1f} s, ended {record.ended}")
    say(f"digits: {complete_entries(record)} of {rounds} entries of ten keys complete")
    say(f"sound: {counters}")


def report_cpu(shares: dict[str, float], floor: float) -> None:
    """What the call cost, by cause, beside what a bare loop on the same line cost right after it."""
    share = sum(shares.values())
    say(f"cpu: {share:.2f} % of a core while the call was up (at most 3 % wanted; load {os.getloadavg()[0]:.1f})")
    say("  by thread: " + ", ".join(f"{name} {shares[name]:.2f}" for name in sorted(shares)))
    say(f"  a bare loop in PyAudio right after it: {floor:.2f} %; the call takes {share / floor:.1f} times as much")


def report_latency(traces: dict[str, np.ndarray], rounds: int) -> None:
    """Key onset at the caller to prompt silenced at the caller, and the part of it that an echo takes as well."""
    heard, played = traces["heard"].astype(np.int32), traces["played"]
    clicks, keys = played[: len(CLICKS_S)], played[len(CLICKS_S) + 1 :]
    echoes = [first_sound(heard, start) for start in clicks]
    silenced = [first_silence(heard, start) for start in keys[:rounds]]
    own_ms = 1000 / RATE * np.median([delay for delay in echoes if delay is not None])
    cuts_ms = 1000 / RATE * np.array([delay for delay in silenced if delay is not None])
    beyond_ms = cuts_ms - own_ms  # the caller's two streams did not begin at the same moment: only this is meaningful
    say(f"key to silence besides the server: median {np.median(beyond_ms):.0f} ms, worst {beyond_ms.max():.0f} ms")
    say(f"  (of {cuts_ms.size} keys; at most 120 ms wanted; the server's own latency is by {len(echoes)} echoes)")


def first_sound(heard: np.ndarray, start: int) -> int | None:
    """Samples from `start` to the first loud one, within half a second."""
    loud = np.flatnonzero(np.abs(heard[start : start + RATE // 2]) > 3000)
    return int(loud[0]) if loud.size else None


def first_silence(heard: np.ndarray, start: int) -> int | None:
    """Samples from `start` to the last loud one within a second; None if it was silent all along, or never."""
    loud = np.flatnonzero(np.abs(heard[start : start + RATE]) > 500)
    return int(loud[-1]) if loud.size and loud[-1] < RATE - RATE // 20 else None


def say(words: str) -> None:
    """One line, at once."""
    click.echo(words)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
