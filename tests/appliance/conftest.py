"""Small disks to fill and to make read-only; the tests that need them run as root."""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.functions import FunctionHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

MS_RDONLY, MS_REMOUNT = 1, 32  # mount(2)


@pytest.fixture
def no_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start boxes without a child for functions: a third of their start, for flows that have none."""
    monkeypatch.setattr(FunctionHost, "warm", lambda _: None)


@pytest.fixture
def root() -> None:
    """Skip where nothing can be mounted; in CI fail, so that nobody takes a skipped promise for a kept one."""
    if os.geteuid() != 0:
        if os.environ.get("CI"):
            pytest.fail("only root can mount a disk: needed in CI")
        pytest.skip("only root can mount a disk")


@pytest.fixture
def mounted() -> Callable[..., AbstractContextManager[Path]]:
    """Have a file system mounted for as long as a block runs: device, folder, kind, options."""

    @contextmanager
    def mount(device: str, folder: Path, kind: str, options: str) -> Iterator[Path]:
        folder.mkdir(exist_ok=True)
        _system("mount", device, folder, kind, 0, options)
        try:
            yield folder
        finally:
            _system("umount2", folder, 0)

    return mount


@pytest.fixture
def remount() -> Callable[[Path, str], None]:
    """Make a mounted folder writable ("rw"), or not ("ro")."""

    def again(folder: Path, how: str) -> None:
        _system("mount", "none", folder, "none", MS_REMOUNT | {"ro": MS_RDONLY, "rw": 0}[how], "")

    return again


def _system(call: str, *arguments: str | int | Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    plain = (argument if isinstance(argument, int) else str(argument).encode() for argument in arguments)
    if getattr(libc, call)(*plain):
        code = ctypes.get_errno()
        raise OSError(code, f"{call} {arguments}: {os.strerror(code)}")
