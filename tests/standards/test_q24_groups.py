"""ITU-T Recommendation Q.24, clause 2: one and only one frequency of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from ear_score import share_heard
from ear_signals import KEYS, Rng, every_key, keys

if TYPE_CHECKING:
    from ear_score import Receiver


@pytest.mark.parametrize("group", ["row", "col"])
def test_two_tones_of_a_group_are_no_key(group: str, rng: Rng, ear: Receiver) -> None:
    """A third tone as loud as the two, from either group: two keys held down at once."""
    first = keys(rng, every_key(rng, 6), length_ms=100.0)
    numbers = np.array([KEYS.index(digit) for digit in first.digits])
    neighbour = (numbers + 4) % 16 if group == "row" else numbers // 4 * 4 + (numbers + 1) % 4
    others = "".join(KEYS[number] for number in neighbour)
    alone = {"row": {"col_dbm0": -np.inf, "row_dbm0": -10}, "col": {"row_dbm0": -np.inf, "col_dbm0": -10}}[group]
    second = keys(rng, others, length_ms=100.0, **alone)
    place = np.arange(first.slot)[None, :]
    held = (place >= first.onset[:, None]) & (place < (first.onset + first.length)[:, None])
    shift = np.round(first.onset - second.onset).astype(int)
    moved = np.array([np.roll(wave, each) for wave, each in zip(second.wave, shift, strict=True)])
    assert share_heard(ear, first.plus(moved * held)) == 0.0
