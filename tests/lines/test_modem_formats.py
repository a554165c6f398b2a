"""Samples as a modem writes them."""

from __future__ import annotations

import numpy as np
import pytest

from ivrbox.lines.modem_formats import Coding, decode, encode

RAMP = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)


@pytest.mark.parametrize(("coding", "step"), [(Coding.UNSIGNED8, 128), (Coding.SIGNED8, 128), (Coding.LINEAR16, 0)])
def test_linear_coding_is_within_half_a_step(coding: Coding, step: int) -> None:
    back = decode(encode(RAMP, coding), coding)
    fits = RAMP < 127 * 256 + 128  # above that the largest code is as near as can be
    assert np.abs(back.astype(int) - RAMP.astype(int))[fits].max() <= step
    assert back.dtype == np.int16


@pytest.mark.parametrize("coding", [Coding.ULAW, Coding.ALAW])
def test_companding_keeps_its_own_values(coding: Coding) -> None:
    once = decode(encode(RAMP, coding), coding)
    assert np.array_equal(decode(encode(once, coding), coding), once)


@pytest.mark.parametrize("coding", [Coding.UNSIGNED8, Coding.SIGNED8, Coding.LINEAR16, Coding.ULAW])
def test_silence_stays_silence(coding: Coding) -> None:
    silence = np.zeros(160, dtype=np.int16)
    assert not decode(encode(silence, coding), coding).any()


def test_the_centre_of_unsigned_bytes_is_0x80_and_words_come_low_byte_first() -> None:
    assert encode(np.array([0, -32768, 32767], dtype=np.int16), Coding.UNSIGNED8) == b"\x80\x00\xff"
    assert encode(np.array([0x1234], dtype=np.int16), Coding.LINEAR16) == b"\x34\x12"
    assert Coding.LINEAR16.width == 2
