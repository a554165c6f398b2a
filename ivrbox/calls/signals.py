"""What the box says that is no speech: a beep, the tones of an exchange, the keys of a number it dials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ivrbox.dsp import tones
from ivrbox.units import ms_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BEEP_HZ, BEEP_DBM0 = 1000.0, -14.0
"""The record tone: far from every DTMF frequency and from every call-progress tone, so no detector takes it for one."""

TONE_S = 3.0
"""How long a call-progress tone is played: one cadence of ringback at the least is half of that."""

DIALLED_MS = 100.0
"""Length of a dialled key, and of the pause after it: twice what Q.24 asks an exchange to accept."""

TONES: dict[str, Callable[[], NDArray[np.int16]]] = {
    "beep": lambda: tones.sines([(BEEP_HZ, BEEP_DBM0)], ms_to_samples(300)),
    "dial": lambda: tones.dial_tone(TONE_S),
    "busy": lambda: tones.busy(TONE_S),
    "ringback": lambda: tones.ringback(TONE_S),
    "congestion": lambda: tones.busy(TONE_S, cadence_s=(0.25, 0.25)),
}


def tone(name: str) -> NDArray[np.int16]:
    """Sound of a tone that a flow may name, int16 (n,)."""
    return TONES[name]()


COMMA_MS = 2000.0
"""A comma in a number waits so long (ITU-T V.250, clause 6.3.1, register S8)."""


def dialled(number: str) -> NDArray[np.int16]:
    """Sound of a number being dialled, int16 (n,); a comma waits, and what else is no key is for the reader only."""
    parts = [np.zeros(0, dtype=np.int16)]
    for character in number:
        if character == ",":
            parts.append(tones.silence(COMMA_MS))
        elif character in "0123456789*#ABCD":
            parts.append(tones.keys(character, ms=DIALLED_MS, gap_ms=DIALLED_MS))
    return np.concatenate(parts)
