"""Echo: hears a caller's keys through our own prompt, by taking the prompt's echo out of what is heard.

    said ──┬──────────────────────────────► line
           │  spectra of the last frames      │ hybrid, far end: echo, 20 ms late, 10 dB down
           ▼                                  ▼
        filter W ──► expected echo ──(-)──  heard = caller + echo
           ▲                          │
           └── Kalman gain ◄── error ─┴────► what the detector gets

A frequency-domain adaptive filter in partitions of one frame (overlap-save, 320-point transforms), its step size set
for every frequency by a Kalman filter: large where the filter is uncertain and the prompt is loud, small where what
is heard holds power that the prompt does not explain. That is what keeps a key pressed during the prompt from leading
the filter astray: no double-talk detector, no threshold. (The method: G. Enzner and P. Vary, "Frequency-domain
adaptive Kalman filter for acoustic echo control in hands-free telephones", Signal Processing 86, 2006; the partitions:
F. Kuech, E. Mabande, G. Enzner, "State-space architecture of the partitioned-block-based acoustic echo controller",
ICASSP 2014.)

Notching the key band out of the prompts instead was measured beside it: see `tests/bench/ear.py --only echo`. It costs
the prompts their sound and leaves the power around the keys that makes a detector doubt, so it was not kept.

Limits: echoes up to `tail_ms` late; a frame of 160 samples at a time; nothing is delayed. While nothing was said for
longer than the tail, frames pass untouched and cost nothing.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.dsp.level import is_silent
from ivrbox.units import FRAME_MS, FRAME_SAMPLES, dbm0_to_amplitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAIL_MS: Final = 160
"""Echo path that the filter spans: 20 ms of delay, a hybrid's 10 ms, and room for what a line's buffers vary by: when a
sound card ran dry, what was held up meanwhile waits in it, 80 ms and more, till there is silence to leave out."""

TRANSFORM: Final = 2 * FRAME_SAMPLES
BINS: Final = TRANSFORM // 2 + 1

FORGETTING: Final = 0.9995**2
"""How surely the echo path of one frame is that of the frame before: a change is followed within seconds."""

FIRST_DOUBT: Final = 0.1
"""Variance of the unknown echo path at the start, per bin: an echo of -10 dB, as a two-wire line returns it."""

SMOOTHING: Final = 0.5
"""Share of the past in the estimate of the power that the prompt does not explain: two frames, a key is that sudden."""

SPREAD: Final = 2
"""Bins (25 Hz each) to either side over which that power is spread: the skirts of a tone that begins in a frame."""

NOTHING: Final = FRAME_SAMPLES / 2 * dbm0_to_amplitude(-56.0) ** 2
"""Energy of a frame that holds no key, which has -42 dBm0 at least, and no echo that could cover one: a line that is
well matched, or digital. From it there is nothing to take and nothing to learn."""

LEAST_POWER: Final = 100.0 * TRANSFORM
"""Power in a bin below which nothing can be learned: white noise of ten int16 steps."""


class EchoCanceller:
    """Takes the echo of what is said out of what is heard; one for each call."""

    def __init__(self, tail_ms: int = TAIL_MS) -> None:
        """Span echoes up to `tail_ms`, in whole frames; ValueError for less than one frame."""
        if tail_ms < FRAME_MS:
            raise ValueError(f"tail_ms: must be at least {FRAME_MS}, not {tail_ms}")
        self._partitions = -(-tail_ms // FRAME_MS)
        shape = (self._partitions, BINS)
        self._filter = np.zeros(shape, dtype=np.complex128)
        self._doubt = np.full(shape, FIRST_DOUBT)
        self._spectra = np.zeros(shape, dtype=np.complex128)
        self._powers = np.zeros(shape)
        self._said = np.zeros(TRANSFORM)
        self._unseen: deque[NDArray[np.int16]] = deque(maxlen=self._partitions + 1)
        self._error = np.zeros(TRANSFORM)
        self._other = np.full(BINS, LEAST_POWER)
        self._quiet = self._partitions

    def push(self, heard: NDArray[np.int16], said: NDArray[np.int16]) -> NDArray[np.int16]:
        """What is left of `heard` without the echo of `said`.

        Both are frames of int16, shape (160,), that were on the line at the same time: of one `exchange`.
        """
        self._quiet = self._quiet + 1 if is_silent(said) else 0
        if self._quiet > self._partitions:
            return heard
        self._unseen.append(said)
        wide = heard.astype(np.float64)
        if wide @ wide < NOTHING:
            return heard
        self._catch_up()
        echo = np.fft.irfft((self._filter * self._spectra).sum(axis=0))[FRAME_SAMPLES:]
        self._error[FRAME_SAMPLES:] = wide - echo
        self._learn(np.fft.rfft(self._error))
        return np.clip(np.rint(self._error[FRAME_SAMPLES:]), -32768, 32767).astype(np.int16)

    def _catch_up(self) -> None:
        """Take what was said while nothing was heard: as much of it as the filter spans, and the frame before."""
        for said in self._unseen:
            self._take(said)
        self._unseen.clear()

    def _take(self, said: NDArray[np.int16]) -> None:
        """Move on by a frame: the newest input is the spectrum of this one behind the one before.

        When silence has outlasted the tail, every spectrum is zero by the time that frames pass untouched, so that
        nothing stale is left for the next prompt.
        """
        self._said[:FRAME_SAMPLES] = self._said[FRAME_SAMPLES:]
        self._said[FRAME_SAMPLES:] = said
        self._spectra[1:] = self._spectra[:-1]
        self._powers[1:] = self._powers[:-1]
        self._spectra[0] = np.fft.rfft(self._said)
        self._powers[0] = _power(self._spectra[0])

    def _learn(self, error: NDArray[np.complex128]) -> None:
        """One step of the Kalman filter in every bin of every partition."""
        unexplained = _spread(_power(error))
        self._other = SMOOTHING * self._other + (1 - SMOOTHING) * unexplained + LEAST_POWER
        noise = 2 * np.maximum(self._other, unexplained)  # 2: the error fills half of the transform
        step = self._doubt / ((self._powers * self._doubt).sum(axis=0) + noise)
        change = np.fft.irfft(step * self._spectra.conj() * error)
        change[:, FRAME_SAMPLES:] = 0  # a partition is one frame of echo path: the rest would wrap around
        self._filter += np.fft.rfft(change)
        self._doubt *= FORGETTING * (1 - step * self._powers / 2)
        self._doubt += (1 - FORGETTING) * _power(self._filter)


def _power(spectrum: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _spread(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each bin with the mean of its neighbours, mirrored at the ends of the band."""
    mirrored = np.concatenate([power[SPREAD:0:-1], power, power[-2 : -SPREAD - 2 : -1]])
    return np.convolve(mirrored, _NEIGHBOURS, "valid")


_NEIGHBOURS: Final = np.full(2 * SPREAD + 1, 1 / (2 * SPREAD + 1))
