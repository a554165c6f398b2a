"""What every clause needs: a seeded source of chance, and a way to print its margin.

`IVRBOX_TEST_SEED` gives another seed; every clause must hold on any. `IVRBOX_TEST_RECEIVER=spandsp` (or multimon-ng)
puts another receiver to the same clauses. `pytest tests/standards -rP` shows the margins.
"""

from __future__ import annotations

import os
import sys
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ear_peers import RECEIVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ear_score import Margin, Receiver
    from ear_signals import Rng

SEED = int(os.environ.get("IVRBOX_TEST_SEED", "1963"))
"""The year the first push-button telephone was sold."""


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Rng:
    """A generator of its own for each test, so that no test depends on another."""
    return np.random.default_rng([SEED, zlib.crc32(request.node.nodeid.encode())])


@pytest.fixture(scope="session")
def ear() -> Receiver:
    """The receiver under examination: ours, unless told otherwise."""
    return RECEIVERS[os.environ.get("IVRBOX_TEST_RECEIVER", "ivrbox")]()


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says a margin where a person and a report can read it."""

    def say(margin: str) -> None:
        sys.stdout.write(f"{margin}\n")
        record_property("margin", margin)

    return say


@pytest.fixture
def margin(tell: Callable[[str], None]) -> Margin:
    """Walks on from the clause's figure until the promise breaks, and prints the last figure at which it held."""

    def walk(clause: str, beyond: Iterable[float], unit: str, holds: Callable[[float], bool]) -> None:
        last = "no further"
        for figure in beyond:
            if not holds(figure):
                break
            last = f"holds to {figure:g} {unit}"
        tell(f"{clause}: {last}")

    return walk
