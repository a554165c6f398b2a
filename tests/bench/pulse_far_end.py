"""The far end of the sound loop, as a process of its own: a caller on plain PyAudio, or an echo.

    python pulse_far_end.py caller OUT.npz SECONDS '[[1.0, "key", "5"], [2.5, "click", ""]]'
    python pulse_far_end.py echo SECONDS
    python pulse_far_end.py floor SECONDS
    python pulse_far_end.py keypad SECONDS '[[1.0, "5"], [4.0, "1234"], [6.0, "-"]]'

The caller counts in samples of its two streams, which one clock drives: `played` are the samples at which its sounds
began in what it said, `heard` is all that it heard (48 000 Hz). The echo gives back what it hears, through the box's
own adapter, 20 ms at a time. The floor hears 20 ms and says 20 ms of silence in the box's place, with PyAudio and
nothing else, and prints the share of a core that this took. The keypad is `ivrbox keypad` in Germany, whose pad is
pressed as the script says: 100 ms a key, `-` hangs up.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyaudio

from ivrbox.cli import keypad as keypad_command
from ivrbox.dsp import tones
from ivrbox.dsp.resample import Resampler
from ivrbox.lines.keypad import HANG_UP, KeyMove
from ivrbox.lines.sound_card import CardSpec, SoundCard

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE: Final = 48000
PRIORITY: Final = 20
CHUNK: Final = 960  # 20 ms
NOISE: Final = 30.0
"""Steps of the noise on the caller's line, root mean square: -62 dBm0 in the telephone band. No line is silent."""


def main(arguments: list[str]) -> None:
    """Run as the command line says."""
    match arguments:
        case ["caller", out, seconds, script]:
            call(out, float(seconds), json.loads(script))
        case ["echo", seconds]:
            echo(float(seconds))
        case ["floor", seconds]:
            print(floor(float(seconds)))
        case ["keypad", seconds, script]:
            key_in(seconds, json.loads(script))
        case _:
            sys.exit(__doc__)


def call(out: str, seconds: float, script: list[tuple[float, str, str]]) -> None:
    """Say what the script says at its times, and write down what was heard; ahead of others where that is allowed."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    said, played = np.zeros(round(seconds * RATE), np.int16), []
    for at_s, kind, what in script:
        sound, start = sound_of(kind, what), round(at_s * RATE)
        said[start : start + sound.size] = sound[: said.size - start]
        played.append(start)
    said += np.rint(np.random.default_rng(1).normal(0, NOISE, said.size)).astype(np.int16)
    listener, speaker = open_pair("callerside")
    heard: list[bytes] = []
    talking = threading.Thread(
        target=lambda: [speaker.write(part.tobytes()) for part in np.split(said, said.size // CHUNK)]
    )
    talking.start()
    while talking.is_alive():
        heard.append(listener.read(CHUNK, exception_on_overflow=False))
    np.savez(out, heard=np.frombuffer(b"".join(heard), np.int16), played=np.array(played))


def sound_of(kind: str, what: str) -> NDArray[np.int16]:
    """A click (10 ms at 1 kHz), digits, digits held for two seconds, or sound out of a file."""
    if kind == "click":
        return np.asarray(np.rint(12000 * np.sin(np.arange(480) * 2 * np.pi / 48)), dtype=np.int16)
    if kind == "keys":
        made = tones.keys(what, ms=80, gap_ms=80)
    elif kind == "held":
        made = tones.key(what[0], ms=2000)
    else:
        made = np.load(what)
    return Resampler(8000, RATE).push(made)


def echo(seconds: float) -> None:
    """Give back what is heard, as a box does that has nothing to decide."""
    card = SoundCard(CardSpec("boxside", "boxside", period_frames=1))
    card.open()
    heard = np.zeros(160, np.int16)
    for _ in range(round(50 * seconds)):
        card.write(heard)
        heard, _lost = card.read()
    card.close()


def floor(seconds: float) -> float:
    """The least that a program on this line can do, at a box's priority; in per cent of a core."""
    listener, speaker = open_pair("boxside")
    listener.read(CHUNK, exception_on_overflow=False)  # which spins until the first sound comes
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    silence = bytes(2 * CHUNK)
    cpu, wall = time.process_time(), time.monotonic()
    while time.monotonic() < wall + seconds:
        listener.read(CHUNK, exception_on_overflow=False)
        speaker.write(silence, exception_on_underflow=False)
    return 100 * (time.process_time() - cpu) / (time.monotonic() - wall)


class ScriptedPad:
    """A pad that is pressed at its times, counted in polls of 20 ms."""

    def __init__(self, script: list[tuple[float, str]]) -> None:
        """Each key is held for 100 ms, and followed by as much."""
        self._polls = 0
        self._moves: dict[int, KeyMove] = {}
        for at_s, keys in script:
            for number, key in enumerate(keys):
                down, name = round(50 * at_s) + 10 * number, HANG_UP if key == "-" else key
                self._moves |= {down: KeyMove(name, is_down=True), down + 5: KeyMove(name, is_down=False)}

    def poll(self) -> list[KeyMove]:
        """What happened within these 20 ms."""
        self._polls += 1
        return [self._moves[self._polls]] if self._polls in self._moves else []

    def close(self) -> None:
        """Nothing is held."""


def key_in(seconds: str, script: list[tuple[float, str]]) -> None:
    """Run the command; only its pad is not real."""
    keypad_command._pad = lambda *_: ScriptedPad(script)
    keypad_command.keypad(["--output", "callerside", "--country", "de", "--seconds", seconds])


def open_pair(name: str) -> tuple[Any, Any]:
    """Both streams of the device of this name."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # this process probes and is gone: nobody reads what ALSA has to say
    audio = pyaudio.PyAudio()
    names = [audio.get_device_info_by_index(index)["name"] for index in range(audio.get_device_count())]
    common = {"rate": RATE, "channels": 1, "format": pyaudio.paInt16, "frames_per_buffer": CHUNK}
    index = names.index(name)
    listener = audio.open(input=True, input_device_index=index, **common)
    return listener, audio.open(output=True, output_device_index=index, **common)


if __name__ == "__main__":
    main(sys.argv[1:])
