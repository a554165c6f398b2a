"""ETSI ES 201 235-3 (DTMF receivers), clause 4.2: when a signal is valid, and when it counts as a key.

4.2.1  A *valid signal condition* exists when both frequencies are within 1.5 % + 2 Hz of their nominals, at levels
       in range, not more than 6 dB apart, with other power at least 20 dB down.
4.2.2  It must be recognised when it lasts longer than 40 ms and must not when shorter than 20 ms; once recognised, it
       has ended when it is absent longer than 40 ms and has not when shorter than 20 ms. Between the two either
       answer is allowed.

The standard states levels in dBV at its reference impedance for each interface; here they are dBm0, over the 25 dB
below -4 that a subscriber line is granted. 96 keys a clause, random phases and levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ear_score import share_heard, share_right
from ear_signals import Rng, Trials, every_key, keys, noise

if TYPE_CHECKING:
    from ear_score import Margin, Receiver

ROUNDS = 6
COUNT = 16 * ROUNDS
LOUDEST, FAINTEST = -4.0, -29.0


def _row(rng: Rng, **shape: Any) -> Trials:
    level = rng.uniform(FAINTEST, LOUDEST, COUNT)
    given = {"length_ms": 50.0, "row_dbm0": level, "col_dbm0": level, **shape}
    return keys(rng, every_key(rng, ROUNDS), **given)


def _signs(rng: Rng) -> np.ndarray:
    return rng.choice([-1.0, 1.0], COUNT)


def test_4_2_1_frequency_tolerance(rng: Rng, ear: Receiver, margin: Margin) -> None:
    def holds(hertz: float) -> bool:
        rows, columns = _signs(rng), _signs(rng)
        off = {"row_error": rows * 0.015, "col_error": columns * 0.015}
        return share_right(ear, _row(rng, row_offset_hz=rows * hertz, col_offset_hz=columns * hertz, **off)) == 1.0

    assert holds(2.0)
    margin("ETSI accepts 1.5 % + 2 Hz", np.arange(2, 12, 1), "Hz over 1.5 %", holds)


@pytest.mark.parametrize("level", [LOUDEST, FAINTEST])
def test_4_2_1_level_range(level: float, rng: Rng, ear: Receiver) -> None:
    assert share_right(ear, _row(rng, row_dbm0=level, col_dbm0=level)) == 1.0


@pytest.mark.parametrize("stronger", ["row", "col"])
def test_4_2_1_level_difference(stronger: str, rng: Rng, ear: Receiver, margin: Margin) -> None:
    weaker = "col" if stronger == "row" else "row"

    def holds(twist: float) -> bool:
        level = rng.uniform(FAINTEST + twist, LOUDEST, COUNT)
        return share_right(ear, _row(rng, **{f"{stronger}_dbm0": level, f"{weaker}_dbm0": level - twist})) == 1.0

    assert holds(6.0)
    margin(f"ETSI accepts 6 dB of {stronger} over {weaker}", np.arange(6, 20, 1), "dB", holds)


def test_4_2_1_other_power_20_db_down(rng: Rng, ear: Receiver, margin: Margin) -> None:
    """Noise over the whole band, so far below the two tones together."""

    def holds(down: float) -> bool:
        trials = _row(rng, row_dbm0=-13.0, col_dbm0=-13.0)
        return share_right(ear, trials.plus(noise(rng, trials.wave.size, -10.0 - down))) == 1.0

    assert holds(20.0)
    margin("ETSI bears noise 20 dB down", np.arange(20, 0, -3), "dB", holds)


def test_4_2_2_signal_over_40_ms_is_recognised(rng: Rng, ear: Receiver, margin: Margin) -> None:
    def holds(length_ms: float) -> bool:
        return share_right(ear, _row(rng, length_ms=length_ms)) == 1.0

    assert holds(40.0)
    margin("ETSI recognises 40 ms", np.arange(40, 20, -2), "ms", holds)


def test_4_2_2_signal_under_20_ms_is_not_recognised(rng: Rng, ear: Receiver, margin: Margin) -> None:
    def holds(length_ms: float) -> bool:
        return share_heard(ear, _row(rng, length_ms=length_ms)) == 0.0

    assert holds(20.0)
    margin("ETSI does not recognise 20 ms", np.arange(20, 40, 2), "ms", holds)


def test_4_2_2_absence_over_40_ms_ends_the_signal(rng: Rng, ear: Receiver, margin: Margin) -> None:
    def holds(pause_ms: float) -> bool:
        return share_right(ear, _row(rng, length_ms=100 + pause_ms).without(50.0, pause_ms), times=2) == 1.0

    assert holds(40.0)
    margin("ETSI parts at 40 ms", np.arange(40, 10, -4), "ms", holds)


def test_4_2_2_absence_under_20_ms_does_not_end_the_signal(rng: Rng, ear: Receiver, margin: Margin) -> None:
    def holds(hole_ms: float) -> bool:
        return share_right(ear, _row(rng, length_ms=110.0).without(rng.uniform(41, 50, COUNT), hole_ms)) == 1.0

    assert holds(19.75)
    margin("ETSI bridges 20 ms", np.arange(20, 40, 2), "ms", holds)


@pytest.mark.parametrize("rise_ms", [3.0, 5.0, 7.0])
def test_signals_that_rise_slowly_are_recognised(rise_ms: float, rng: Rng, ear: Receiver) -> None:
    """ES 201 235-2 (transmitters) lets a tone take up to 7 ms to its full level."""
    assert share_right(ear, _row(rng, length_ms=45.0, rise_ms=rise_ms)) == 1.0
