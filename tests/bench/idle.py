"""What a box costs that waits for calls: `python tests/bench/idle.py [SECONDS]`.

`ivrbox run` on the loopback line, which takes 20 ms for a frame as real lines do. Ends 1 if it takes more than the
budget of half a percent of a core.
"""

from __future__ import annotations

import select
import sys
import threading
import time

from running_box import Running, data_folder, need_a_voice, running

SECONDS = 60.0
SETTLING_S = 3.0
SLEEPS = 250
BUDGET = 0.005


def main() -> int:
    """Watch, print, and judge."""
    need_a_voice()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with data_folder() as data, running(data) as box:
        watch(box, SETTLING_S)
        spent, passed = watch(box, seconds)
        memory = box.resident()
    print(f"idle: {100 * spent / passed:.2f} % of a core over {passed:.0f} s, budget {100 * BUDGET} %")
    print(f"    {spent / passed / 50 * 1e6:.0f} us a frame, {bare_sleep() * 1e6:.0f} us of them for the bare sleep")
    print(f"    {memory / 1e6:.1f} MB resident")
    return int(spent / passed > BUDGET)


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
