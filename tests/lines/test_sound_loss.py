"""Promises of the loss meter: what a card lost is found; a slow reader or a slow clock has lost nothing."""

from __future__ import annotations

import numpy as np
import pytest

from ivrbox.lines.sound_loss import LossMeter

RATE, FRAME = 48000, 960


def losses(read_ms: list[float], waiting: list[int] | None = None, *, frames: int = 1) -> list[int]:
    meter = LossMeter(RATE, frames)
    waits = waiting or [0] * len(read_ms)
    return [meter.push(round(at * 1e6), wait) for at, wait in zip(read_ms, waits, strict=True)]


def steady(frames: int, start_ms: float = 1000) -> list[float]:
    return [start_ms + 20 * n for n in range(frames)]


def test_a_card_that_loses_nothing_has_lost_nothing() -> None:
    jitter = np.random.default_rng(1).uniform(0, 15, 3000)
    assert sum(losses([at + late for at, late in zip(steady(3000), jitter, strict=True)])) == 0


def test_bursts_of_a_sound_server_are_no_loss() -> None:
    at = [1000.0 + 25 * ((20 * n) // 25 + 1) for n in range(1000)]
    assert sum(losses(at, [round((a - 1000 - 20 * n) * 48) for n, a in enumerate(at)])) == 0


@pytest.mark.parametrize("gap_ms", [20, 60, 500])
def test_what_was_lost_is_told_in_whole_frames_soon_after(gap_ms: int) -> None:
    told = losses(steady(100) + [at + gap_ms for at in steady(100, 3000)])
    assert sum(told) == gap_ms * 8
    assert 100 <= told.index(max(told)) <= 111


def test_a_box_that_stalls_while_the_card_keeps_its_sound_has_lost_nothing() -> None:
    at = [*steady(50), *[2080.0] * 4, *steady(50, 2080)]
    waiting = [0] * 50 + [3 * FRAME, 2 * FRAME, FRAME, 0] + [0] * 50
    assert sum(losses(at, waiting)) == 0


@pytest.mark.parametrize("frames", [1, 2, 4])
@pytest.mark.parametrize("ppm", [-900, 300, 900])
def test_clocks_that_drift_for_an_hour_lose_nothing(ppm: int, frames: int) -> None:
    assert sum(losses([at * (1 + ppm / 1e6) for at in steady(180_000)[::frames]], frames=frames)) == 0


def test_two_losses_are_both_counted() -> None:
    at = steady(50) + [at + 40 for at in steady(50, 2000)] + [at + 100 for at in steady(50, 3000)]
    assert sum(losses(at)) == 800


def test_a_clock_that_stands_still_measures_nothing() -> None:
    assert sum(losses([0.0] * 500)) == 0


@pytest.mark.parametrize("frames", [1, 2, 4])
@pytest.mark.parametrize("gap_ms", [0, 20, 500])
def test_what_was_lost_is_told_whatever_comes_at_once(frames: int, gap_ms: int) -> None:
    meter = LossMeter(RATE, frames)
    at_ms = [20 * frames * number + (gap_ms if number > 50 else 0) for number in range(100)]
    told = [meter.push(round(at * 1e6), 0) for at in at_ms]
    assert sum(told) == gap_ms * 8
    assert gap_ms == 0 or 200 <= at_ms[told.index(max(told))] - at_ms[50] - gap_ms <= 200 + 20 * frames
