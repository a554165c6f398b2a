"""The arithmetic: float64 products of integers are the integers' own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dsp import goertzel
from ivrbox.dsp.goertzel import HOP, SCALE, SPECTRUM_BASIS, TONE_BASIS, TONE_GAIN, WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOUDEST = np.full(WINDOW, -32768, dtype=np.int16)


def plain_sums(samples: list[int]) -> list[list[int]]:
    """The definition, in Python's integers: each window times each basis, halves to even as IEEE 754 rounds."""
    basis = [[int(step) for step in channel] for channel in TONE_BASIS]
    starts = range(0, len(samples) - WINDOW + 1, HOP)
    sums = [[sum(b * samples[s + k] for k, b in enumerate(channel)) for s in starts] for channel in basis]
    return [[round(total * SCALE) for total in channel] for channel in sums]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-32768, 32767), min_size=128, max_size=128))
def test_sums_are_those_of_plain_integers(samples: list[int]) -> None:
    heard = goertzel.tone_sums(goertzel.overlapping(np.array(samples, dtype=np.float64)))
    assert heard.tolist() == plain_sums(samples)


def test_sums_are_those_of_int64_on_a_long_stretch() -> None:
    noise = np.random.default_rng(7).integers(-32768, 32768, HOP * 2000)
    windows = np.lib.stride_tricks.sliding_window_view(noise, WINDOW)[::HOP].astype(np.int64)
    exact = np.rint((windows @ TONE_BASIS.astype(np.int64).T).T * SCALE)
    assert np.array_equal(goertzel.tone_sums(goertzel.overlapping(noise.astype(np.float64))), exact)


def test_spectrum_is_that_of_int64() -> None:
    noise = np.random.default_rng(8).integers(-32768, 32768, goertzel.SPECTRUM_WINDOW)
    sums = np.rint((noise @ SPECTRUM_BASIS.astype(np.int64)) * SCALE).astype(np.int64)
    power = sums[: goertzel.SPECTRUM_BINS] ** 2 + sums[goertzel.SPECTRUM_BINS :] ** 2
    running = goertzel.cumulative_spectrum(noise.astype(np.float64))
    assert np.array_equal(running, np.concatenate([[0], np.cumsum(power)]))


@pytest.mark.parametrize("basis", [TONE_BASIS, SPECTRUM_BASIS.T])
def test_no_input_leaves_the_exact_integers(basis: NDArray[np.float64]) -> None:
    worst_sum = 32768 * np.abs(basis).sum(axis=1).max()
    worst_power = 2 * (worst_sum * SCALE) ** 2
    assert worst_sum < 2**53
    assert worst_power * goertzel.SPECTRUM_BINS / 2 < 2**53


@pytest.mark.parametrize(
    ("hertz", "length"),
    [(np.array([697, 770, 852, 941, 1209, 1336, 1477, 1633.0]), 96), (np.arange(1, 106) * 8000 / 240, 240)],
)
def test_no_basis_step_depends_on_the_last_bit_of_a_cosine(hertz: NDArray[np.float64], length: int) -> None:
    time = np.arange(length)
    window = 2**14 * (0.5 - 0.5 * np.cos(2 * np.pi * (time + 0.5) / length))
    phase = 2 * np.pi / 8000 * np.outer(hertz, time)
    steps = window * np.concatenate([np.cos(phase), np.sin(phase)])
    assert np.abs(np.abs(steps - np.trunc(steps)) - 0.5).min() > 1e-9


def test_gain_is_that_of_a_sine_at_a_tone() -> None:
    time = np.arange(WINDOW)
    sine = np.rint(20000 * np.sin(2 * np.pi * 852 * time / 8000 + 0.3))
    power = goertzel.powers(goertzel.tone_sums(sine[np.newaxis]))[2, 0]
    assert math.sqrt(power) == pytest.approx(20000 * TONE_GAIN, rel=0.01)


def test_loss_beside_a_tone_is_the_window_s() -> None:
    time = np.arange(WINDOW)
    beside = np.rint(20000 * np.cos(2 * np.pi * (1477 + 30) * time / 8000))
    power = goertzel.powers(goertzel.tone_sums(beside[np.newaxis]))[6, 0]
    loss = 20 * math.log10(20000 * TONE_GAIN / math.sqrt(power))
    assert goertzel.hann_loss_db(30, WINDOW) == pytest.approx(loss, abs=0.1)
    assert goertzel.hann_loss_db(0, WINDOW) == 0
    assert goertzel.hann_loss_db(5000, WINDOW) == goertzel.hann_loss_db(-5000, WINDOW) < 20
