"""Whole Debian systems in a folder, to install into: in CI, which boots none, or asked for by IVRBOX_ROOTS=1, as root.

    IVRBOX_ROOTS=1 ./box test tests/install                       both releases, one after the other
    IVRBOX_ROOTS=1 ./box test tests/install -k bookworm

They are made once by debootstrap, in /var/tmp/ivrbox-roots (or IVRBOX_ROOTS=/another/folder), and copied for each test.
In CI they must be had: what is missing fails. A CI whose container may neither mount nor boot says IVRBOX_ROOTS=no.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
SOURCE = ("box", "debian", "systemd", "hw", "docs", "config", "ivrbox", "pyproject.toml")
DOCUMENTS = ("README.md", "LICENSE", "CHANGELOG.md")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
RELEASES = ("bookworm", "trixie")
MOUNTS = (("proc", "proc"), ("devtmpfs", "dev"))


def _home() -> Path:
    asked = os.environ.get("IVRBOX_ROOTS", "")
    if asked == "no":
        pytest.skip("whole systems are not wanted here: IVRBOX_ROOTS=no")
    if not asked and not os.environ.get("CI"):
        pytest.skip("installs whole systems, some minutes: asked for by IVRBOX_ROOTS=1 ./box test tests/install")
    if os.geteuid() != 0:
        pytest.fail("making a root file system needs root")
    if shutil.which("debootstrap") is None:
        pytest.fail("debootstrap is not installed")
    return Path(asked if asked.startswith("/") else "/var/tmp/ivrbox-roots")  # noqa: S108 - big, and kept over boots


def _mirror() -> list[str]:
    """Where this machine gets Debian from, if its apt names a place; debootstrap has one of its own."""
    wanted = ["Identifier: Packages", "Origin: Debian", "Label: Debian"]
    command = ["apt-get", "indextargets", "--format", "$(SITE)", *wanted]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()[:1]


@cache
def _claim(release: Path) -> IO[str]:
    """Have the systems of a release to oneself for as long as this process lives; another run is waited for."""
    release.parent.mkdir(parents=True, exist_ok=True)
    lock = release.with_name(f"{release.name}.lock").open("w", encoding="utf-8")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _pristine(release: str) -> Path:
    """A minimal system of this release, made once."""
    where = _home() / release
    _claim(where)
    recipe = ["--variant=minbase", "--include=ca-certificates,systemd,udev", release, str(where), *_mirror()]
    made = where / "made"
    if not made.exists() or made.read_text("utf-8").split() != recipe:
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        done = subprocess.run(["debootstrap", *recipe], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
        (where / "etc/dpkg/dpkg.cfg.d/quick").write_text("force-unsafe-io\n")  # it is thrown away, so nothing to sync
        made.write_text("\n".join(recipe), "utf-8")
    return where


class System:
    """A copy of a pristine system, with the checkout in /src; systemd does not run in it."""

    def __init__(self, root: Path, pristine: Path) -> None:
        self.root = root
        self.said = ""
        subprocess.run(["cp", "-a", "--reflink=auto", pristine, root], check=True)
        for file in ("etc/resolv.conf", CERTIFICATES):  # it knows and trusts whom this machine does
            shutil.copy(f"/{file}", root / file)
        self.update_source()

    def enter(self) -> None:
        """Mount what programs expect to find."""
        for kind, name in MOUNTS:
            subprocess.run(["mount", "-t", kind, kind, self.root / name], check=True)

    def leave(self) -> None:
        """Unmount it; a second time does nothing."""
        for _, name in MOUNTS:
            if (self.root / name).is_mount():
                subprocess.run(["umount", self.root / name], check=True)

    def update_source(self) -> None:
        source = self.root / "src"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        for name in (*SOURCE, *DOCUMENTS):
            subprocess.run(["cp", "-a", CHECKOUT / name, source], check=True)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            "PIP_CERT": f"/{CERTIFICATES}",
        }
        return subprocess.run(
            ["chroot", self.root, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def box(self, *arguments: str) -> str:
        """What box says, given that all goes well."""
        done = self.run("/src/box", *arguments)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr

    def has(self, *names: str) -> list[str]:
        """Those of these files that are there, links that lead nowhere included."""
        return [name for name in names if os.path.lexists(self.root / name.lstrip("/"))]

    def owner(self, name: str) -> str:
        return self.run("stat", "--format=%U:%G %a", name).stdout.strip()


@contextmanager
def _copied(original: Path, name: str) -> Iterator[System]:
    """A system of its own, beside the original."""
    root = original.with_name(name)
    for _, mount in MOUNTS:
        subprocess.run(["umount", "--quiet", root / mount], check=False)  # of a run that was cut short
    shutil.rmtree(root, ignore_errors=True)
    system = System(root, original)
    system.enter()
    try:
        yield system
    finally:
        system.leave()
        shutil.rmtree(root)


@pytest.fixture(params=RELEASES)
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """A new machine."""
    with _copied(_pristine(request.param), f"{request.param}-copy") as system:
        yield system


@pytest.fixture(scope="session", params=RELEASES)
def freshly_installed(request: pytest.FixtureRequest) -> Iterator[System]:
    """A machine that the box has just been installed on; not to be changed."""
    with _copied(_pristine(request.param), f"{request.param}-installed") as system:
        system.said = system.box("install")
        system.leave()
        yield system


@pytest.fixture
def installed(freshly_installed: System) -> Iterator[System]:
    """Such a machine, for one test; `said` is what the installation said."""
    root = freshly_installed.root
    with _copied(root, root.name.replace("installed", "copy")) as system:
        system.said = freshly_installed.said
        yield system
