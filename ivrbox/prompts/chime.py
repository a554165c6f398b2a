"""The sound that stands in for words where nothing can speak them: two soft falling notes, made by arithmetic alone."""

from __future__ import annotations

import numpy as np

from ivrbox.prompts.clip import Clip
from ivrbox.units import SAMPLE_RATE, dbm0_to_amplitude, seconds_to_samples

NOTES_HZ = (523.25, 392.0)
"""C5 and G4: both well below the lowest DTMF frequency of 697 Hz, and no pair of any tone plan."""

NOTE_S = 0.35
LEVEL_DBM0 = -18.0


def chime(text: str) -> Clip:
    """The chime as a clip that stands for `text`."""
    return Clip(np.concatenate([_note(hz) for hz in NOTES_HZ]), text)


def _note(hz: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """A sine that swells within 10 ms and dies away like a struck bar, so that it neither clicks nor startles."""
    seconds = np.arange(seconds_to_samples(NOTE_S)) / SAMPLE_RATE
    envelope = np.minimum(seconds / 0.01, 1.0) * np.exp(-seconds / 0.12)
    return np.rint(dbm0_to_amplitude(LEVEL_DBM0) * envelope * np.sin(2 * np.pi * hz * seconds)).astype(np.int16)
