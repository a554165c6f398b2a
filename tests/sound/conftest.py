"""The sound loop of a private PulseAudio: started, torn down at the end. Where it can't be had, CI fails."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest
from pulse_rig import NoRig, PulseRig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NICER = -10
"""As the unit lets the box go ahead of others: here the caller and the server share its two cores."""


def _running(folder: Path) -> Iterator[PulseRig]:
    """A sound server in this folder; this process and its children are its clients."""
    folder.chmod(0o700)
    with contextlib.ExitStack() as stack:
        try:
            rig = stack.enter_context(PulseRig(folder))
        except NoRig as reason:
            pytest.fail(str(reason)) if os.environ.get("CI") else pytest.skip(str(reason))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in rig.environment.items():
            patch.setenv(name, value)
        stack.enter_context(_ahead())
        yield rig


@contextlib.contextmanager
def _ahead() -> Iterator[None]:
    """Go ahead of what else runs here, where that is allowed."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICER)
    yield
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, before)


@pytest.fixture
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseRig]:
    """A sound server with two lines, for one test."""
    yield from _running(tmp_path_factory.mktemp("pulse"))


@pytest.fixture(scope="module")
def lasting_pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseRig]:
    """The same for all tests of a file."""
    yield from _running(tmp_path_factory.mktemp("pulse"))
