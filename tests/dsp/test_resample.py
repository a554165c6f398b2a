"""Promises of the resampler, measured with sines at both rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dsp.resample import Resampler

CARD_RATES = (16000, 22050, 32000, 44100, 48000, 96000)


def sine(hertz: float, rate: int, amplitude: float = 16000, seconds: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return np.rint(amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def gain_db(samples: np.ndarray, amplitude: float = 16000) -> float:
    steady = samples[len(samples) // 4 :].astype(np.float64)
    return 20 * math.log10(math.sqrt(2 * float((steady**2).mean())) / amplitude + 1e-9)


@pytest.mark.parametrize("rate", [8000, *CARD_RATES])
def test_the_telephone_band_passes_flat_both_ways(rate: int) -> None:
    for hertz in (300, 1000, 2000, 3400):
        assert abs(gain_db(Resampler(rate, 8000).push(sine(hertz, rate)))) < 0.1
        assert abs(gain_db(Resampler(8000, rate).push(sine(hertz, 8000)))) < 0.1


@pytest.mark.parametrize("rate", CARD_RATES)
def test_nothing_above_the_band_comes_down_into_it(rate: int) -> None:
    for hertz in (4600, 5000, 6300, 7700):
        assert gain_db(Resampler(rate, 8000).push(sine(hertz, rate))) < -68


@pytest.mark.parametrize("rate", CARD_RATES)
def test_going_up_adds_no_images(rate: int) -> None:
    heard = Resampler(8000, rate).push(sine(1000, 8000, seconds=1.1))[-rate:].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(rate)))
    tone = spectrum[1000]
    spectrum[990:1011] = 0
    assert 20 * math.log10(spectrum.max() / tone) < -68


@pytest.mark.parametrize("rate", [8000, *CARD_RATES])
def test_20_ms_of_a_card_are_one_frame_each_time(rate: int) -> None:
    down, up = Resampler(rate, 8000), Resampler(8000, rate)
    card = np.zeros(rate // 50, dtype=np.int16)
    assert [down.push(card).size for _ in range(50)] == [160] * 50
    assert [up.push(card[:160]).size for _ in range(50)] == [rate // 50] * 50


@pytest.mark.parametrize("rate", CARD_RATES)
def test_the_delay_is_the_one_it_names_and_under_2_ms(rate: int) -> None:
    down = Resampler(rate, 8000)
    click = np.zeros(rate, dtype=np.int16)
    click[rate // 2 : rate // 2 + rate // 1000] = 20000  # 1 ms, whose middle is at 500.5 ms
    heard = down.push(click).astype(np.float64)
    middle_s = float(heard @ np.arange(heard.size) / heard.sum()) / 8000
    assert abs(middle_s - 0.5005 - down.delay_s) < 0.0002
    assert down.delay_s < 0.002


@settings(max_examples=30, deadline=None)
@given(
    rate=st.sampled_from([44100, 48000]),
    pieces=st.lists(st.integers(0, 2000), min_size=1, max_size=6),
    seed=st.integers(0, 2**16),
    up=st.booleans(),
)
def test_the_pieces_in_which_sound_arrives_change_nothing(rate: int, pieces: list[int], seed: int, *, up: bool) -> None:
    sound = np.random.default_rng(seed).integers(-32768, 32768, sum(pieces), dtype=np.int16)
    rates = (8000, rate) if up else (rate, 8000)
    whole = Resampler(*rates).push(sound)
    stream = Resampler(*rates)
    ends = np.cumsum(pieces)
    cut = [stream.push(sound[end - piece : end]) for end, piece in zip(ends, pieces, strict=True)]
    assert np.array_equal(np.concatenate(cut), whole)
    assert whole.size == math.ceil(sound.size * rates[1] / rates[0])


def test_full_scale_is_clipped_not_wrapped() -> None:
    square = np.tile(np.repeat(np.array([32767, -32768], dtype=np.int16), 48), 100)
    heard = Resampler(48000, 8000).push(square)
    assert heard.max() == 32767
    assert heard.min() == -32768


@pytest.mark.parametrize("rates", [(7999, 8000), (8000, 4000)])
def test_a_rate_below_8000_is_refused(rates: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="rates: must be at least 8000 Hz, not"):
        Resampler(*rates)
