"""A bad line, by parameter: what stands between the caller's telephone and what the box hears.

    caller --> twist --> gain --(+)--> codec --> int16 --> box       and now and then a frame is lost
                                 ^
          echo of the box's own voice, noise, hum

Pure and streaming: the samples that come out do not depend on how the stream is cut, and the same seed gives the same
line. Levels are in dBm0: noise over the whole band, as the level of a sine of equal power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ivrbox.dsp import g711
from ivrbox.errors import LineError
from ivrbox.units import SAMPLE_RATE, dbm0_to_amplitude, ms_to_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]
    Floats = NDArray[np.float64]

_TILT_TAPS = 127
_TILT_ONE = 1 << 15
_SLOPE_HZ = (1060, 1090)  # between the highest row, 941 Hz, and the lowest column, 1209 Hz


@dataclass(frozen=True)
class Impairments:
    """How bad the line is; nothing is wrong by default.

    `echo_db` is the loss of the box's own voice on its way back to it, `echo_ms` its delay. `twist_db` is what the
    line does to the columns of a key (1209 Hz and up) over its rows: the weaker group is attenuated. `loss` is a
    probability for each frame, or a pattern that repeats, true where a frame is lost.

    Raises:
        LineError: a figure that no line has.
    """

    noise_dbm0: float | None = None
    echo_db: float | None = None
    echo_ms: float = 20.0
    twist_db: float = 0.0
    gain_db: float = 0.0
    hum_dbm0: float | None = None
    hum_hz: float = 50.0
    loss: float | tuple[bool, ...] = 0.0
    law: Literal["ulaw", "alaw"] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what would never let a frame through, or is no figure of a line."""
        if isinstance(self.loss, tuple):
            if all(self.loss):
                raise LineError("impairments: loss: a pattern must let a frame through now and then")
        elif not 0 <= self.loss < 1:
            raise LineError(f"impairments: loss: must be a probability from 0 to below 1, not {self.loss}")
        if self.law not in {"ulaw", "alaw", None}:
            raise LineError(f"impairments: law: must be ulaw, alaw or none, not {self.law}")
        if self.echo_ms < 0:
            raise LineError(f"impairments: echo_ms: must be at least 0, not {self.echo_ms}")


class Channel:
    """The living line: `push` what both ends say, get what the box hears."""

    def __init__(self, impairments: Impairments) -> None:
        """Begin at sample 0 of a line like this."""
        self._how = impairments
        noise_seed, loss_seed = np.random.SeedSequence(impairments.seed).spawn(2)
        self._noise_source = np.random.default_rng(noise_seed)
        self._loss_source = np.random.default_rng(loss_seed)
        self._tilt = _tilt_filter(impairments.twist_db)
        self._tilt_past = np.zeros(_TILT_TAPS - 1, dtype=np.int64)
        self._echo_past = np.zeros(ms_to_samples(impairments.echo_ms), dtype=np.int16)
        self._at = 0
        self._frames = 0

    def loses_next(self) -> bool:
        """Whether the next frame is lost; asked once for each frame."""
        loss = self._how.loss
        frame, self._frames = self._frames, self._frames + 1
        if isinstance(loss, tuple):
            return loss[frame % len(loss)]
        return self._loss_source.random() < loss

    def push(self, spoken: Samples, said: Samples) -> Samples:
        """What the box hears while the caller speaks `spoken` and the box says `said` (equally long, int16)."""
        heard = self._tilted(spoken) * 10 ** (self._how.gain_db / 20)
        heard += self._echo(said)
        heard += self._noise(spoken.size)
        heard += self._hum(spoken.size)
        self._at += spoken.size
        return self._coded(np.clip(np.rint(heard), -32768, 32767).astype(np.int16))

    def _tilted(self, spoken: Samples) -> Floats:
        if self._how.twist_db == 0 or not spoken.size:
            return spoken.astype(np.float64)
        stream = np.concatenate([self._tilt_past, spoken])
        self._tilt_past = stream[spoken.size :]
        return np.convolve(stream, self._tilt, mode="valid") / _TILT_ONE

    def _echo(self, said: Samples) -> Floats | float:
        if self._how.echo_db is None:
            return 0.0
        stream = np.concatenate([self._echo_past, said])
        self._echo_past = stream[said.size :]
        return stream[: said.size] * 10 ** (-self._how.echo_db / 20)

    def _noise(self, count: int) -> Floats | float:
        if self._how.noise_dbm0 is None:
            return 0.0
        return self._noise_source.standard_normal(count) * dbm0_to_amplitude(self._how.noise_dbm0) / math.sqrt(2)

    def _hum(self, count: int) -> Floats | float:
        if self._how.hum_dbm0 is None:
            return 0.0
        turns = np.arange(self._at, self._at + count) * self._how.hum_hz / SAMPLE_RATE
        return np.sin(2 * np.pi * turns) * dbm0_to_amplitude(self._how.hum_dbm0)

    def _coded(self, heard: Samples) -> Samples:
        if self._how.law == "ulaw":
            return g711.decode_ulaw(g711.encode_ulaw(heard))
        if self._how.law == "alaw":
            return g711.decode_alaw(g711.encode_alaw(heard))
        return heard


def _tilt_filter(twist_db: float) -> NDArray[np.int64]:
    """Integer FIR (so that no cut of the stream changes a sum) that leaves rows and columns `twist_db` apart.

    Linear phase, by the window method: flat over the rows, flat over the columns, a steep slope between them, which
    the window softens to what lies between 941 and 1209 Hz. Its 63 samples of delay are the line's.
    """
    bins = np.fft.rfftfreq(1024, 1 / SAMPLE_RATE)
    gain_db = np.interp(bins, _SLOPE_HZ, [min(0, -twist_db), min(0, twist_db)])
    ideal = np.roll(np.fft.irfft(10 ** (gain_db / 20)), _TILT_TAPS // 2)[:_TILT_TAPS]
    return np.rint(ideal * np.hamming(_TILT_TAPS) * _TILT_ONE).astype(np.int64)
