"""Rows about keys that are to be heard, or refused: limits first, then what lies over the keys on a real line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ear_peers import gsm, opus
from ear_score import Receiver, share_heard, share_right, share_right_in
from ear_signals import Pcm, Rng, Trials, echo, every_key, keys, noise, pcm, resampled, slipped, tone, tones
from ear_speech import running_speech
from ear_table import EXAMINED, Row, grade, worst

from ivrbox.dsp.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HUM_HARMONICS = ((1, 0.0), (2, -12.0), (3, -6.0))
"""Mains hum: harmonics of the mains and their levels relative to it."""


@dataclass(frozen=True)
class Rig:
    """What a row needs to examine: chance, how many times sixteen keys, and who is examined."""

    seed: int
    rounds: int
    receivers: Sequence[Receiver]

    def rng(self, row: str, number: int = 0) -> Rng:
        """The same chance for each receiver, another for each row."""
        return np.random.default_rng([self.seed, number, *row.encode()])

    def row(self, rng: Rng, **shape: Any) -> Trials:
        """Keys at one random level each, -25 to -6 dBm0, unless told otherwise."""
        digits = every_key(rng, self.rounds)
        level = rng.uniform(-25, -6, len(digits))
        return keys(rng, digits, **{"row_dbm0": level, "col_dbm0": level, **shape})

    def each(self, examine: Callable[[Receiver], Any]) -> dict[str, Any]:
        """What each receiver does, by name."""
        return {receiver.name: examine(receiver) for receiver in self.receivers}


def _last(values: Iterable[float], holds: Callable[[float], bool]) -> float:
    """The last value of a walk for which something holds; NaN if not even the first."""
    last = float("nan")
    for value in values:
        if not holds(value):
            break
        last = float(value)
    return last


def _share(share: float) -> str:
    return f"{100 * share:.4g} %"


def _limits(rig: Rig, what: str, must: str, aim: str, limit: Callable[[Receiver], tuple[str, str]]) -> Row:
    """A row whose figure is text; the grade comes with it."""
    found = rig.each(limit)
    figures = {name: text.replace("nan", "never") for name, (text, _) in found.items()}
    return Row(what, must, aim, figures, found[EXAMINED][1])


def frequency(rig: Rig) -> Row:
    """Both tones off, in all directions, for what is accepted; one tone off for what is refused."""
    steps = np.arange(0.5, 4.51, 0.1)

    def limit(receiver: Receiver) -> tuple[str, str]:
        def accepted(percent: float) -> bool:
            rng = rig.rng("frequency", round(percent * 10))
            rows, columns = rng.choice([-1, 1], (2, 16 * rig.rounds)) * percent / 100
            return share_right(receiver, rig.row(rng, row_error=rows, col_error=columns)) == 1

        def refused(percent: float) -> bool:
            rng = rig.rng("refused", round(percent * 10))
            off = rng.choice([-1, 1], 16 * rig.rounds) * percent / 100
            return all(share_heard(receiver, rig.row(rng, **{group: off})) == 0 for group in ("row_error", "col_error"))

        low, high = _last(steps, accepted), _last(steps[::-1], refused)
        return f"{low:.1f} / {high:.1f} %", worst([grade(low, 1.8, 2.0), grade(high, 3.0, 2.6)])

    return _limits(rig, "frequency: all keys to / none beyond", "1.8 / 3.0 %", "2.0 / 2.6 %", limit)


def twist(rig: Rig) -> Row:
    """Forward: the row tone is the stronger, as a long line makes it; reverse: the column tone."""

    def limit(receiver: Receiver) -> tuple[str, str]:
        def reached(group: str) -> float:
            def holds(decibels: float) -> bool:
                rng = rig.rng(f"twist {group}", round(decibels * 2))
                level = rng.uniform(-20, -6, 16 * rig.rounds)
                weaker = {"row": "col", "col": "row"}[group]
                shape = {f"{group}_dbm0": level, f"{weaker}_dbm0": level - decibels}
                return share_right(receiver, rig.row(rng, **shape)) == 1

            return _last(np.arange(0, 16, 0.5), holds)

        forward, reverse = reached("row"), reached("col")
        return f"{forward:g} / {reverse:g} dB", worst([grade(forward, 8.5, 10), grade(reverse, 6.5, 8)])

    return _limits(rig, "twist for all keys, forward / reverse", "8.5 / 6.5 dB", "10 / 8 dB", limit)


def level(rig: Rig) -> Row:
    """Both tones at one level; at 0 dBm0 the pair clips."""

    def limit(receiver: Receiver) -> tuple[str, str]:
        def row(dbm0: float) -> Trials:
            return rig.row(rig.rng("level", round(dbm0 + 100)), row_dbm0=dbm0, col_dbm0=dbm0)

        loudest = _last(np.arange(-20, 3.1, 1), lambda dbm0: share_right(receiver, row(dbm0)) == 1)
        faintest = _last(np.arange(-20, -70, -1), lambda dbm0: share_right(receiver, row(dbm0)) == 1)
        refused = _last(np.arange(-70, -20, 1), lambda dbm0: share_heard(receiver, row(dbm0)) == 0)
        reached = worst([grade(loudest, 0, 0), grade(faintest, -40, -45), grade(refused, -56, -56)])
        return f"{loudest:+g} to {faintest:g}, none at {refused:g}", reached

    return _limits(rig, "level (dBm0)", "0 to -40, none at -56", "-45", limit)


def duration(rig: Rig) -> Row:
    """Key lengths on a grid of half a millisecond."""

    def limit(receiver: Receiver) -> tuple[str, str]:
        def row(length_ms: float) -> Trials:
            return rig.row(rig.rng("duration", round(length_ms * 2)), length_ms=length_ms)

        shortest = _last(np.arange(60, 15, -0.5), lambda length_ms: share_right(receiver, row(length_ms)) >= 0.99)
        refused = _last(np.arange(10, 60, 0.5), lambda length_ms: share_heard(receiver, row(length_ms)) <= 0.01)
        return f"{shortest:g} / {refused:g} ms", worst([grade(shortest, 37, 34), grade(refused, 24, 25)])

    return _limits(rig, "duration: 99 % from / at most 1 % up to", "37 / 24 ms", "34 / 25 ms", limit)


def holes(rig: Rig) -> Row:
    """A hole in a 100 ms key, anywhere 30 ms from its ends; and a pause between two 50 ms keys of one kind."""

    def limit(receiver: Receiver) -> tuple[str, str]:
        def bridged(hole_ms: float) -> float:
            rng = rig.rng("hole", round(hole_ms))
            trials = rig.row(rng, length_ms=100.0)
            return share_right(receiver, trials.without(rng.uniform(30, 70 - hole_ms, len(trials.digits)), hole_ms))

        def parted(pause_ms: float) -> float:
            trials = rig.row(rig.rng("pause"), length_ms=100 + pause_ms)
            return share_right(receiver, trials.without(50.0, pause_ms), times=2)

        ten, fifteen, eighteen, split = bridged(10), bridged(15), bridged(18), parted(30)
        reached = worst([grade(ten, 1, 1), grade(fifteen, 0.97, 0.97), grade(split, 1, 1)])
        if reached == "aim" and eighteen < 0.95:
            reached = "must"
        return f"{' / '.join(map(_share, (ten, fifteen, eighteen)))}; {_share(split)}", reached

    what = "hole bridged 10 / 15 / 18 ms; same-key pause split at 30 ms"
    return _limits(rig, what, "100 / 97 %; 100 %", "18 ms 95 %", limit)


def signal_to_noise(rig: Rig) -> Row:
    """One tone to white noise in 0 to 4 kHz; the pair is 3 dB more."""

    def limit(receiver: Receiver) -> tuple[str, str]:
        def holds(ratio_db: float) -> bool:
            rng = rig.rng("noise", round(ratio_db * 2 + 100))
            trials = rig.row(rng, row_dbm0=-15.0, col_dbm0=-15.0)
            noisy = trials.plus(noise(rng, trials.wave.size, -15.0 - ratio_db))
            return share_right(receiver, noisy) >= 0.98

        ratio = _last(np.arange(30, -6, -0.5), holds)
        return f"{ratio:g} dB", grade(ratio, 6, 3)

    return _limits(rig, "S/N for 98 % of 50 ms keys", "6 dB", "3 dB", limit)


def _shares(rig: Rig, what: str, must: float, aim: float, made: Callable[[Rng], Sequence[Trials]]) -> Row:
    """A row of a share of keys heard, the worst of several disturbances."""
    rows = made(rig.rng(what))
    found = rig.each(lambda receiver: min(share_right(receiver, trials) for trials in rows))
    figures = {name: _share(share) for name, share in found.items()}
    return Row(what, _share(must), _share(aim), figures, grade(found[EXAMINED], must, aim))


def steady_tones(rig: Rig) -> list[Row]:
    """Hum, dial tones and DC under the keys, all the time."""
    loud = -15.0

    def under(disturbance: Callable[[Rng, int], Any]) -> Callable[[Rng], Sequence[Trials]]:
        def made(rng: Rng) -> list[Trials]:
            trials = rig.row(rng, row_dbm0=loud, col_dbm0=loud)
            return [trials.plus(disturbance(rng, trials.wave.size))]

        return made

    def hum(hertz: int) -> Callable[[Rng], Sequence[Trials]]:
        def harmonics(rng: Rng, size: int) -> Any:
            return sum(tone(size, hertz * times, loud + db, rng.uniform(0, 6)) for times, db in HUM_HARMONICS)

        return under(harmonics)

    return [
        _shares(rig, "50 Hz hum at tone level", 1, 1, hum(50)),
        _shares(rig, "60 Hz hum at tone level", 1, 1, hum(60)),
        _shares(
            rig, "dial tone 350+440 Hz, 6 dB over", 1, 1, under(lambda rng, n: tones(n, (350, 440), loud + 6, rng))
        ),
        _shares(rig, "dial tone 425 Hz, 6 dB over", 1, 1, under(lambda rng, n: tones(n, (425,), loud + 6, rng))),
        _shares(rig, "DC 8000", 1, 1, under(lambda _, n: np.full(n, 8000.0))),
    ]


def speech_under(rig: Rig, clips: Sequence[Pcm]) -> list[Row]:
    """Prompt speech, silences cut out, under the keys; its power relative to that of one tone."""

    def under(db: float) -> Callable[[Rng], Sequence[Trials]]:
        def made(rng: Rng) -> list[Trials]:
            digits = every_key(rng, 4 * rig.rounds)
            trials = keys(rng, digits, length_ms=80.0, pause_ms=80.0, row_dbm0=-15.0, col_dbm0=-15.0)
            return [trials.plus(running_speech(rng, clips, trials.wave.size, -15.0 + db))]

        return made

    return [
        _shares(rig, f"prompt speech at {db:g} dB under 80 ms keys", must, aim, under(db))
        for db, must, aim in ((-10.0, 0.99, 0.995), (-5.0, 0.95, 0.98), (0.0, 0.80, 0.90))
    ]


CLIP = 16384
"""Where the clipping row clips, in int16 steps: each tone just reaches it, so the pair is 6 dB over."""


def channels(rig: Rig) -> list[Row]:
    """Codecs and ill-treatment; clocks run fast and slow, converters clip and slip."""

    def clock(ratio: float) -> Callable[[Rng, Trials], Pcm]:
        return lambda _, trials: pcm(resampled(trials.wave.ravel(), ratio))

    def as_it_is(_: Rng, trials: Trials) -> Pcm:
        return trials.pcm()

    def clipped(_: Rng, trials: Trials) -> Pcm:
        return np.clip(trials.pcm(), -CLIP, CLIP)

    def echoing(rng: Rng, trials: Trials) -> Pcm:
        return pcm(echo(trials.wave.ravel(), rng.uniform(5, 20), -10))

    peak = 20 * np.log10(CLIP / 32767) + 3.14
    return [
        _channel(rig, "G.711 A-law", lambda _, trials: decode_alaw(encode_alaw(trials.pcm()))),
        _channel(rig, "G.711 u-law", lambda _, trials: decode_ulaw(encode_ulaw(trials.pcm()))),
        _channel(rig, "GSM 06.10", lambda _, trials: gsm(trials.pcm())),
        _channel(rig, "Opus at 8 kHz", lambda _, trials: opus(trials.pcm())),
        _channel(rig, "clipping, 6 dB over", clipped, row_dbm0=peak, col_dbm0=peak),
        _channel(rig, "clock 0.5 % fast", clock(1.005), 1.005),
        _channel(rig, "clock 0.5 % slow", clock(0.995), 0.995),
        _channel(rig, "3rd harmonic at -13 dB", as_it_is, harmonic_db=-13.0),
        _channel(rig, "echo of the keys, 5 to 20 ms, -10 dB", echoing),
        _channel(rig, "a sample slipped every 100 ms", lambda rng, trials: pcm(slipped(rng, trials.wave.ravel(), 100))),
    ]


def _channel(rig: Rig, what: str, spoil: Callable[[Rng, Trials], Pcm], stretch: float = 1.0, **shape: Any) -> Row:
    rng = rig.rng(what)
    trials = rig.row(rng, **shape)
    sound = spoil(rng, trials)
    found = rig.each(lambda receiver: share_right_in(receiver, trials, sound, stretch=stretch))
    figures = {name: _share(share) for name, share in found.items()}
    return Row(what, "98 %", "100 %", figures, grade(found[EXAMINED], 0.98, 1))
