"""Rows about time: how soon, how fast, and that the cut into frames changes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from ear_peers import Spandsp
from ear_signals import RATE, Pcm, every_key, keys
from ear_table import Row, grade, worst

from ivrbox.dsp.dtmf import DtmfDetector, KeyDown, KeyUp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ear_rows_keys import Rig

TEN_MS = 80
TWENTY_MS = 160


def _frames(sound: Pcm, size: int) -> Iterator[Pcm]:
    return (sound[start : start + size] for start in range(0, len(sound), size))


def _reports(sound: Pcm) -> list[float]:
    """When, in seconds, each KeyDown came out, its frame complete."""
    ear = DtmfDetector()
    return [
        (number + 1) * TEN_MS / RATE
        for number, frame in enumerate(_frames(sound, TEN_MS))
        for event in ear.push(frame)
        if isinstance(event, KeyDown)
    ]


def latency(rig: Rig) -> Row:
    """From a key's onset to the end of the 10 ms frame with which it is reported; 80 ms keys."""
    rng = rig.rng("latency")
    trials = keys(rng, every_key(rng, 8 * rig.rounds), length_ms=80.0)
    sound = trials.pcm()
    reports = {
        "ivrbox": np.array(_reports(sound)),
        "spandsp": np.array([each.at for each in Spandsp().hear(sound, TEN_MS)]),
    }
    after = {name: 1000 * (at - trials.starts / RATE) for name, at in reports.items() if len(at) == len(trials.digits)}
    figures = {name: f"{np.median(ms):.0f} / {ms.max():.0f} ms" for name, ms in after.items()}
    ours = after.get("ivrbox", np.array([np.inf]))
    reached = worst([grade(float(np.median(ours)), 38, 34), grade(float(ours.max()), 48, 42)])
    return Row("latency onset to report, 10 ms frames, median / max", "38 / 48 ms", "34 / 42 ms", figures, reached)


def speed(rig: Rig, speech: Pcm) -> Row:
    """The same keys and speech through both, whole and in frames; processor time, the best of five runs each."""
    rng = rig.rng("speed")
    sound = np.concatenate([keys(rng, every_key(rng, 12)).pcm(), speech])
    seconds = len(sound) / RATE
    spandsp = Spandsp()
    theirs = [_best(lambda size=size: spandsp.hear(sound, size)) for size in (len(sound), TWENTY_MS)]  # type: ignore[misc]
    ours = [_best(lambda: _listen([sound])), _best(lambda: _listen(_frames(sound, TWENTY_MS)))]
    whole, framed = (their / our for their, our in zip(theirs, ours, strict=True))
    figures = {
        "ivrbox": f"{whole:.2f} / {framed:.2f} ({seconds / ours[0]:.0f} / {seconds / ours[1]:.0f} times real time)",
        "spandsp": f"1 / 1 ({seconds / theirs[0]:.0f} / {seconds / theirs[1]:.0f})",
    }
    reached = worst([grade(whole, 0.07, 0.5), grade(framed, 0.07, 0.15)])
    return Row("speed against spandsp, whole file / 20 ms frames", "0.07 / 0.07", "0.5 / 0.15", figures, reached)


def _best(run: Callable[[], object], times: int = 5) -> float:
    took = []
    for _ in range(times):
        start = time.process_time()
        run()
        took.append(time.process_time() - start)
    return min(took)


def _listen(frames: Iterable[Pcm]) -> list[KeyDown | KeyUp]:
    ear = DtmfDetector()
    return [event for frame in frames for event in ear.push(frame)] + ear.flush()


def any_cut(rig: Rig, speech: Pcm) -> Row:
    """Keys and speech, in frames of random lengths, give the events of the whole, to the last bit."""
    rng = rig.rng("cuts")
    sound = np.concatenate([keys(rng, every_key(rng, 2)).pcm(), speech[: 60 * RATE]])
    whole = _listen([sound])
    same = 0
    runs = 2 * rig.rounds
    for number in range(runs):
        longest = (3, 40, 160, 1000, 8000)[number % 5]
        cuts = np.cumsum(rng.integers(0, longest, 2 * len(sound) // longest + 10))
        same += _listen(np.split(sound, cuts[cuts < len(sound)])) == whole
    figures = {"ivrbox": f"{same} of {runs} the same"}
    return Row("any cut into frames: the same digits, times, levels", "all", "all", figures, grade(same / runs, 1, 1))
