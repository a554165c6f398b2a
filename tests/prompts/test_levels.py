"""Prompts are as loud as telephone speech, and start and end where their sound does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ivrbox.prompts.levels import BREATH, HIGHEST_PEAK, SPEECH_DBM0, active_level, at_telephone_level, trimmed
from ivrbox.units import dbm0_to_amplitude

Samples = NDArray[np.int16]


def tone(dbm0: float, seconds: float = 1.0) -> Samples:
    phase = 2 * np.pi * 500 * np.arange(round(8000 * seconds)) / 8000
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
