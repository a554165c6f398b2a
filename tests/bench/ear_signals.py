"""Signals for examining a DTMF receiver: made here, independent of the product's own tone maker.

A `Trials` is a row of equally long slots, each with one key in it at a random phase and a random place: the slot is
what a verdict is passed on. Disturbances are functions of the whole length, added in floating point; `pcm` rounds and
clips at the very end, as a converter would. Levels are dBm0 with a full-scale sine at +3.14 dBm0; a noise's level is
that of the sine of equal power.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

RATE = 8000
KEYS = "123A456B789C*0#D"
ROWS = np.array([697.0, 770.0, 852.0, 941.0])
COLUMNS = np.array([1209.0, 1336.0, 1477.0, 1633.0])

Pcm: TypeAlias = NDArray[np.int16]
Wave: TypeAlias = NDArray[np.float64]
Rng: TypeAlias = np.random.Generator


@dataclass(frozen=True)
class Trials:
    """Keys in slots. `wave` has shape (keys, slot samples); `onset` and `length` are in samples, one a key."""

    digits: str
    wave: Wave
    onset: NDArray[np.float64]
    length: NDArray[np.float64]

    @property
    def slot(self) -> int:
        """Samples in a slot."""
        return int(self.wave.shape[1])

    @property
    def starts(self) -> NDArray[np.float64]:
        """Where each key begins, in samples from the beginning of the whole."""
        return np.arange(len(self.digits)) * self.slot + self.onset

    def plus(self, disturbance: ArrayLike) -> Trials:
        """The same keys with something added; a flat disturbance runs on through the slots."""
        return replace(self, wave=self.wave + np.reshape(disturbance, (-1, self.slot)))

    def without(self, start_ms: ArrayLike, length_ms: float) -> Trials:
        """The same keys with a hole, `start_ms` after each key's onset."""
        first = (self.onset + np.broadcast_to(start_ms, self.onset.shape) * RATE / 1000)[:, None]
        place = np.arange(self.slot)[None, :]
        hole = (place >= first) & (place < first + length_ms * RATE / 1000)
        return replace(self, wave=np.where(hole, 0.0, self.wave))

    def pcm(self) -> Pcm:
        """All slots one after the other, rounded to int16 and clipped."""
        return pcm(self.wave.ravel())


def amplitude(dbm0: ArrayLike) -> Wave:
    """Peak amplitude of a sine of this level."""
    return np.asarray(32767 * 10 ** ((np.asarray(dbm0, dtype=float) - 3.14) / 20))


def pcm(wave: Wave) -> Pcm:
    """A wave as a converter would deliver it: rounded, and clipped at full scale."""
    return np.asarray(np.clip(np.rint(wave), -32768, 32767), dtype=np.int16)


def every_key(rng: Rng, times: int) -> str:
    """All sixteen keys so many times, shuffled, no key next to its like."""
    digits = np.array(list(KEYS))
    rounds = [rng.permutation(digits)]
    while len(rounds) < times:
        following = rng.permutation(digits)
        if following[0] != rounds[-1][-1]:
            rounds.append(following)
    return "".join("".join(each) for each in rounds)


@dataclass(frozen=True)
class Shape:
    """What a row of keys is like. Whatever is an array has one value a key; the rest holds for all.

    `pause_ms` is the silence between two keys at its shortest; a slot is longer by the jitter, so that the onset can
    fall at any place of a detector's block. `rise_ms` is a raised-cosine rise, and fall, with the key's length measured
    at half amplitude. `harmonic_db` adds the third harmonic of both tones, at so many dB relative to them.
    """

    length_ms: ArrayLike = 50.0
    pause_ms: float = 60.0
    jitter_ms: float = 13.0
    row_dbm0: ArrayLike = -10.0
    col_dbm0: ArrayLike = -10.0
    row_error: ArrayLike = 0.0
    col_error: ArrayLike = 0.0
    row_offset_hz: ArrayLike = 0.0
    col_offset_hz: ArrayLike = 0.0
    rise_ms: float = 0.0
    harmonic_db: float | None = None


def keys(rng: Rng, digits: str, **shape: Any) -> Trials:
    """One slot a digit: silence, the key, silence; `shape` as in `Shape`."""
    given = Shape(**shape)
    count = len(digits)
    length = np.broadcast_to(np.asarray(given.length_ms, dtype=float), (count,)) * RATE / 1000
    jitter = given.jitter_ms * RATE / 1000
    slot = int(np.ceil(length.max() + given.pause_ms * RATE / 1000 + jitter))
    onset = given.pause_ms / 2 * RATE / 1000 + rng.uniform(0, jitter, count)
    place = np.arange(slot)[None, :] - onset[:, None]
    wave = _tone_pairs(rng, np.array([KEYS.index(digit) for digit in digits]), place, given)
    return Trials(digits, wave * _envelope(place, length[:, None], given.rise_ms * RATE / 1000), onset, length)


def _tone_pairs(rng: Rng, number: NDArray[np.int64], place: Wave, given: Shape) -> Wave:
    wave = np.zeros_like(place)
    for nominal, dbm0, error, offset in (
        (ROWS[number // 4], given.row_dbm0, given.row_error, given.row_offset_hz),
        (COLUMNS[number % 4], given.col_dbm0, given.col_error, given.col_offset_hz),
    ):
        hertz = nominal * (1 + np.asarray(error, dtype=float)) + np.asarray(offset, dtype=float)
        angle = 2 * np.pi * hertz[:, None] / RATE * place + rng.uniform(0, 2 * np.pi, len(number))[:, None]
        peak = np.broadcast_to(amplitude(dbm0), number.shape)[:, None]
        wave += peak * np.sin(angle)
        if given.harmonic_db is not None:
            wave += peak * 10 ** (given.harmonic_db / 20) * np.sin(3 * angle)
    return wave


def _envelope(place: Wave, length: Wave, rise: float) -> Wave:
    """1 inside the key, 0 outside, with raised-cosine edges whose half amplitude is at the edge."""
    if rise <= 0:
        return ((place >= 0) & (place < length)).astype(float)
    up = np.clip(place / rise + 0.5, 0, 1)
    down = np.clip((length - place) / rise + 0.5, 0, 1)
    return np.asarray((1 - np.cos(np.pi * up)) * (1 - np.cos(np.pi * down)) / 4)


def noise(rng: Rng, samples: int, dbm0: float) -> Wave:
    """White noise, this level in 0 to 4 kHz."""
    return np.asarray(rng.standard_normal(samples) * float(amplitude(dbm0)) / np.sqrt(2))


def tone(samples: int, hertz: float, dbm0: float, phase: float = 0.0) -> Wave:
    """A steady sine."""
    return np.asarray(float(amplitude(dbm0)) * np.sin(2 * np.pi * hertz / RATE * np.arange(samples) + phase))


def tones(samples: int, hertz: tuple[float, ...], dbm0: float, rng: Rng) -> Wave:
    """Several steady sines of this level each, at random phases."""
    return np.asarray(np.sum([tone(samples, each, dbm0, rng.uniform(0, 2 * np.pi)) for each in hertz], axis=0))


def echo(wave: Wave, delay_ms: float, db: float) -> Wave:
    """The wave and one echo of it."""
    shift = round(delay_ms * RATE / 1000)
    late = np.concatenate([np.zeros(shift), wave])[: len(wave)]
    return np.asarray(wave + late * 10 ** (db / 20))


def resampled(wave: Wave, ratio: float) -> Wave:
    """The wave as a converter hears it whose clock runs `ratio` times as fast; cubic, which is ample below 2 kHz."""
    at = np.arange(1, (len(wave) - 3) / ratio) * ratio
    whole = at.astype(int)
    part = at - whole
    before, here, after, beyond = (wave[whole + step] for step in (-1, 0, 1, 2))
    slope, next_slope = (after - before) / 2, (beyond - here) / 2
    square = 3 * (after - here) - 2 * slope - next_slope
    cube = 2 * (here - after) + slope + next_slope
    return np.asarray(((cube * part + square) * part + slope) * part + here)


def slipped(rng: Rng, wave: Wave, every_ms: float) -> Wave:
    """The wave with a sample lost or repeated at random, once in so many ms on average, as unlocked clocks do."""
    count = int(len(wave) / (every_ms * RATE / 1000))
    step = np.ones(len(wave), dtype=int)
    step[rng.integers(1, len(wave), count)] = 2 * rng.integers(0, 2, count)  # 0 repeats, 2 loses
    at = np.cumsum(step)
    return np.asarray(wave[at[at < len(wave)]])
