"""Rows about keys over our own prompt: as it comes, with notched prompts, with the canceller, and with both."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from ear_score import Ours, share_right_in
from ear_signals import COLUMNS, RATE, ROWS, Pcm, Rng, Wave, every_key, keys, noise, pcm
from ear_speech import at_level
from ear_table import COMPARED, EXAMINED, Row, grade

from ivrbox.dsp.echo import EchoCanceller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ear_rows_keys import Rig

FRAME = 160
PROMPT_DBM0 = -15.0
ECHO_DB = -10.0
DELAY = 20 * RATE // 1000
NOTCH = 0.025
"""Half width of a notch, as a share of its frequency: the range in which keys are taken, and a little."""


def keys_over_own_prompt(rig: Rig, clips: Sequence[Pcm]) -> list[Row]:
    """Keys of 60 ms at -20 dBm0 while a prompt of -15 dBm0 comes back at -10 dB, 20 ms late."""
    rng = rig.rng("own prompt")
    trials = keys(rng, every_key(rng, 4 * rig.rounds), length_ms=60.0, pause_ms=100.0, row_dbm0=-20.0, col_dbm0=-20.0)
    size = trials.wave.size
    said = _prompts(rng, clips, size)
    hiss = noise(rng, size, -65.0)
    heard = pcm(trials.wave.ravel() + _echo(said) + hiss)
    soft = _notched(said)
    heard_soft = pcm(trials.wave.ravel() + _echo(soft) + hiss)
    ways = {
        "as it comes": heard,
        "prompts notched": heard_soft,
        "echo cancelled": cancelled(heard, said),
        "notched and cancelled": cancelled(heard_soft, soft),
    }
    rows = []
    for way, sound in ways.items():
        shares = {receiver.name: share_right_in(receiver, trials, sound) for receiver in rig.receivers}
        figures = {name: f"{100 * share:.4g} %" for name, share in shares.items()}
        reached = grade(shares[EXAMINED], 0.95, 0.98) if way == "echo cancelled" else COMPARED
        rows.append(Row(f"keys over our own prompt, echo -10 dB: {way}", "95 %", "98 %", figures, reached))
    return [*rows, _prompts_alone(rig, clips), _cost(heard, said)]


def _prompts(rng: Rng, clips: Sequence[Pcm], samples: int) -> Pcm:
    """Prompts with pauses between them, each at the level at which the box speaks."""
    parts: list[Wave] = []
    left = samples
    while left > 0:
        clip = clips[int(rng.integers(len(clips)))]
        parts += [at_level(clip, PROMPT_DBM0), np.zeros(int(rng.integers(RATE // 10, RATE // 2)))]
        left -= len(parts[-2]) + len(parts[-1])
    return pcm(np.concatenate(parts)[:samples])


def _echo(said: Pcm) -> Wave:
    late = np.concatenate([np.zeros(DELAY), said])[: len(said)]
    return np.asarray(late * 10 ** (ECHO_DB / 20))


def _notched(said: Pcm) -> Pcm:
    """The other way: the prompt without what lies within 2.5 % of the eight frequencies."""
    spectrum = np.fft.rfft(said, len(said) + RATE)
    hertz = np.fft.rfftfreq(len(said) + RATE, 1 / RATE)
    for centre in (*ROWS, *COLUMNS):
        spectrum *= np.clip((np.abs(hertz - centre) / (centre * NOTCH) - 1) / 0.4, 0, 1)
    return pcm(np.fft.irfft(spectrum)[: len(said)])


def cancelled(heard: Pcm, said: Pcm) -> Pcm:
    """What the canceller leaves, frame by frame."""
    canceller = EchoCanceller()
    whole = len(heard) // FRAME * FRAME
    frames = zip(heard[:whole].reshape(-1, FRAME), said[:whole].reshape(-1, FRAME), strict=True)
    return np.concatenate([*(canceller.push(*pair) for pair in frames), heard[whole:]])


def _prompts_alone(rig: Rig, clips: Sequence[Pcm]) -> Row:
    rng = rig.rng("prompts alone")
    said = _prompts(rng, clips, 120 * rig.rounds * RATE)
    heard = cancelled(pcm(_echo(said) + noise(rng, len(said), -65.0)), said)
    found = len(Ours().hear(heard))
    minutes = len(said) / RATE / 60
    figures = {EXAMINED: f"{found} in {minutes:.0f} min"}
    return Row("keys that a prompt alone makes", "0", "0", figures, grade(found, 0, 0))


def _cost(heard: Pcm, said: Pcm) -> Row:
    start = time.perf_counter()
    cancelled(heard, said)
    frame_us = (time.perf_counter() - start) / (len(heard) / FRAME) * 1e6
    return Row("canceller, a frame", "", "60 µs", {EXAMINED: f"{frame_us:.0f} µs"}, COMPARED)
