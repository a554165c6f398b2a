"""What the box says that is no speech: a beep, the tones of an exchange, the keys of a number it dials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.dsp import tones
from ivrbox.units import ms_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
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


def dialled(number: str) -> NDArray[np.int16]:
    """Sound of a number being dialled, int16 (n,); whatever is no key is a mark for the reader and is passed over."""
    digits = "".join(character for character in number if character in "0123456789*#ABCD")
    return tones.keys(digits, ms=DIALLED_MS, gap_ms=DIALLED_MS)
