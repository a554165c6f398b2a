"""From a key's onset to a silent prompt: `python tests/bench/barge_in.py`. The design allows 60 ms.

Keys begin at every 1 ms of a frame, over the notice of a whole box on the loopback line, which has no buffers of its
own. Silent means after the 5 ms in which a prompt that is cut fades.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import numpy as np

from ivrbox.appliance.phone import Phone
from ivrbox.appliance.wiring import open_box
from ivrbox.dsp import tones
from ivrbox.lines.loopback import Loopback
from ivrbox.units import FRAME_SAMPLES, samples_to_seconds

FLOW = """
[steps.notice]
prompt = "This call may be recorded for quality and training purposes. To opt out, press 1."
dtmf = { digits = 2, collect_while_speaking = true, retries = 0 }
then = { hangup = true }
on_fail = { hangup = true }
"""


def silenced_after_ms(phone: Phone, line: Loopback, shift: int) -> float:
    """One call with a key that begins `shift` samples into a frame; milliseconds until the prompt is silent."""
    phone.rings()
    phone.waits(1.5)
    onset = phone.call.clock + shift
    phone.speaks(np.concatenate([np.zeros(shift, np.int16), tones.key("7", ms=80, row_dbm0=-20.0)]))
    phone.waits(0.5)
    silent = int(np.flatnonzero(line.far.heard)[-1]) + 1
    phone.hangs_up()
    return 1000 * samples_to_seconds(silent - onset)


def main() -> None:
    """Print the distribution."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        (config / "flows").mkdir(parents=True)
        (config / "ivrbox.toml").write_text('[call]\nentry = "main"\n')
        (config / "flows" / "main.toml").write_text(FLOW)
        line = Loopback()
        with open_box(config, Path(folder) / "data", line=line) as box:
            phone = Phone(line, box.attendant)
            times = [silenced_after_ms(phone, line, shift) for shift in range(0, FRAME_SAMPLES, 8)]
    middle, most = statistics.median(times), max(times)
    print(f"key onset to silence: min {min(times):.1f}, median {middle:.1f}, max {most:.1f} ms over {len(times)} calls")


if __name__ == "__main__":
    main()
