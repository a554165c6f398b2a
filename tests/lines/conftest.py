"""Signals, and the sight of them, that the tests of lines share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture
def speech() -> NDArray[np.int16]:
    """A second and a bit of something lively: no two frames alike, and no whole number of frames."""
    return np.random.default_rng(7).integers(-9000, 9000, 8123, dtype=np.int16)
