"""Call progress: the tones by which an exchange says that nobody is there any more.

    heard --> 40 ms spectra --> for each band: on / off --> runs --> cadences --> signs, each with how far it is proven
    said  --> what we said within 600 ms: a tone that may be our own echo is none

A tone counts when its frequency is right, when it is pure, and when its cadence is the country's over three cycles (a
steady tone: for five seconds at a steady level). Speech, music and our own prompts are none of these for long enough.

Limits: a tone more than 7.5 dB above the noise and above -48 dBm0; while a prompt is spoken it is heard in the prompt's
pauses only, unless its echo is 6 dB weaker than the tone.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.dsp.cadence import CadenceMatcher
from ivrbox.dsp.tone_band import HEARD, HOP, PURE, WINDOW, ToneBand, power_dbm0, spectra, total_powers, windows_of
from ivrbox.units import FRAME_SAMPLES, SAMPLE_RATE, dbm0_to_amplitude, ms_to_samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

CYCLES: Final = 3
"""Whole cycles of a cadence that prove it."""

STEADY_MS: Final = 5000
"""Length that proves a tone without a cadence: longer than a person whistles one note, or an instrument holds it."""

STEADY_DB: Final = 3.0
"""An exchange's steady tone does not change its level by more than this."""

BEATING_DB: Final = 12.0
"""... or by this, where its sines beat with a period as long as the window."""

FLOOR_DBM0: Final = -48.0
ECHO_SAMPLES: Final = ms_to_samples(600)
"""What we said longer ago cannot come back as echo: the longest path is a sound server's and a satellite's."""

ECHO_FRAMES: Final = ECHO_SAMPLES // FRAME_SAMPLES

_HOP_MS: Final = 1000 * HOP / SAMPLE_RATE
_LONGEST_PAUSE_MS: Final = 1500
_HOLE_MS: Final = 20  # a click within a burst
_EDGES: Final = 3  # windows that are half tone, half silence
_QUIETER_DB: Final = 6  # a pause is at least this much softer than its burst
_OUR_SHARE: Final = 0.5
_HELD: Final = WINDOW - HOP
_WINDOW_DB: Final = 6.0  # a burst that fills only a quarter of the samples looked at is 6 dB softer over all of them
_QUIET: Final = (_HELD + FRAME_SAMPLES) * dbm0_to_amplitude(FLOOR_DBM0 - _WINDOW_DB) ** 2 / 2


@dataclass(frozen=True)
class ProgressTone:
    """One row of a country: which sign it is (`busy_tone`), its sines in Hz, its ms on and off (none: steady)."""

    sign: str
    hertz: tuple[float, ...]
    cadence_ms: tuple[float, ...] = ()

    def __str__(self) -> str:
        cadence = "/".join(f"{ms:g}" for ms in self.cadence_ms)
        return f"{'+'.join(f'{hertz:g}' for hertz in self.hertz)} Hz {cadence + ' ms' if cadence else 'steady'}"


@dataclass(frozen=True, slots=True)
class ToneSign:
    """How far a tone is proven, 0 to 1, and the sample at which it began."""

    tone: ProgressTone
    proof: float
    since: int


@dataclass
class _Band:
    """One band's runs of on and off, and the rows that are waiting for them."""

    band: ToneBand
    rows: dict[ProgressTone, CadenceMatcher | None]
    is_on: bool = False
    run_ms: float = 0.0
    on_ms: float = 0.0  # the burst before this pause; 0 where there was none
    since: int = 0
    loud_hops: int = 0
    hops: int = 0
    loudest: float = -math.inf
    softest: float = math.inf

    @property
    def has_begun(self) -> bool:
        """Whether anything was heard that a pause could follow; most of the time nothing was."""
        return self.is_on or self.on_ms > 0

    def hears(self, at: int, level: float) -> None:
        """Count a moment of the tone, at this level in dBm0."""
        if self.is_on:
            self.run_ms += _HOP_MS
        elif self.on_ms and self.run_ms <= _HOLE_MS:
            self.run_ms += self.on_ms + _HOP_MS
        else:
            self._end_pause(at)
        self.is_on = True
        self.hops += 1
        if self.hops > _EDGES:
            self.loudest, self.softest = max(level, self.loudest), min(level, self.softest)

    def pauses(self, level: float) -> None:
        """Count a moment without the tone: quiet, or loud with something else, which then breaks the chain."""
        if not self.has_begun:
            return
        if self.is_on:
            self.is_on, self.on_ms, self.run_ms, self.loud_hops = False, self.run_ms, 0.0, 0
        self.run_ms += _HOP_MS
        self.loud_hops += level > self.loudest - _QUIETER_DB
        if self.loud_hops > _EDGES or self.run_ms > _LONGEST_PAUSE_MS:
            self.forget()

    def forget(self) -> None:
        """Start again: whatever was heard belongs to no tone."""
        self.is_on, self.run_ms, self.on_ms = False, 0.0, 0.0
        self._new_burst()
        for matcher in self.rows.values():
            if matcher is not None:
                matcher.reset()

    def signs(self) -> list[ToneSign]:
        """What is proven so far of each row that has any proof."""
        if not self.has_begun:
            return []
        proofs = [(row, self._proof(matcher)) for row, matcher in self.rows.items()]
        return [ToneSign(row, proof, self.since) for row, proof in proofs if proof]

    def _proof(self, matcher: CadenceMatcher | None) -> float:
        if matcher is not None:
            return min(1.0, matcher.cycles / CYCLES)
        return min(1.0, self.run_ms / STEADY_MS) if self.is_on and self._is_steady() else 0.0

    def _is_steady(self) -> bool:
        return self.loudest - self.softest <= (BEATING_DB if self.band.beats else STEADY_DB)

    def _new_burst(self) -> None:
        self.hops, self.loudest, self.softest = 0, -math.inf, math.inf

    def _end_pause(self, at: int) -> None:
        if self.on_ms:
            for matcher in self.rows.values():
                if matcher is not None:
                    matcher.push(self.on_ms, self.run_ms)
        else:
            self.since = max(0, at - WINDOW)
        self.run_ms = _HOP_MS
        self._new_burst()


class ProgressWatch:
    """Listens for the tones of one country, beside what the box itself is saying."""

    def __init__(self, tones: Iterable[ProgressTone]) -> None:
        """Take the rows of the country."""
        self._bands: dict[tuple[float, ...], _Band] = {}
        for tone in tones:
            band = self._bands.setdefault(tone.hertz, _Band(ToneBand(tone.hertz), {}))
            band.rows[tone] = CadenceMatcher(tone.cadence_ms) if tone.cadence_ms else None
        self._masks = np.column_stack([HEARD, *(band.band.mask for band in self._bands.values())])
        self._stream = np.zeros(_HELD + FRAME_SAMPLES)
        self._windows = windows_of(self._stream)
        self.reset()

    def reset(self) -> None:
        """Start a call: sample 0."""
        self._clock = 0
        self._stream[:] = 0
        self._said = deque([np.zeros(ECHO_SAMPLES, dtype=np.int16)], maxlen=ECHO_FRAMES)
        for band in self._bands.values():
            band.forget()

    @property
    def strongest(self) -> ToneSign | None:
        """The sign that is proven furthest; None where there is none at all."""
        signs = [sign for band in self._bands.values() for sign in band.signs()]
        return max(signs, key=lambda sign: sign.proof, default=None)

    def push(self, heard: NDArray[np.int16], said: NDArray[np.int16]) -> None:
        """Take one frame heard and the one said at the same time, both int16 (160,)."""
        self._said.append(said)
        self._stream[:_HELD] = self._stream[FRAME_SAMPLES:]
        self._stream[_HELD:] = heard
        if self._stream @ self._stream < _QUIET:
            self._pass_in_quiet(FRAME_SAMPLES // HOP)
        else:
            self._look(spectra(self._windows))

    def skip(self, samples: int) -> None:
        """So many samples were lost: time moves on, and no cadence survives a hole."""
        self._clock += samples
        self._stream[:] = 0
        for band in self._bands.values():
            band.forget()

    def _pass_in_quiet(self, moments: int) -> None:
        """Too soft for any tone: what a line is most of the time, so it is not looked at closely."""
        for band in self._bands.values():
            for _ in range(moments if band.has_begun else 0):
                band.pauses(-math.inf)
        self._clock += HOP * moments

    def _look(self, moments: NDArray[np.float64]) -> None:
        """Tell each band what it was, moment by moment."""
        for place, (total, *parts) in enumerate((moments @ self._masks).tolist()):
            self._clock += HOP
            level = power_dbm0(total)
            for band, part in zip(self._bands.values(), parts, strict=True):
                if level < FLOOR_DBM0 or part < PURE * total or not band.band.fits(moments[place]):
                    band.pauses(level)
                elif self._is_ours(band.band):
                    band.forget()
                else:
                    band.hears(self._clock, level)

    def _is_ours(self, band: ToneBand) -> bool:
        """Whether something like it was said within the reach of an echo."""
        said = np.concatenate(self._said)[-ECHO_SAMPLES:]
        if not said.any():
            return False
        moments = spectra(windows_of(said.astype(np.float64)))
        audible = moments[total_powers(moments) > _AUDIBLE]
        return audible.size > 0 and bool(band.shares(audible).max() > _OUR_SHARE)


_AUDIBLE: Final = float(total_powers(spectra(np.tile([20.0, -20.0], WINDOW // 2)[np.newaxis]))[0])
