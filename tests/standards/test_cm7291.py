"""The Mitel CM7291 procedure: the tone side of the tape by which receivers have been compared since the 1980s.

Test 1 only calibrates a cassette player. Tests 3 to 6 count answers and turn the count into a figure, as the tape
does, here at random phases. The tape's level is given from clipping, which is int16 full scale per tone here. Test 8,
talk-off, needs speech: it is part of `tests/bench/ear.py`, on far more of it than the tape had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from ear_score import share_right
from ear_signals import Rng, Trials, every_key, keys, noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from ear_score import Receiver

DIAGONAL = "159D"
TWO_TONES_AT_CLIP = 3.14
"""dBm0 of a sine that just reaches full scale."""


def _answers(ear: Receiver, trials: Trials) -> int:
    return len(ear.hear(trials.pcm()))


def test_2_decode_check(rng: Rng, ear: Receiver) -> None:
    """All keys ten times, 50 ms, each tone 6 dB down from clip."""
    level = TWO_TONES_AT_CLIP - 6
    assert share_right(ear, keys(rng, every_key(rng, 10), pause_ms=50.0, row_dbm0=level, col_dbm0=level)) == 1.0


@pytest.mark.parametrize("digit", DIAGONAL)
@pytest.mark.parametrize("group", ["row", "col"])
def test_3_recognition_bandwidth(digit: str, group: str, rng: Rng, ear: Receiver, tell: Callable[[str], None]) -> None:
    """40 pulses in 0.1 % steps either way, 20 dB below clip: RRB = (N+ + N-)/10, RCFO = (N+ - N-)/20."""
    level = TWO_TONES_AT_CLIP - 20
    steps = np.arange(1, 41) / 1000
    up, down = (
        _answers(
            ear,
            keys(rng, digit * 40, pause_ms=50.0, row_dbm0=level, col_dbm0=level, **{f"{group}_error": sign * steps}),
        )
        for sign in (1, -1)
    )
    bandwidth, offset = (up + down) / 10, (up - down) / 20
    tell(f"CM7291 test 3, {digit} {group}: RRB {bandwidth:.1f} %, RCFO {offset:+.2f} %")
    assert 2 * 1.5 + 2 * abs(offset) <= bandwidth < 2 * 3.5
    assert abs(offset) <= 0.1


@pytest.mark.parametrize("digit", DIAGONAL)
@pytest.mark.parametrize("weaker", ["col", "row"])
def test_4_acceptable_amplitude_ratio(
    digit: str, weaker: str, rng: Rng, ear: Receiver, tell: Callable[[str], None]
) -> None:
    """One tone at 6 dB below clip, the other 200 times fainter by 0.1 dB: answers over ten are the ratio in dB."""
    level = TWO_TONES_AT_CLIP - 6
    fainter = level - np.arange(200) / 10
    stronger = "row" if weaker == "col" else "col"
    trials = keys(rng, digit * 200, pause_ms=50.0, **{f"{weaker}_dbm0": fainter, f"{stronger}_dbm0": level})
    ratio = _answers(ear, trials) / 10
    tell(f"CM7291 test 4, {digit}, {weaker} fainter: {ratio:.1f} dB")
    assert (8 if weaker == "col" else 4) <= ratio < 15


def test_5_dynamic_range(rng: Rng, ear: Receiver, tell: Callable[[str], None]) -> None:
    """Key 1 from 6 dB below clip down to silence by 1 dB: at least 35 answers, the tape's whole range."""
    level = TWO_TONES_AT_CLIP - 6 - np.arange(70)
    heard = _answers(ear, keys(rng, "1" * 70, pause_ms=50.0, row_dbm0=level, col_dbm0=level))
    tell(f"CM7291 test 5: dynamic range {heard} dB")
    assert heard >= 35


def test_6_guard_time(rng: Rng, ear: Receiver, tell: Callable[[str], None]) -> None:
    """400 pulses of key 1 from 49.9 ms down to 10 ms: guard time = (500 - answers)/10 ms, between 20 and 40."""
    length = np.arange(499, 99, -1) / 10
    guard = (500 - _answers(ear, keys(rng, "1" * 400, length_ms=length, row_dbm0=-3.0, col_dbm0=-3.0))) / 10
    tell(f"CM7291 test 6: guard time {guard:.1f} ms")
    assert 20 <= guard <= 40


@pytest.mark.parametrize("ratio_db", [24.0, 18.0, 12.0])
def test_7_signal_to_noise_ratio(ratio_db: float, rng: Rng, ear: Receiver) -> None:
    """1000 pulses of key 1 on white noise: every one is answered, once."""
    trials = keys(rng, "1" * 1000, pause_ms=50.0, row_dbm0=-10.0, col_dbm0=-10.0)
    assert share_right(ear, trials.plus(noise(rng, trials.wave.size, -10.0 - ratio_db))) == 1.0
