"""Rows about what is no key: speech, music, and the other tones of the telephone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import TYPE_CHECKING

import numpy as np
from ear_peers import Multimon
from ear_signals import RATE, Pcm, Rng, Wave, amplitude, pcm, tone
from ear_speech import nearest_fragments, variety
from ear_table import EXAMINED, Row, grade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ear_rows_keys import Rig
    from ear_score import Receiver


@dataclass(frozen=True)
class Count:
    """False keys, and in how many hours."""

    keys: int
    hours: float

    def __str__(self) -> str:
        return f"{self.keys} in {self.hours:.2g} h"


def _count(receiver: Receiver, sounds: Iterable[Pcm]) -> Count:
    keys, samples = 0, 0
    for sound in sounds:
        keys += len(receiver.hear(sound))
        samples += len(sound)
    return Count(keys, samples / RATE / 3600)


def _batches(clips: Sequence[Pcm], seconds: int = 120) -> list[Pcm]:
    """The clips strung together to a few minutes each."""
    batches: list[list[Pcm]] = [[]]
    length = 0
    for clip in clips:
        batches[-1].append(clip)
        length += len(clip)
        if length > seconds * RATE:
            batches.append([])
            length = 0
    return [np.concatenate(batch) for batch in batches if batch]


def false_keys(rig: Rig, what: str, clips: Sequence[Pcm]) -> Row:
    """Every key that is heard is one too many."""
    batches = _batches(clips)
    found = rig.each(lambda receiver: _count(receiver, batches))
    figures = {name: str(count) for name, count in found.items()}
    reached = "aim" if found[EXAMINED].keys == 0 else "no"
    return Row(f"false keys: {what}", "0 in 4 h", "0", figures, reached)


def hardest_fragments(rig: Rig, clips: Sequence[Pcm], hours: float, least: float = 0.35) -> Row:
    """Hours of variety, of which the pieces that come near to a key for a common receiver are put to all."""
    minutes = variety(rig.rng("variety"), clips, hours)
    fragments = list(chain.from_iterable(nearest_fragments(minute, least) for minute in minutes))
    heard = np.concatenate([_set_apart(fragment) for fragment in fragments])
    found = rig.each(lambda receiver: len(receiver.hear(heard)) / hours)
    figures = {name: f"{rate:.3g}/h" for name, rate in found.items()}
    what = f"false keys: {len(fragments)} hardest fragments of {hours:g} h"
    return Row(what, "0.2/h", "0.05/h", figures, grade(found[EXAMINED], 0.2, 0.05))


def _set_apart(fragment: Pcm) -> Pcm:
    """With a fade at either end, so that the cut is no click, and a moment of silence."""
    fade = np.minimum(1, np.arange(len(fragment)) / 400)
    return np.concatenate([pcm(np.asarray(fragment * fade * fade[::-1])), np.zeros(800, dtype=np.int16)])


def whole_variety(rig: Rig, clips: Sequence[Pcm], hours: float, what: str = "all") -> Row:
    """All of it, for the receivers that are quick enough."""
    quick = [receiver for receiver in rig.receivers if not isinstance(receiver, Multimon)]
    keys = dict.fromkeys((receiver.name for receiver in quick), 0)
    for minute in variety(rig.rng("variety"), clips, hours):
        for receiver in quick:
            keys[receiver.name] += len(receiver.hear(minute))
    figures = {name: f"{count} in {hours:g} h" for name, count in keys.items()}
    return Row(f"false keys: {hours:g} h, {what}", "0.2/h", "0.05/h", figures, grade(keys[EXAMINED] / hours, 0.2, 0.05))


def noises(rig: Rig, minutes: float) -> Row:
    """White noise, noise with the spectrum of speech, and clicks, so many minutes of each and at several levels."""
    rng = rig.rng("noises")
    sounds = [_noisy(rng, number, 60 * RATE) for number in range(round(3 * minutes))]
    found = {receiver.name: _count(receiver, sounds) for receiver in rig.receivers}
    figures = {name: str(count) for name, count in found.items()}
    reached = "aim" if found[EXAMINED].keys == 0 else "no"
    return Row("false keys: white noise, speech-shaped noise, clicks", "0", "0", figures, reached)


def _noisy(rng: Rng, kind: int, samples: int) -> Pcm:
    wave = rng.standard_normal(samples)
    if kind % 3 == 1:
        spectrum = np.fft.rfft(wave)
        hertz = np.fft.rfftfreq(samples, 1 / RATE)
        wave = np.fft.irfft(spectrum / (1 + (hertz / 500) ** 2), samples)
    elif kind % 3 == 2:
        wave = np.convolve(wave * (rng.random(samples) < 1 / 160), rng.standard_normal(12), "same")
    return pcm(wave / np.std(wave) * float(amplitude(rng.uniform(-40, -8))) / np.sqrt(2))


CADENCED = {
    "dial 350+440": ((350, 440), 2.0, 0.0),
    "dial 425": ((425,), 2.0, 0.0),
    "ringback 440+480": ((440, 480), 2.0, 1.0),
    "ringback 400+450": ((400, 450), 0.4, 0.2),
    "busy 480+620": ((480, 620), 0.5, 0.5),
    "reorder 480+620": ((480, 620), 0.25, 0.25),
    "busy 425": ((425,), 0.25, 0.25),
    "call waiting 440": ((440,), 0.3, 0.7),
    "fax calling 1100": ((1100,), 0.5, 1.0),
    "fax answer 2100": ((2100,), 2.0, 0.0),
    "receiver off hook": ((1400, 2060, 2450, 2600), 0.1, 0.1),
    "milliwatt 1004": ((1004,), 2.0, 0.0),
    "continuity 2010": ((2010,), 1.0, 0.0),
    "alert 2130+2750": ((2130, 2750), 0.08, 0.4),
}
"""Hertz, seconds on, seconds off."""

MF = (700, 900, 1100, 1300, 1500, 1700)
R2_FORWARD = (1380, 1500, 1620, 1740, 1860, 1980)
R2_BACKWARD = (1140, 1020, 900, 780, 660, 540)
SIT = ((913.8, 985.2), (1370.6, 1428.5), (1776.7, 1776.7))


def other_tones(rig: Rig) -> Row:
    """Each signal of two seconds or so, at a level of its own, is left alone or not."""
    rng = rig.rng("other tones")
    signals = [signal for _ in range(rig.rounds) for signal in _signals(rng)]
    calm = {receiver.name: np.mean([not receiver.hear(signal) for signal in signals]) for receiver in rig.receivers}
    figures = {name: f"{100 * share:.4g} %" for name, share in calm.items()}
    what = f"call progress, SIT, fax, MF, R2, FSK, sweeps, vowels ({len(signals)}) left alone"
    return Row(what, "97 %", "99 %", figures, grade(float(calm[EXAMINED]), 0.97, 0.99))


def _signals(rng: Rng) -> Iterator[Pcm]:
    """One of each. MF's 700+1500 Hz is key 3, 1.6 % off: no receiver that keeps Q.24 can leave it alone."""
    for hertz, on, off in CADENCED.values():
        yield _levelled(rng, _cadence(rng, hertz, on, off))
    for low, middle in product((0, 1), (0, 1)):
        yield _levelled(rng, _sit(low, middle))
    for group in (MF, R2_FORWARD, R2_BACKWARD):
        for pair in combinations(group, 2):
            yield _levelled(rng, _register(pair))
    for modem in FSK:
        yield _levelled(rng, _fsk(rng, *modem))
    for (first, last), seconds in product(((300, 3400), (3400, 300), (600, 1000), (1100, 1700)), (1.0, 4.0)):
        yield _levelled(rng, _sweep(first, last, seconds))
    for _ in range(24):
        yield _levelled(rng, _vowel(rng))


def _levelled(rng: Rng, wave: Wave) -> Pcm:
    rms = np.sqrt(np.mean(wave**2))
    return pcm(wave / rms * float(amplitude(rng.uniform(-25, -5))) / np.sqrt(2))


def _cadence(rng: Rng, hertz: Sequence[float], on: float, off: float) -> Wave:
    samples = 2 * RATE
    wave = np.sum([tone(samples, each, 0, rng.uniform(0, 6)) for each in hertz], axis=0)
    return np.asarray(wave * (np.arange(samples) / RATE % (on + off) < on))


def _sit(first: int, second: int) -> Wave:
    """The three rising tones before an announcement, in two of their variants."""
    length = int(0.33 * RATE)
    chosen = (SIT[0][first], SIT[1][second], SIT[2][0])
    return np.concatenate([tone(length, hertz, 0) for hertz in chosen])


def _register(pair: tuple[float, float]) -> Wave:
    """A register signal: a pair from one group, 68 ms on and off, three times."""
    length = int(0.068 * RATE)
    burst = tone(length, pair[0], 0) + tone(length, pair[1], 0)
    return np.tile(np.concatenate([burst, np.zeros(length)]), 3)


FSK = ((1200, 2200, 1200), (1300, 2100, 1200), (1270, 1070, 300), (980, 1180, 300), (1650, 1850, 300))
"""Mark and space in Hz, and bits a second: Bell 202, V.23, Bell 103, V.21 either way."""


def _fsk(rng: Rng, mark: float, space: float, baud: int) -> Wave:
    bits = rng.integers(0, 2, 2 * baud)
    hertz = np.where(bits, mark, space)[(np.arange(2 * RATE) * baud // RATE)]
    return np.sin(2 * np.pi * np.cumsum(hertz) / RATE)


def _sweep(first: float, last: float, seconds: float) -> Wave:
    return np.sin(2 * np.pi * np.cumsum(np.geomspace(first, last, int(seconds * RATE))) / RATE)


FORMANTS = (
    (270, 2290),
    (390, 1990),
    (530, 1840),
    (660, 1720),
    (730, 1090),
    (570, 840),
    (440, 1020),
    (300, 870),
    (490, 1350),
)
"""First two formants of the vowels of beet, bit, bet, bat, pot, bought, foot, boot, bird (Peterson and Barney, men)."""


def _vowel(rng: Rng) -> Wave:
    """A sung vowel: a pitch with vibrato through two formants and their neighbours."""
    samples = int(1.5 * RATE)
    time = np.arange(samples) / RATE
    vibrato = 1 + rng.uniform(0, 0.02) * np.sin(2 * np.pi * rng.uniform(4, 7) * time)
    phase = 2 * np.pi * np.cumsum(rng.uniform(100, 500) * vibrato) / RATE
    formants = FORMANTS[rng.integers(len(FORMANTS))]
    wave = np.zeros(samples)
    step = float(np.mean(np.diff(phase))) / (2 * np.pi) * RATE
    for number in range(1, int(3600 / step)):
        gain = sum(1 / (1 + ((number * step - centre) / 60) ** 2) for centre in (*formants, 2500)) / number**0.5
        wave += gain * np.sin(number * phase)
    return wave
