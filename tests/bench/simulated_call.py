"""How fast a simulated call runs, and in how much memory: `python tests/bench/simulated_call.py`.

A caller who waits and keys digits is in a ten-minute call with the shipped flow's step; the figure is simulated
seconds to seconds of processor time on one core, and the peak resident memory of the process.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

from ivrbox.appliance.phone import Phone
from ivrbox.appliance.wiring import open_box
from ivrbox.lines.loopback import Loopback

MINUTES = 10
FLOW = """
[steps.ask]
prompt = "Please key in any four digits, or wait for a while."
dtmf = { digits = 4, collect_while_speaking = true }
then = { goto = "ask" }
no_input = "I have not heard anything."
on.no_input = "ask"
"""


def main() -> None:
    """Run the call and print the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        (config / "flows").mkdir(parents=True)
        (config / "ivrbox.toml").write_text('[call]\nentry = "main"\n')
        (config / "flows" / "main.toml").write_text(FLOW)
        line = Loopback()
        with open_box(config, Path(folder) / "data", line=line) as box:
            phone = Phone(line, box.attendant)
            phone.rings()
            before = time.process_time()
            for _ in range(MINUTES * 6):
                phone.presses("1590")
                phone.waits(9.36)
            spent = time.process_time() - before
            record = phone.hangs_up()
    ratio = record.duration_s / spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"simulated call: {record.duration_s:.0f} s in {spent:.2f} s of processor time: {ratio:.0f} x real time")
    print(f"peak resident memory: {peak:.0f} MB, {record.duration_s / 60:.0f} minutes of recording included")


if __name__ == "__main__":
    main()
