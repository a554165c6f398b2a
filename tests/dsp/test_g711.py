"""Both laws of G.711, against the Recommendation's own vectors and a bit-by-bit reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.dsp.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from ivrbox.units import amplitude_to_dbm0

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_CODE = np.arange(256, dtype=np.uint8)
EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)


def _reference_alaw(sample: int) -> int:
    """A-law as shifts: sign, three bits of segment, four of step, even bits inverted."""
    magnitude = (sample if sample >= 0 else ~sample) >> 4
    segment = max(0, magnitude.bit_length() - 4)
    step = magnitude >> max(0, segment - 1) & 0xF
    return ((0x80 if sample >= 0 else 0) | segment << 4 | step) ^ 0x55


def _reference_ulaw(sample: int) -> int:
    """u-law as shifts: biased by 33, sign, segment, step, all inverted."""
    biased = min(((sample if sample >= 0 else ~sample) >> 2) + 33, 0x1FFF)
    segment = biased.bit_length() - 6
    step = biased >> (segment + 1) & 0xF
    return (0x80 if sample >= 0 else 0) | (~(segment << 4 | step) & 0x7F)


def test_alaw_codes_are_those_of_the_reference_for_every_sample() -> None:
    expected = [_reference_alaw(int(sample)) for sample in EVERY_SAMPLE]
    assert encode_alaw(EVERY_SAMPLE).tolist() == expected


def test_ulaw_codes_are_those_of_the_reference_for_every_sample() -> None:
    expected = [_reference_ulaw(int(sample)) for sample in EVERY_SAMPLE]
    assert encode_ulaw(EVERY_SAMPLE).tolist() == expected


@pytest.mark.parametrize(
    ("decode", "code", "sample"),
    [
        (decode_alaw, 0xD5, 8),  # table 1a: quantised value 1, the smallest
        (decode_alaw, 0x55, -8),
        (decode_alaw, 0xAA, 32256),  # quantised value 4032, the largest
        (decode_alaw, 0x2A, -32256),
        (decode_alaw, 0x80, 5504),
        (decode_alaw, 0x00, -5504),
        (decode_ulaw, 0xFF, 0),  # table 2a: y0
        (decode_ulaw, 0x7F, 0),
        (decode_ulaw, 0xFE, 8),
        (decode_ulaw, 0x80, 32124),  # quantised value 8031, the largest
        (decode_ulaw, 0x00, -32124),
        (decode_ulaw, 0x8F, 16764),
    ],
)
def test_quantised_values_are_those_of_the_tables(
    decode: Callable[[np.ndarray], np.ndarray], code: int, sample: int
) -> None:
    assert decode(np.array([code], dtype=np.uint8)).tolist() == [sample]


@pytest.mark.parametrize(
    ("decode", "sequence"),
    [
        (decode_alaw, "34 21 21 34 b4 a1 a1 b4"),  # table 5/G.711
        (decode_ulaw, "1e 0b 0b 1e 9e 8b 8b 9e"),  # table 6/G.711
    ],
)
def test_the_reference_sequence_is_a_sine_of_0_dbm0(decode: Callable[[np.ndarray], np.ndarray], sequence: str) -> None:
    codes = np.frombuffer(bytes.fromhex(sequence), dtype=np.uint8)
    rms = float(np.sqrt(np.mean(decode(codes).astype(float) ** 2)))
    assert amplitude_to_dbm0(rms * np.sqrt(2)) == pytest.approx(0, abs=0.1)


def test_a_decoded_code_encodes_to_itself() -> None:
    assert np.array_equal(encode_alaw(decode_alaw(EVERY_CODE)), EVERY_CODE)
    back = encode_ulaw(decode_ulaw(EVERY_CODE))
    negative_zero = EVERY_CODE == 0x7F  # 0 has two codes; encoding gives the positive one
    assert np.array_equal(back[~negative_zero], EVERY_CODE[~negative_zero])
    assert back[negative_zero].tolist() == [0xFF]


@pytest.mark.parametrize(("encode", "decode"), [(encode_alaw, decode_alaw), (encode_ulaw, decode_ulaw)])
def test_the_error_is_at_most_half_a_step(
    encode: Callable[[np.ndarray], np.ndarray], decode: Callable[[np.ndarray], np.ndarray]
) -> None:
    inside = EVERY_SAMPLE[np.abs(EVERY_SAMPLE.astype(int)) < 32000]
    error = np.abs(decode(encode(inside)).astype(int) - inside)
    assert np.all(error <= 8 + np.abs(inside.astype(int)) // 32)


def test_shape_is_kept() -> None:
    stereo = EVERY_SAMPLE.reshape(-1, 2)
    assert decode_alaw(encode_alaw(stereo)).shape == stereo.shape
    assert decode_ulaw(encode_ulaw(stereo)).dtype == np.int16
