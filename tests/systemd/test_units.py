"""The units as systemd reads them, and the promises that stand in them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ivrbox.lines.modem_profile import profile_names, read_profile

FOLDER = Path(__file__).parents[2] / "systemd"
SERVICES = ("ivrbox.service", "ivrbox-tidy.service")
UNITS = (*SERVICES, "ivrbox-tidy.timer")
WORST_EXPOSURE = 2.0


def analyze(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Ask systemd-analyze; systemd need not run here."""
    if shutil.which("systemd-analyze") is None:
        message = "systemd-analyze is not installed (apt install systemd)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return subprocess.run(
        ["systemd-analyze", *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def settings_of(unit: str) -> dict[str, list[str]]:
    """The settings of a unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (FOLDER / unit).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_verify_has_nothing_to_say(tmp_path: Path) -> None:
    for unit in UNITS:  # the program need not be installed: one that is there stands in for it
        text = (FOLDER / unit).read_text()
        (tmp_path / unit).write_text(re.sub(r"/usr/local/bin/ivrbox\b", "/bin/true", text))
    done = analyze("verify", "--man=no", *UNITS, SYSTEMD_UNIT_PATH=f"{tmp_path}:/usr/lib/systemd/system")
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("unit", SERVICES)
def test_exposure_is_two_or_better(unit: str) -> None:
    done = analyze("security", "--offline=true", "--no-pager", str(FOLDER / unit))
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert exposure is not None, done.stderr
    assert float(exposure[1]) <= WORST_EXPOSURE


def test_timer_would_run_every_hour() -> None:
    done = analyze("calendar", "--iterations=2", settings_of("ivrbox-tidy.timer")["OnCalendar"][0])
    assert "*-*-* *:00:00" in done.stdout


def test_service_is_watched_restarted_and_put_on_hook() -> None:
    settings = settings_of("ivrbox.service")
    assert settings["Type"] == ["notify"]
    assert settings["Restart"] == ["always"]
    assert settings["WatchdogSec"] == ["30s"]
    assert {"StartLimitIntervalSec", "StartLimitBurst"} <= set(settings)
    assert settings["ExecStopPost"] == ["-/usr/local/bin/ivrbox on-hook"]


def test_nothing_of_a_call_gets_out_of_memory() -> None:
    settings = settings_of("ivrbox.service")
    assert settings["LimitMEMLOCK"] == ["infinity"]
    assert settings["LimitCORE"] == ["0"]
    assert settings["MemorySwapMax"] == ["0"]


def test_sound_serial_ports_pins_and_keypads_can_be_reached_and_no_other_device() -> None:
    settings = settings_of("ivrbox.service")
    assert settings["DevicePolicy"] == ["closed"]
    allowed = {value.split()[0] for value in settings["DeviceAllow"]}
    assert {"char-alsa", "char-ttyACM", "char-ttyUSB", "char-gpiochip", "char-input"} <= allowed
    assert not any("block" in value or "*" in value for value in allowed)
    assert settings["SupplementaryGroups"] == ["audio dialout gpio input"]


def test_users_of_the_units_are_made_with_their_groups() -> None:
    made = (FOLDER / "ivrbox.sysusers").read_text()
    for unit in SERVICES:
        assert settings_of(unit)["User"] == ["ivrbox"]
    assert re.search(r"^u ivrbox ", made, re.MULTILINE)
    for group in settings_of("ivrbox.service")["SupplementaryGroups"][0].split():
        assert re.search(rf"^g {group}\s", made, re.MULTILINE)
        assert re.search(rf"^m ivrbox\s+{group}$", made, re.MULTILINE)


def test_every_modem_that_has_a_profile_has_a_udev_rule() -> None:
    rules = (FOLDER.parent / "hw/udev/60-ivrbox-modem.rules").read_text()
    ruled = {
        f"{vendor}:{product}"
        for vendor, products in re.findall(r'idVendor\}=="(\w+)", ATTRS\{idProduct\}=="([\w|]+)"', rules)
        for product in products.split("|")
    }
    assert {usb for name in profile_names() for usb in read_profile(name).usb} == ruled


def test_udev_understands_the_rules() -> None:
    if shutil.which("udevadm") is None:
        pytest.skip("udevadm is not installed (apt install udev)")
    known = subprocess.run(["udevadm", "--help"], capture_output=True, text=True, check=False).stdout
    if "verify" not in known:
        pytest.skip("udevadm verify came with systemd 254")
    for rules in sorted((FOLDER.parent / "hw/udev").glob("*.rules")):
        done = subprocess.run(
            ["udevadm", "verify", "--resolve-names=never", str(rules)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
