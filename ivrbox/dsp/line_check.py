"""How good is a line? Noise floor, echo of our own tones, clipping, and a verdict in plain words.

The echo is what comes back of a tone that we say: the trans-hybrid loss is the tone's level said over heard, at eight
frequencies across the telephone band. A matched DAA has 20 to 30 dB, a plain transformer next to none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.dsp import tones
from ivrbox.dsp.level import level_dbm0
from ivrbox.units import FULL_SCALE, SAMPLE_RATE, amplitude_to_dbm0, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

PROBE_HZ: Final = (300, 600, 1000, 1400, 1800, 2300, 2800, 3400)
PROBE_DBM0: Final = -13.0
PROBE_S: Final = 0.7
SETTLED_S: Final = 0.4
"""The echo is measured in what is left of a probe after this: sound servers take up to 0.3 s to bring it back."""

NOISY_DBM0: Final = -45.0
POOR_LOSS_DB: Final = 6.0
FAIR_LOSS_DB: Final = 12.0
NO_ECHO_DB: Final = 50.0
CLIPPED_SHARE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class LineCheck:
    """The figures of one line: noise in dBm0, loss in dB for each probe, share of clipped samples."""

    noise_dbm0: float
    loss_db: dict[int, float]
    clipped: float

    @property
    def worst_loss_db(self) -> float:
        """The smallest loss: the frequency at which most of our own sound comes back."""
        return min(self.loss_db.values())

    @property
    def verdict(self) -> list[str]:
        """What to do about it, worst first; one line of praise where there is nothing to do."""
        return [words for words in (self._echo(), self._clipping(), self._noise()) if words] or [self._praise()]

    def _echo(self) -> str:
        loss = self.worst_loss_db
        if loss < POOR_LOSS_DB:
            return f"echo only {loss:.0f} dB down: keys during prompts will be missed; use a matched DAA"
        if loss < FAIR_LOSS_DB:
            return f"echo {loss:.0f} dB down: soft keys during prompts may be missed; lower the output level"
        return ""

    def _clipping(self) -> str:
        if self.clipped <= CLIPPED_SHARE:
            return ""
        return f"input clips ({100 * self.clipped:.1f} % of all samples): turn the capture gain down"

    def _noise(self) -> str:
        if self.noise_dbm0 <= NOISY_DBM0:
            return ""
        return f"noise floor {self.noise_dbm0:.0f} dBm0: soft keys may be missed; look for hum, lower the capture gain"

    def _praise(self) -> str:
        if self.worst_loss_db > NO_ECHO_DB:
            return "nothing of our own sound comes back: a very good hybrid, or no line is connected"
        return f"good: echo {self.worst_loss_db:.0f} dB down, noise floor {self.noise_dbm0:.0f} dBm0"


def probes() -> list[Samples]:
    """What is to be said, one tone after another, each `PROBE_S` long."""
    return [tones.sines([(hertz, PROBE_DBM0)], seconds_to_samples(PROBE_S)) for hertz in PROBE_HZ]


def check_line(quiet: Samples, heard: Sequence[Samples]) -> LineCheck:
    """Judge a line by what was heard while nothing was said, and during each of the probes."""
    loss = {hertz: PROBE_DBM0 - _tone_dbm0(sound, hertz) for hertz, sound in zip(PROBE_HZ, heard, strict=True)}
    everything = np.concatenate([quiet, *heard])
    clipped = float((np.abs(everything.astype(np.int32)) >= FULL_SCALE).mean())
    return LineCheck(level_dbm0(quiet), loss, clipped)


def _tone_dbm0(heard: Samples, hertz: int) -> float:
    """Level of this frequency in the settled part; no lower than one step of the converter."""
    part = heard[seconds_to_samples(SETTLED_S) :].astype(np.float64)
    turns = np.exp(-2j * math.pi * hertz / SAMPLE_RATE * np.arange(part.size))
    return amplitude_to_dbm0(max(0.5, 2 * abs(float(abs(part @ turns))) / part.size))
