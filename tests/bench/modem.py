"""What a voice modem costs a call: `python tests/bench/modem.py`.

In simulated time: from the onset of a key to the prompt silenced (budget 300 ms), what it takes to turn over, and how
much faster than real time a call runs. In real time, over a pseudo-terminal with the modem in another process: the
CPU that the line takes (budget of a whole call: 3 % of a core).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.lines.line import SILENCE, Digit, Line, Ringing
from ivrbox.lines.modem import Modem
from ivrbox.lines.modem_profile import read_profile
from ivrbox.lines.modem_sim import SimModem
from ivrbox.lines.modem_sim_pty import PtyModem
from ivrbox.lines.modem_sim_spec import behaviour_of
from ivrbox.lines.modem_sim_wire import SimulatedLine

if TYPE_CHECKING:
    from ivrbox.lines.far_end import FarEnd

PROFILES = ("usr5637", "cx930xx", "mt9234", "generic")
RUNS = 25
LOUD = (8000 * np.sin(2 * np.pi * 300 * np.arange(160) / 8000)).astype(np.int16)
LIVE_S = 10
LIVE_RUNS = 10


def main() -> None:
    """Measure, and print each figure beside its budget."""
    print(f"{'simulated time':<16}{'key to silence, ms':>26}{'to play, ms':>14}{'to record, ms':>15}{'speed':>10}")
    for profile in PROFILES:
        cuts = [_cut_ms(profile, seed) for seed in range(RUNS)]
        play, record = _turns_ms(profile)
        spread = f"{min(cuts):.0f} / {statistics.median(cuts):.0f} / {max(cuts):.0f} of 300"
        print(f"{profile:<16}{spread:>26}{play:>14.0f}{record:>15.0f}{_speed(profile):>9.0f}x")
    live = [_live_cut_ms() for _ in range(LIVE_RUNS)]
    spread = f"{min(live):.0f} / {statistics.median(live):.0f} / {max(live):.0f}"
    print(f"real time       key to silence over a pseudo-terminal: {spread} ms of 300")
    print(
        f"real time       CPU of the line, playing and recording by turns: {100 * _live_cpu():.2f} % of a core, of 3 %"
    )


def _called(line: Line) -> None:
    while not any(isinstance(event, Ringing) for event in line.exchange(None).events):
        pass
    line.answer()


def _cut_ms(profile: str, seed: int) -> float:
    """From a key's onset to the last sample of the prompt that the caller hears; the key comes at any phase."""
    random = np.random.default_rng(seed)
    with SimulatedLine(profile, seed=seed) as line:
        line.far.rings()
        _called(line)
        for _ in range(60):
            line.exchange(LOUD)
        line.far.speaks(np.zeros(int(random.integers(0, 320)), dtype=np.int16))
        onset = line.far.heard.size + line.far.pending
        line.far.presses("5", ms=float(random.integers(60, 300)))
        while not any(isinstance(event, Digit) for event in line.exchange(LOUD).events):
            pass
        for _ in range(40):
            line.exchange(SILENCE)
        return float(np.flatnonzero(np.abs(line.far.heard) > 300)[-1] - onset) / 8


def _live_cut_ms() -> float:
    """As `_cut_ms`, in real time: the modem runs in a thread, behind a pseudo-terminal."""
    modem, stop = SimModem(behaviour_of(read_profile("generic"), "generic")), threading.Event()
    with tempfile.TemporaryDirectory() as folder, PtyModem(modem, Path(folder) / "tty") as port:
        runner = threading.Thread(target=port.run, args=(stop,))
        runner.start()
        try:
            with Modem(str(Path(folder) / "tty"), profile="generic") as line:
                return _cut_live(line, modem.far)
        finally:
            stop.set()
            runner.join()


def _cut_live(line: Modem, far: FarEnd) -> float:
    far.rings()
    _called(line)
    for _ in range(30):
        line.exchange(LOUD)
    onset = far.heard.size
    far.presses("5", ms=200)
    while not any(isinstance(event, Digit) for event in line.exchange(LOUD).events):
        pass
    for _ in range(30):
        line.exchange(SILENCE)
    return float(np.flatnonzero(np.abs(far.heard) > 300)[-1] - onset) / 8


def _turns_ms(profile: str) -> tuple[float, float]:
    """Call time lost in turning to play, and back."""
    with SimulatedLine(profile) as line:
        line.far.rings()
        _called(line)
        for _ in range(100):
            line.exchange(SILENCE)
        to_play = line.exchange(LOUD).lost
        to_record = max(line.exchange(SILENCE).lost for _ in range(60))
    return to_play / 8, to_record / 8


def _speed(profile: str) -> float:
    with SimulatedLine(profile) as line:
        line.far.rings()
        _called(line)
        began, first = time.perf_counter(), line.modem.clock
        _talk(line, 60)
        return (line.modem.clock - first) / 8000 / (time.perf_counter() - began)


def _talk(line: Line, seconds: int) -> None:
    """A second of prompt and a second of listening, by turns."""
    for _ in range(seconds // 2):
        for frame in [LOUD] * 50 + [SILENCE] * 50:
            line.exchange(frame)


def _live_cpu() -> float:
    """Share of a core that this process takes for a call in real time; the modem is another process."""
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "tty"
        program = "from ivrbox.cli.modem_sim import modem_sim; modem_sim()"
        command = [sys.executable, "-c", program, "--link", str(link), "--do", "wait 4", "--do", "ring"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as modem:
            assert modem.stderr is not None
            modem.stderr.readline()  # it has made its link
            with Modem(str(link), profile="generic") as line:
                _called(line)
                cpu, wall = time.process_time(), time.monotonic()
                _talk(line, LIVE_S)
                share = (time.process_time() - cpu) / (time.monotonic() - wall)
            modem.terminate()
    return share


if __name__ == "__main__":
    main()
