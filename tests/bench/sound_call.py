"""A long call over the sound loop: in each round a prompt begins, and ten digits come, the first of which cuts it.

The caller is a process of its own; the box serves in this one.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pulse_rig import python

from ivrbox.dsp import tones
from ivrbox.prompts.wavfile import write_wav

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.appliance.wiring import Box
    from ivrbox.cdr import CallRecord

FAR_END: Final = Path(__file__).with_name("pulse_far_end.py")
RING_TO_KEYS_S: Final = 3.0
A_ROUND_S: Final = 4.0
PATIENCE_FRAMES: Final = 1500
"""Frames, 30 s, in which it has to ring."""

DIGITS: Final = "0123456789"
SETTINGS: Final = '[line]\nrings = 1\n[call]\nentry = "main"\n'
FLOW: Final = """
[steps.{step}]
prompt = "tone.wav"
dtmf = {{ digits = 10, collect_while_speaking = true, first_digit_timeout = 20 }}
then = {then}
"""


def start_caller(
    folder: Path, rounds: int, *, ring_s: float = 1.0, clicks_s: tuple[float, ...] = ()
) -> subprocess.Popen[bytes]:
    """Clicks for an echo, a key to ring, then the rounds; writes what it heard to `heard.npz`."""
    keys_s = ring_s + RING_TO_KEYS_S
    script: list[tuple[float, str, str]] = [(at, "click", "") for at in clicks_s]
    script.append((ring_s, "keys", "5"))
    script += [(keys_s + A_ROUND_S * number, "keys", DIGITS) for number in range(rounds)]
    length = keys_s + A_ROUND_S * rounds
    return subprocess.Popen(python(str(FAR_END), "caller", str(folder / "heard.npz"), str(length), json.dumps(script)))


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


def answer_one(box: Box, on_answer: Callable[[], object] = lambda: None) -> CallRecord:
    """Serve until a call has ended; `on_answer` is called when it has begun."""

    def is_up() -> bool:
        return box.attendant.visit is not None

    for _ in range(PATIENCE_FRAMES):
        box.attendant.tick()
        if is_up():
            break
    else:
        raise TimeoutError(f"it did not ring within {PATIENCE_FRAMES} frames")
    on_answer()
    while is_up():
        box.attendant.tick()
    assert box.attendant.last_filed is not None
    return box.attendant.last_filed.result()


def complete_entries(record: CallRecord) -> int:
    """How many of the rounds brought all ten digits in order."""
    return [turn.text for turn in record.turns if turn.role == "user"].count(DIGITS)
