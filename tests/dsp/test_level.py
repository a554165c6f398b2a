"""The level meter reads dBm0."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ivrbox.dsp.level import is_silent, level_dbm0


def test_full_scale_sine_reads_3_14() -> None:
    sine = np.rint(32767 * np.sin(2 * np.pi * np.arange(800) / 8)).astype(np.int16)
    assert level_dbm0(sine) == pytest.approx(3.14, abs=0.001)


def test_full_scale_square_reads_three_decibels_more() -> None:
    square = np.tile(np.array([-32768, 32767], dtype=np.int16), 80)
    assert level_dbm0(square) == pytest.approx(6.15, abs=0.001)


def test_halving_is_six_decibels() -> None:
    noise = np.random.default_rng(1).integers(-20000, 20000, 1000).astype(np.int16)
    assert level_dbm0(noise) - level_dbm0(noise // 2) == pytest.approx(6.02, abs=0.01)


@pytest.mark.parametrize("offset", [-300, 50, 2000])
def test_a_constant_that_a_card_adds_is_no_sound(offset: int) -> None:
    noise = np.random.default_rng(2).integers(-30, 30, 160).astype(np.int16)
    assert level_dbm0(noise + np.int16(offset)) == pytest.approx(level_dbm0(noise), abs=0.001)
    assert level_dbm0(np.full(160, offset, dtype=np.int16)) == -math.inf


@pytest.mark.parametrize("count", [0, 160])
def test_silence_is_minus_infinity(count: int) -> None:
    assert level_dbm0(np.zeros(count, dtype=np.int16)) == -math.inf


def test_silent_is_what_holds_nothing_but_zeros() -> None:
    frame = np.zeros(160, dtype=np.int16)
    assert is_silent(frame)
    assert is_silent(frame[:0])
    frame[159] = -1
    assert not is_silent(frame)
    assert is_silent(frame[:159:2])
