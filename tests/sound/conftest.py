"""The sound loop of a private PulseAudio: started once, torn down at the end. Where it can't be had, CI fails."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from pulse_rig import NoRig, PulseRig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def pulse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseRig]:
    """A running sound server with two lines; this process and its children are its clients."""
    folder = tmp_path / "pulse"
    folder.mkdir(mode=0o700)
    with ExitStack() as stack:
        try:
            rig = stack.enter_context(PulseRig(folder))
        except NoRig as reason:
            pytest.fail(str(reason)) if os.environ.get("CI") else pytest.skip(str(reason))
        for name, value in rig.environment.items():
            monkeypatch.setenv(name, value)
        yield rig
