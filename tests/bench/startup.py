"""From the command to READY, and the memory of a box that waits for calls: `python tests/bench/startup.py`.

`ivrbox run` is started with the shipped flows on the loopback line, prompts spoken before. Ends 1 if a budget of the
design (clause 8) is missed: READY after 2 s (the median of several starts), 80 MB in steady state without the spool.
"""

from __future__ import annotations

import statistics
import sys

from running_box import data_folder, need_a_voice, running

STARTS = 5
READY_BUDGET_S = 2.0
MEMORY_BUDGET = 80_000_000


def main() -> int:
    """Start a few times, print, and judge."""
    need_a_voice()
    walls, times, memories, children = [], [], [], []
    with data_folder() as data:
        for _ in range(STARTS):
            with running(data) as box:
                walls.append(box.ready_s)
                times.append(box.ready_cpu_s)
                memories.append(box.resident())
                children.append([child.resident() for child in box.children()])
    ready, memory = statistics.median(walls), max(memories)
    print(f"start to READY: {ready:.2f} s (median of {STARTS}; {min(walls):.2f} to {max(walls):.2f}),")
    print(f"    {statistics.median(times):.2f} s of processor time; budget {READY_BUDGET_S} s")
    print(f"memory when ready: {memory / 1e6:.1f} MB resident; budget {MEMORY_BUDGET / 1e6:.0f} MB")
    sizes = ", ".join(f"{size / 1e6:.1f}" for size in max(children, key=sum))
    print(f"    besides it {len(children[0])} function processes: {sizes} MB, shared pages counted in each")
    return int(ready > READY_BUDGET_S or memory > MEMORY_BUDGET)


if __name__ == "__main__":
    sys.exit(main())
