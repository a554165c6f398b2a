"""Clips are what the call says; nobody can change one under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.prompts.clip import Clip

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_clip_cannot_be_written_to_and_its_maker_keeps_his_array() -> None:
    mine = np.ones(800, np.int16)
    clip = Clip(mine, "one")
    mine[0] = 7
    assert clip.samples[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0] = 2


def test_duration_is_in_seconds() -> None:
    assert Clip(np.zeros(12000, np.int16), "").duration_s == 1.5


@pytest.mark.parametrize("wrong", [np.zeros(8), np.zeros((8, 2), np.int16)])
def test_samples_of_another_kind_are_refused(wrong: NDArray[np.int16]) -> None:
    with pytest.raises(TypeError, match=r"must be int16 of shape \(n,\), not"):
        Clip(wrong, "")
