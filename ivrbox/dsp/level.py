"""The level meter: dBm0 of samples, by their mean square about their mean; and whether there are any but zeros."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.units import FULL_SCALE, FULL_SCALE_DBM0, Dbm0

if TYPE_CHECKING:
    from numpy.typing import NDArray


def level_dbm0(samples: NDArray[np.int16]) -> Dbm0:
    """Level of samples of shape (n,) in dBm0; minus infinity for silence and for no samples at all.

    A sine that just reaches full scale reads +3.14 dBm0 (ITU-T G.711 clause 4), a square wave 3.01 dB more. A constant
    is no sound, and is left out: many a sound card adds one that would be louder than a quiet line.
    """
    wide = samples.astype(np.int64)
    count = len(samples)
    energy = count * int(wide @ wide) - int(wide.sum()) ** 2  # times the count, which keeps it whole
    if energy == 0:
        return Dbm0(-math.inf)
    sine_power = FULL_SCALE**2 / 2
    return Dbm0(10 * math.log10(energy / count**2 / sine_power) + FULL_SCALE_DBM0)


def is_silent(samples: NDArray[np.int16]) -> bool:
    """Whether all samples are zero; true for no samples at all.

    Asked of each frame on its way, some with a cold cache: bytes are compared there in a third of the time of `any`.
    """
    raw = samples.tobytes()
    return raw == bytes(len(raw))
