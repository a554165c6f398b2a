"""A whole call over real sound: another process calls, the box answers through PyAudio, both hear each other."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pulse_rig import BOX, python

from ivrbox.appliance.wiring import open_box
from ivrbox.dsp.resample import Resampler
from ivrbox.errors import LineError, LineLost
from ivrbox.lines.line import SILENCE
from ivrbox.lines.usb_audio import UsbAudio
from ivrbox.prompts.wavfile import write_wav

if TYPE_CHECKING:
    from pulse_rig import PulseRig

FAR_END = Path(__file__).parent.parent / "bench" / "pulse_far_end.py"
LIMIT_FRAMES = 600
SETTINGS = """
[line]
rings = 1
[call]
entry = "main"
"""
FLOW = """
[steps.ask]
prompt = "notice.wav"
dtmf = { digits = 10, collect_while_speaking = true, first_digit_timeout = 10 }
then = "thank"

[steps.thank]
prompt = "thanks.wav"
then = { hangup = true }
"""


def noise(seconds: float, seed: int) -> np.ndarray:
    """Something like a voice to the ear of a detector: loud, broad, and nothing else on the line looks like it."""
    return np.random.default_rng(seed).normal(0, 3000, round(seconds * 8000)).clip(-20000, 20000).astype(np.int16)


def likeness(heard: np.ndarray, said: np.ndarray) -> float:
    """How much of `said` is somewhere in `heard`: 1 is all of it."""
    size = heard.size + said.size
    there, here = np.fft.rfft(heard, size), np.fft.rfft(said, size)
    match = np.fft.irfft(there * here.conj(), size)
    return float(np.abs(match).max() / (said.astype(np.float64) @ said))


def line() -> UsbAudio:
    return UsbAudio(device=BOX, country="de", ring_by_sound=True)


def lay_out(folder: Path) -> Path:
    config = folder / "config"
    for place in ("flows", "prompts"):
        (config / place).mkdir(parents=True)
    (config / "ivrbox.toml").write_text(SETTINGS, "utf-8")
    (config / "flows" / "main.toml").write_text(textwrap.dedent(FLOW), "utf-8")
    write_wav(config / "prompts" / "notice.wav", noise(1.2, 1) // 3)
    write_wav(config / "prompts" / "thanks.wav", noise(0.4, 2) // 3)
    return config


def test_a_caller_in_another_process_is_heard_and_hears(pulse: PulseRig, tmp_path: Path) -> None:  # noqa: ARG001
    np.save(tmp_path / "speech.npy", noise(0.6, 3))
    script = f'[[1.0, "keys", "5"], [3.6, "speech", "{tmp_path}/speech.npy"], [4.3, "keys", "0123456789"]]'
    sound = line()
    with open_box(lay_out(tmp_path), tmp_path / "data", line=sound) as box:
        caller = subprocess.Popen(python(str(FAR_END), "caller", str(tmp_path / "heard.npz"), "7", script))
        for _ in range(LIMIT_FRAMES):
            box.attendant.tick()
            if box.attendant.last_filed is not None:
                break
        assert box.attendant.last_filed is not None
        record = box.attendant.last_filed.result()
        counters = str(sound.counters)
        assert caller.wait(20) == 0
    heard = Resampler(48000, 8000).push(np.load(tmp_path / "heard.npz")["heard"])
    assert [turn.text for turn in record.turns if turn.role == "user"] == ["0123456789"], counters
    assert likeness(heard, noise(1.2, 1) // 3) > 0.5, counters
    assert record.recording == "kept"


def test_a_server_that_dies_is_a_lost_line_and_a_line_that_cannot_be_opened(pulse: PulseRig) -> None:
    sound = line()
    with sound:
        sound.exchange(None)
        sound.answer()
        pulse.dies()
        with pytest.raises(LineLost, match="the card is gone"):
            exchange_for_ever(sound)
        sound.hang_up()
    with pytest.raises(LineError, match=f"sound input '{BOX}': no such device"):
        sound.open()


def exchange_for_ever(sound: UsbAudio) -> None:
    for _ in range(LIMIT_FRAMES):
        sound.exchange(SILENCE)
