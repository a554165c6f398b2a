"""`./box install` on a new machine, again, upgraded, and taken away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.install.conftest import System

PROGRAM = (
    "/opt/ivrbox",
    "/usr/local/bin/ivrbox",
    "/usr/local/share/man/man1/ivrbox.1",
    "/etc/sysusers.d/ivrbox.conf",
    "/etc/systemd/system/ivrbox.service",
    "/etc/systemd/system/ivrbox-tidy.timer",
    "/etc/systemd/system/multi-user.target.wants/ivrbox.service",
    "/etc/systemd/system/timers.target.wants/ivrbox-tidy.timer",
    "/etc/udev/rules.d/60-ivrbox-modem.rules",
)
RULES = ("60-ivrbox-modem.rules", "60-ivrbox-pins.rules", "85-ivrbox-sound.rules")
DATA = ("/etc/ivrbox/ivrbox.toml", "/etc/ivrbox/flows/front-desk.toml", "/var/lib/ivrbox")


def test_box_is_installed_kept_up_and_taken_away(installed: System) -> None:
    system, said = installed, installed.said
    assert "systemd does not run this machine now; the box will start when it does" in said
    assert "The machine" in said
    assert "things looked at" in said
    assert system.has(*PROGRAM) == [*PROGRAM]
    assert system.has(*DATA) == [*DATA]
    assert set(system.run("id", "-nG", "ivrbox").stdout.split()) == {"ivrbox", "audio", "dialout", "gpio", "input"}
    assert system.owner("/var/lib/ivrbox") == "ivrbox:ivrbox 700"
    assert system.owner("/etc/ivrbox/ivrbox.toml") == "root:ivrbox 640"
    assert system.run("ivrbox", "--version").stdout.startswith("ivrbox, version ")

    if "verify" in system.run("udevadm", "--help").stdout:  # it came with systemd 254
        verified = system.run("udevadm", "verify", *(f"/etc/udev/rules.d/{name}" for name in RULES))
        assert verified.returncode == 0, verified.stdout + verified.stderr

    again = system.box("install")
    assert "setting up the program" not in again
    assert "installing Debian packages" not in again

    settings = system.root / "etc/ivrbox/ivrbox.toml"
    settings.write_text(settings.read_text() + "# mine\n")
    (system.root / "etc/ivrbox/flows/front-desk.toml").unlink()
    (system.root / "var/lib/ivrbox/calls.db").write_text("kept")
    with (system.root / "src/ivrbox/units.py").open("a") as source:
        source.write("# newer\n")
    before = (system.root / "opt/ivrbox/current").readlink()
    assert "setting up the program" in system.box("upgrade")
    assert (system.root / "opt/ivrbox/current").readlink() != before
    assert sorted(path.name for path in (system.root / "opt/ivrbox").iterdir()) == sorted(
        ["current", (system.root / "opt/ivrbox/current").readlink().name]
    )
    assert settings.read_text().endswith("# mine\n")
    assert not system.has("/etc/ivrbox/flows/front-desk.toml")

    assert "Still there: /etc/ivrbox, /var/lib/ivrbox" in system.box("uninstall")
    assert system.has(*PROGRAM) == []
    assert (system.root / "var/lib/ivrbox/calls.db").read_text() == "kept"
    assert re.search("^ivrbox:", (system.root / "etc/passwd").read_text(), re.MULTILINE)

    system.box("uninstall", "--with-data")
    assert system.has(*DATA) == []
    assert not re.search("^ivrbox:", (system.root / "etc/passwd").read_text(), re.MULTILINE)
