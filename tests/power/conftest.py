"""Disks to cut the power of: loop devices over plain files and over a file that remembers every write."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import tempfile
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray


TABLE_BITS = 24


def run(*command: str | Path) -> str:
    """Run a command of the system; what it said on failure is in the error."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def need(condition: object, what: str) -> None:
    """Skip without it, with the reason; in CI fail, so that nobody takes a skipped promise for a kept one."""
    if not condition:
        if os.environ.get("CI"):
            pytest.fail(f"{what}: needed in CI")
        pytest.skip(what)


@pytest.fixture
def mounted() -> Callable[..., AbstractContextManager[Path]]:
    """Have a device mounted on a folder for as long as a block runs: device, folder, kind, options."""
    return _mounted


@contextmanager
def _mounted(device: Path, folder: Path, kind: str, options: str = "") -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    try:
        system("mount", str(device), str(folder), kind, 0, options)
    except OSError as error:
        if error.errno == errno.ENODEV:
            pytest.skip(f"this kernel has no {kind}")
        raise
    try:
        yield folder
    finally:
        system("umount2", str(folder), 0)


def system(call: str, *arguments: str | int) -> None:
    """A system call through the C library: hundreds of mounts would wait for hundreds of programs."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, call)(*(part.encode() if isinstance(part, str) else part for part in arguments)):
        code = ctypes.get_errno()
        raise OSError(code, f"{call} {arguments}: {os.strerror(code)}")


@pytest.fixture
def loop_over() -> Callable[[Path], AbstractContextManager[Path]]:
    """Have a loop device over a file for as long as a block runs."""
    return _loop_over


@contextmanager
def _loop_over(image: Path) -> Iterator[Path]:
    """A loop device over a file."""
    device = Path(run("losetup", "--find", "--show", image).strip())
    try:
        yield device
    finally:
        run("losetup", "--detach", device)


@pytest.fixture
def root() -> None:
    """Root, loop devices and the tools to use them."""
    need(os.geteuid() == 0, "only root can mount")
    need(Path("/dev/loop-control").exists(), "there are no loop devices")
    for tool in ("losetup", "mkfs.ext4", "mount"):
        need(shutil.which(tool), f"the tool {tool} is missing")


@pytest.fixture
def fuse(root: None) -> None:
    """The kernel's door for file systems of programs."""
    del root
    need(Path("/dev/fuse").exists(), "there is no /dev/fuse")


@pytest.fixture
def images() -> Iterator[Path]:
    """A folder for disk images, in memory where that is to be had: a flush of theirs need not reach a real disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a name of its own is made below
    with tempfile.TemporaryDirectory(prefix="ivrbox-test-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def count_windows() -> Callable[[Iterable[bytes | memoryview], NDArray[np.int16]], int]:
    """Count the 8-byte words of a sound, shape (n, directions), that are found anywhere in some pieces of bytes.

    The words are those of both directions interleaved and of each alone, taken every 8 bytes, so any 16-byte window
    of the sound contains one. Pieces are searched at every byte.
    """

    def count(pieces: Iterable[bytes | memoryview], sound: NDArray[np.int16]) -> int:
        words = np.unique(np.concatenate([as_words(sound), *(as_words(direction) for direction in sound.T)]))
        table = np.zeros(1 << TABLE_BITS, bool)
        table[hashed(words)] = True
        return sum(count_in(piece, shift, words, table) for piece in pieces for shift in range(min(8, len(piece))))

    return count


def count_in(piece: bytes | memoryview, shift: int, words: NDArray[np.uint64], table: NDArray[np.bool_]) -> int:
    """Words of the sound in a piece, looked for at every eighth byte from `shift`: first by table, then for certain."""
    here = np.frombuffer(piece, np.uint64, (len(piece) - shift) // 8, shift)
    here = here[here != 0]
    likely = here[table[hashed(here)]]
    return int((words[np.searchsorted(words, likely) % len(words)] == likely).sum())


def as_words(sound: NDArray[np.int16]) -> NDArray[np.uint64]:
    flat = sound.tobytes()
    return np.frombuffer(flat, np.uint64, len(flat) // 8)


def hashed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (words * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - TABLE_BITS)


@pytest.fixture
def formatted(root: None, images: Path) -> Callable[..., AbstractContextManager[tuple[Path, Path]]]:
    """Have a new file system for as long as a block runs: kind, megabytes, options; gives its folder and its device.

    Its image is `KIND.img` among the images, sparse.
    """
    del root

    @contextmanager
    def disk(kind: str, megabytes: int, options: str = "") -> Iterator[tuple[Path, Path]]:
        need(shutil.which(f"mkfs.{kind}"), f"the tool mkfs.{kind} is missing")
        image = images / f"{kind}.img"
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        run(f"mkfs.{kind}", "-q", image)
        with _loop_over(image) as device, _mounted(device, images / "data", kind, options) as folder:
            yield folder, device

    return disk
