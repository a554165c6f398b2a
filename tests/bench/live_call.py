"""A live call over the sound loop, measured: digits, overruns, CPU, and how fast a key silences the prompt.

    nice -n -5 .venv/bin/python tests/bench/live_call.py [--seconds 60]

It takes as long as the call does. Prints one line a figure. The sound server's own latency is that of an echo in the
box's place, through the same adapter, 20 ms at a time.

The processor's share is that of the box's whole process while the call is up, told by thread: `libpulse` are those
that the sound server's library keeps in any of its clients. Beside it runs, all the while, the least that a program on
this line can be: a loop in plain PyAudio that reads 20 ms and writes 20 ms. On a machine that is busy with other things
both take longer, so the ratio between them says more than either.
"""

from __future__ import annotations

import json
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

from ivrbox.appliance.wiring import open_box
from ivrbox.dsp import tones
from ivrbox.lines.usb_audio import UsbAudio
from ivrbox.prompts.wavfile import write_wav

if TYPE_CHECKING:
    from ivrbox.appliance.wiring import Box
    from ivrbox.cdr import CallRecord

FAR_END: Final = Path(__file__).with_name("pulse_far_end.py")
RATE: Final = 48000
ECHO_S: Final = 7.0
CLICKS_S: Final = (2.5, 3.3, 4.1, 4.9, 5.7)
RING_S: Final = 10.0
KEYS_S: Final = 13.0
A_ROUND_S: Final = 4.0
DIGITS: Final = "0123456789"
NAMES: Final = {"call": "call", "sound-in": "capture", "sound-out": "play", "threaded-ml": "libpulse"}
SETTINGS: Final = '[line]\nrings = 1\n[call]\nentry = "main"\n'
FLOW: Final = """
[steps.{step}]
prompt = "tone.wav"
dtmf = {{ digits = 10, collect_while_speaking = true, first_digit_timeout = 20 }}
then = {then}
"""


@click.command
@click.option("--seconds", default=60.0, show_default=True, help="Length of the call.")
def main(seconds: float) -> None:
    """Measure one live call."""
    rounds = max(1, int((seconds - (KEYS_S - RING_S)) / A_ROUND_S))
    with tempfile.TemporaryDirectory() as name, PulseRig(Path(name)) as rig:
        os.environ.update(rig.environment)
        measure(Path(name), rounds)


def measure(folder: Path, rounds: int) -> None:
    """Echo first, then the box; one caller all the while."""
    caller = start_caller(folder, rounds)
    subprocess.run(python(str(FAR_END), "echo", str(ECHO_S)), check=True)
    line = UsbAudio(device=BOX, country="de", ring_by_sound=True)
    with open_box(lay_out(folder, rounds), folder / "data", line=line) as box:
        floor = subprocess.Popen(python(str(FAR_END), "floor", str(A_ROUND_S * rounds)), stdout=subprocess.PIPE)
        record, shares = answer_one(box)
    caller.wait()
    report(record, str(line.counters), rounds)
    report_cpu(shares, float(floor.communicate()[0]))
    report_latency(np.load(folder / "heard.npz"), rounds)


def start_caller(folder: Path, rounds: int) -> subprocess.Popen[bytes]:
    """Clicks for the echo, a key to ring, then ten digits in each round, the first of which cuts the prompt short."""
    script: list[tuple[float, str, str]] = [(at, "click", "") for at in CLICKS_S]
    script.append((RING_S, "keys", "5"))
    script += [(KEYS_S + A_ROUND_S * number, "keys", DIGITS) for number in range(rounds)]
    length = KEYS_S + A_ROUND_S * rounds
    out = str(folder / "heard.npz")
    return subprocess.Popen(python(str(FAR_END), "caller", out, str(length), json.dumps(script)))


def lay_out(folder: Path, rounds: int) -> Path:
    """A flow that says a long tone and asks for ten digits, again and again."""
    config = folder / "config"
    (config / "flows").mkdir(parents=True)
    (config / "prompts").mkdir()
    (config / "ivrbox.toml").write_text(SETTINGS, "utf-8")
    steps = [
        FLOW.format(step=f"round{number}", then=f'"round{number + 1}"' if number + 1 < rounds else "{ hangup = true }")
        for number in range(rounds)
    ]
    (config / "flows" / "main.toml").write_text("\n".join(steps), "utf-8")
    write_wav(config / "prompts" / "tone.wav", tones.sines([(620, -12)], 30 * 8000))
    return config


def answer_one(box: Box) -> tuple[CallRecord, dict[str, float]]:
    """Serve until a call has ended: its record, and what each kind of thread took while it was up, in % of a core."""

    def is_up() -> bool:
        return box.attendant.visit is not None

    while not is_up():
        box.attendant.tick()
    before, began = cpu_seconds(), time.monotonic()
    while is_up():
        box.attendant.tick()
    after, took = cpu_seconds(), time.monotonic() - began
    assert box.attendant.last_filed is not None
    return box.attendant.last_filed.result(), {name: 100 * (after[name] - before[name]) / took for name in after}


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
    entries = [turn.text for turn in record.turns if turn.role == "user"]
    say(f"call: {record.duration_s:.1f} s, ended {record.ended}")
    say(f"digits: {sum(entry == DIGITS for entry in entries)} of {rounds} entries of ten keys complete")
    say(f"sound: {counters}")


def report_cpu(shares: dict[str, float], floor: float) -> None:
    """What the call cost, by cause, beside what a bare loop on the same line cost at the same time."""
    share = sum(shares.values())
    say(f"cpu: {share:.2f} % of a core while the call was up (at most 3 % wanted; load {os.getloadavg()[0]:.1f})")
    say("  by thread: " + ", ".join(f"{name} {shares[name]:.2f}" for name in sorted(shares)))
    say(f"  a bare loop in PyAudio at the same time: {floor:.2f} %; the call takes {share / floor:.1f} times as much")


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
