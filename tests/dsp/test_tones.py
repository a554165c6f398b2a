"""Generators: frequencies, levels and cadences are those asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.dsp import tones
from ivrbox.dsp.keys import COLUMNS_HZ, DIGITS, ROWS_HZ, digit_tones
from ivrbox.dsp.level import level_dbm0

if TYPE_CHECKING:
    from numpy.typing import NDArray


def loudest_hz(sound: NDArray[np.int16], count: int) -> list[int]:
    spectrum = np.abs(np.fft.rfft(sound[:8000]))
    return sorted(int(peak) for peak in np.argsort(spectrum)[-count:])


@pytest.mark.parametrize("digit", DIGITS)
def test_key_is_its_row_and_its_column(digit: str) -> None:
    assert loudest_hz(tones.key(digit, ms=1000), 2) == sorted(digit_tones(digit))


def test_keypad_is_that_of_q23() -> None:
    assert digit_tones("1") == (697, 1209)
    assert digit_tones("#") == (941, 1477)
    assert digit_tones("D") == (ROWS_HZ[3], COLUMNS_HZ[3])


@pytest.mark.parametrize("wrong", ["E", "", "12", "a"])
def test_what_is_no_key_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match="must be one of 123A456B789C"):
        tones.key(wrong)


def test_level_is_per_tone_and_twist_lifts_the_column() -> None:
    one = tones.sines([(1000, -10)], 8000)
    assert level_dbm0(one) == pytest.approx(-10, abs=0.01)
    both = tones.key("5", ms=1000, row_dbm0=-20, twist_db=6)
    spectrum = np.abs(np.fft.rfft(both))
    assert 20 * np.log10(spectrum[1336] / spectrum[770]) == pytest.approx(6, abs=0.01)


def test_deviation_moves_both_tones() -> None:
    assert loudest_hz(tones.key("0", ms=1000, deviation=0.01), 2) == [950, 1349]


def test_full_scale_is_clipped_not_wrapped() -> None:
    loud = tones.key("1", row_dbm0=3)
    assert loud.max() == 32767
    assert loud.min() == -32768


def test_keys_follow_each_other_with_gaps() -> None:
    sound = tones.keys("12", ms=50, gap_ms=40)
    assert len(sound) == 2 * (400 + 320)
    assert not sound[400:720].any()
    assert len(tones.keys("")) == 0


def test_dial_tone_never_pauses() -> None:
    sound = tones.dial_tone(1.0)
    assert loudest_hz(sound, 2) == [350, 440]
    assert level_dbm0(sound[-800:]) == pytest.approx(-10, abs=0.2)


def test_busy_goes_on_and_off() -> None:
    sound = tones.busy(2.0)
    assert sound[:4000].any()
    assert not sound[4000:8000].any()
    assert sound[8000:12000].any()
    assert len(sound) == 16000


def test_ringback_is_of_any_country() -> None:
    sound = tones.ringback(2.0, hertz=(425,), dbm0=-12, cadence_s=(1, 4))
    assert loudest_hz(sound, 1) == [425]
    assert not sound[8000:].any()
