"""`ivrbox keypad` plays into the sound loop: the box is rung, dialled to and hung up on as by a telephone."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from pulse_rig import BOX, python
from sound_call import DIGITS, FAR_END, answer_one, lay_out

from ivrbox.appliance.wiring import open_box
from ivrbox.lines.usb_audio import UsbAudio

if TYPE_CHECKING:
    from pathlib import Path

    from pulse_rig import PulseRig

PRESSED = [[1.0, "5"], [3.0, DIGITS], [6.0, "-"]]


def test_a_keypad_is_a_telephone(pulse: PulseRig, tmp_path: Path) -> None:  # noqa: ARG001
    line = UsbAudio(device=BOX, country="de", ring_by_sound=True)
    keypad = subprocess.Popen(python(str(FAR_END), "keypad", "12", json.dumps(PRESSED)))
    with open_box(lay_out(tmp_path, 2), tmp_path / "data", line=line) as box:
        record = answer_one(box)
    assert keypad.wait(20) == 0
    entries = [turn.text for turn in record.turns if turn.role == "user"]
    assert (entries[0], record.ended) == (DIGITS, "busy_tone"), line.counters
