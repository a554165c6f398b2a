"""Prompts are as loud as telephone speech, and start and end where their sound does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ivrbox.prompts.levels import (
    BREATH,
    HIGHEST_PEAK,
    SPEECH_DBM0,
    active_level,
    at_telephone_level,
    in_telephone_band,
    trimmed,
)
from ivrbox.units import dbm0_to_amplitude

Samples = NDArray[np.int16]


def tone(dbm0: float, seconds: float = 1.0, hz: float = 500.0) -> Samples:
    phase = 2 * np.pi * hz * np.arange(round(8000 * seconds)) / 8000
    return np.asarray(np.rint(dbm0_to_amplitude(dbm0) * np.sin(phase)), np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(round(8000 * seconds), np.int16)


@pytest.mark.parametrize("dbm0", [3.1, -10.0, -18.0, -40.0])
def test_level_of_a_tone_is_its_dbm0(dbm0: float) -> None:
    assert active_level(tone(dbm0)) == pytest.approx(dbm0, abs=0.05)


def test_pauses_do_not_count() -> None:
    noise = np.random.default_rng(1).integers(-3, 4, 16000, np.int16)
    speech = np.concatenate([noise, tone(-20), noise, tone(-20), noise])
    assert active_level(speech) == pytest.approx(-20, abs=0.3)


@pytest.mark.parametrize("nothing", [silence(0), silence(1)])
def test_silence_has_no_level_and_stays_silent(nothing: Samples) -> None:
    assert active_level(nothing) == -math.inf
    assert np.array_equal(at_telephone_level(nothing), nothing)
    assert len(trimmed(nothing)) == 0


@pytest.mark.parametrize("dbm0", [0.0, -12.0, -35.0])
def test_any_voice_comes_out_at_telephone_level(dbm0: float) -> None:
    assert -20 <= SPEECH_DBM0 <= -16
    assert active_level(at_telephone_level(tone(dbm0))) == pytest.approx(SPEECH_DBM0, abs=0.05)


def test_rare_high_peaks_keep_a_clip_quieter_instead_of_clipping() -> None:
    spiky = tone(-40)
    spiky[::400] = -32768
    level = at_telephone_level(spiky)
    assert np.abs(level.astype(int)).max() <= HIGHEST_PEAK


def test_silence_at_both_ends_goes_and_a_breath_stays() -> None:
    heard = trimmed(np.concatenate([silence(0.5), tone(-20, 0.4), silence(0.3), tone(-20, 0.4), silence(0.7)]))
    assert len(heard) == 8000 * 11 // 10 + 2 * BREATH
    assert not heard[:BREATH].any()
    assert not heard[-BREATH:].any()


def test_soft_beginning_of_a_word_is_kept() -> None:
    word = np.concatenate([silence(0.5), tone(-45, 0.1), tone(-20, 0.4), silence(0.5)])
    assert len(trimmed(word)) == 8000 // 2 + 2 * BREATH


def test_clip_without_silence_is_left_whole() -> None:
    assert np.array_equal(trimmed(tone(-20)), tone(-20))


@pytest.mark.parametrize("hz", [50, 120, 190, 3650, 3950])
def test_what_no_telephone_carries_is_gone(hz: float) -> None:
    settled = in_telephone_band(tone(-10, hz=hz))[800:-800]  # a sudden start has every frequency
    assert active_level(settled) < -45


@pytest.mark.parametrize("hz", [310, 1000, 3390])
def test_what_a_telephone_carries_is_left_as_it_was(hz: float) -> None:
    before = tone(-10, hz=hz)
    after = in_telephone_band(before)
    assert np.abs(after[800:-800].astype(int) - before[800:-800]).max() < 300


def test_filter_keeps_a_sound_in_its_place_and_does_not_wrap_around() -> None:
    late = np.concatenate([silence(0.5), tone(-10, 0.5)])
    heard = in_telephone_band(late)
    assert len(heard) == len(late)
    assert np.abs(heard[:3000].astype(int)).max() < 20


def test_filter_of_a_full_scale_square_wave_does_not_wrap_in_sign() -> None:
    square = np.where(np.arange(8000) // 8 % 2, 32767, -32768).astype(np.int16)
    middle = in_telephone_band(square)[800:-800].astype(int)
    assert (np.sign(middle) == np.sign(square[800:-800])).mean() > 0.99
