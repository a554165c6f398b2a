"""The Debian package: made, installed from Debian's own packages, used, removed, purged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.install.conftest import System

PROGRAM = ("/usr/bin/ivrbox", "/usr/lib/ivrbox", "/usr/lib/systemd/system/ivrbox.service", "/usr/share/ivrbox")
DATA = ("/etc/ivrbox/ivrbox.toml", "/var/lib/ivrbox")


def test_package_is_made_installed_used_and_removed(system: System) -> None:
    system.box("deb")
    (package,) = (system.root / "src/dist").glob("ivrbox_*.deb")
    system.run("mv", f"/src/dist/{package.name}", "/tmp")  # noqa: S108 - of the system's own
    fields = system.run("dpkg-deb", "--field", f"/tmp/{package.name}").stdout  # noqa: S108
    assert "python3-click" in fields
    assert "python3-pyaudio" in fields
    assert "libsodium23" in fields

    installed = system.run(
        "apt-get",
        "install",
        "--yes",
        "--no-install-recommends",
        f"/tmp/{package.name}",  # noqa: S108
    )
    assert installed.returncode == 0, installed.stdout[-3000:] + installed.stderr[-3000:]
    assert system.has(*PROGRAM, *DATA) == [*PROGRAM, *DATA]
    assert system.has("/etc/systemd/system/multi-user.target.wants/ivrbox.service")
    assert system.owner("/var/lib/ivrbox") == "ivrbox:ivrbox 700"
    assert system.owner("/etc/ivrbox/ivrbox.toml") == "root:ivrbox 640"
    for command in (("--version",), ("check",), ("demo", "--data", "/tmp/demo")):  # noqa: S108
        done = system.run("ivrbox", *command)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in system.run("ivrbox", "doctor").stderr

    (system.root / "var/lib/ivrbox/calls.db").write_text("kept")
    assert system.run("apt-get", "remove", "--yes", "ivrbox").returncode == 0
    assert system.has(*PROGRAM) == []
    assert system.has(*DATA) == [*DATA]
    assert (system.root / "var/lib/ivrbox/calls.db").read_text() == "kept"

    assert system.run("apt-get", "purge", "--yes", "ivrbox").returncode == 0
    assert system.has(*DATA, "/etc/ivrbox") == []
