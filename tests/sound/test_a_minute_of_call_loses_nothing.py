"""A minute of call over the sound server: no sound is lost in it, every digit of every round arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pulse_rig import BOX
from sound_call import answer_one, complete_entries, lay_out, start_caller

from ivrbox.appliance.wiring import open_box
from ivrbox.lines.usb_audio import UsbAudio

if TYPE_CHECKING:
    from pathlib import Path

    from pulse_rig import PulseRig

ROUNDS = 15  # of four seconds


def test_a_minute_of_call_loses_nothing(pulse: PulseRig, tmp_path: Path) -> None:  # noqa: ARG001
    line = UsbAudio(device=BOX, country="de", ring_by_sound=True)
    caller = start_caller(tmp_path, ROUNDS)
    with open_box(lay_out(tmp_path, ROUNDS), tmp_path / "data", line=line) as box:
        record = answer_one(box)
    assert caller.wait(20) == 0
    assert line.counters.overruns == 0, line.counters
    assert complete_entries(record) == ROUNDS, record.turns
    assert record.duration_s > 58
    assert np.abs(np.load(tmp_path / "heard.npz")["heard"]).max() > 3000
