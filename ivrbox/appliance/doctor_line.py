"""What the doctor looks at on the way to the telephone line: groups, sound cards, serial ports, pins."""

from __future__ import annotations

import grp
import importlib.util
import os
import pwd
import re
import stat
from typing import TYPE_CHECKING, Final

from ivrbox.appliance.doctor import fault, good, note, warning
from ivrbox.errors import ConfigError, IvrboxError
from ivrbox.lines.catalog import ADAPTERS, maker, open_line
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivrbox.appliance.doctor import Finding, Patient

USER: Final = "ivrbox"
"""Who answers the telephone on an installed box."""

SOUND, MODEM = "usb_audio", "modem"
NO_WIRE: Final = ("loopback",)

_MEMORY_DEVICES: Final = 1
"""The kernel's number of /dev/null and its like."""

_FACTORIES: Final = {"lgpio": "lgpio", "RPi": "rpigpio", "pigpio": "pigpio"}
"""Modules that let gpiozero at the pins, in its own order, and its names for them."""


def adapter(patient: Patient) -> Iterator[Finding]:
    """The kind of line, and whether its libraries are here."""
    if patient.settings is None:
        return
    kind = patient.line
    if kind in NO_WIRE:
        yield note("line", f"{kind}: no wire; nobody can call", "set [line] kind in ivrbox.toml: see docs/lines.md")
        return
    try:
        maker(kind)
    except IvrboxError as error:
        yield fault("line", str(error), f"set [line] kind to one of {', '.join(ADAPTERS)}, or install what is missing")
    else:
        yield good("line", f"{kind}, answered after {patient.settings.line.rings} rings")


def groups(patient: Patient) -> Iterator[Finding]:
    """Devices belong to groups; who answers the telephone must be in those."""
    wanted = {SOUND: ["audio"], MODEM: ["dialout"]}.get(patient.line, [])
    wanted += ["gpio"] if patient.pins else []
    wanted += ["input"] if "keypad" in patient.line else []
    user = _who(patient)
    if not wanted or user == "root":
        return
    listed = [line.split(":") for line in patient.read("/etc/group").splitlines()]
    member_of = {name for name, _, _, members in listed if user in members.split(",")}
    if missing := [group for group in wanted if group not in member_of]:
        names = ",".join(missing)
        yield fault(
            "groups", f"{user} is not in {names.replace(',', ', ')}", f"sudo usermod -aG {names} {user}, and restart"
        )
    else:
        yield good("groups", f"{user} is in {', '.join(wanted)}")


def _who(patient: Patient) -> str:
    """The user of the service where there is one, else whoever asks."""
    if f"\n{USER}:" in "\n" + patient.read("/etc/passwd"):
        return USER
    return pwd.getpwuid(os.geteuid()).pw_name


def sound(patient: Patient) -> Iterator[Finding]:
    """Sound cards as the kernel knows them, and the rates that USB ones say they take."""
    cards = re.findall(r"^ *(\d+) \[(\S+) *\]: (.*)$", patient.read("/proc/asound/cards"), re.MULTILINE)
    for index, short, words in cards:
        rates = _rates(patient.read(f"/proc/asound/card{index}/stream0"))
        yield good("sound card", f"{index} {short}: {words}" + (f"; {rates}" if rates else ""))
    if patient.line != SOUND:
        return
    if not cards:
        yield fault("sound card", "there is none", "plug it in, and look at dmesg; a Pi's own outputs cannot listen")
        return
    for direction in ("input", "output"):
        wanted = patient.option(direction, patient.option("device", "default"))
        if wanted != "default" and not _is_named(wanted, cards):
            names = ", ".join(short for _, short, _ in cards)
            yield fault(
                f"sound {direction}", f"no card is named {wanted!r}", f"there are {names}: set line.options.{direction}"
            )


def _rates(stream: str) -> str:
    """Out of what a USB card's descriptor says: `Rates: 44100, 48000` or `Rates: 8000 - 48000 (continuous)`."""
    found = re.findall(r"^ *Rates: (.+)$", stream, re.MULTILINE)
    return f"takes {' and '.join(dict.fromkeys(found))} Hz" if found else ""


def _is_named(wanted: str, cards: list[tuple[str, str, str]]) -> bool:
    """Whether a name may mean one of the cards: PortAudio joins a card's names with its number, `(hw:1,0)`."""
    names = [name.casefold() for index, short, words in cards for name in (short, words, f"hw:{index},")]
    wish = wanted.casefold()
    return wish in {"pulse", "pipewire"} or any(wish in name or name in wish for name in names)


def serial_port(patient: Patient) -> Iterator[Finding]:
    """The modem's port: there, ours, and nobody else's."""
    if patient.line != MODEM:
        return
    port = patient.option("port")
    path = patient.path(port)
    if not port or not path.exists():
        known = [
            str(found).removeprefix(str(patient.root).rstrip("/")) for found in patient.glob("/dev/serial/by-id/*")
        ]
        yield fault(
            "serial port",
            f"there is no {port or 'port set'}",
            f"set line.options.port to {' or '.join(known) or 'the modem, once it is plugged in'}",
        )
        return
    if stat.S_ISCHR(path.stat().st_mode) and os.major(path.stat().st_rdev) == _MEMORY_DEVICES:
        yield fault("serial port", f"{port} is no serial port", "set line.options.port to the modem")
        return
    yield _reachable("serial port", path, port, "dialout")
    yield from _lock(patient, path)
    yield from _modem_manager(patient)


def _reachable(check: str, path: Path, name: str, group: str) -> Finding:
    status = path.stat()
    try:
        owner = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        owner = str(status.st_gid)
    if stat.S_IMODE(status.st_mode) & stat.S_IWGRP:
        return good(check, f"{name}, for the group {owner}")
    return warning(
        check,
        f"{name} is closed to its group {owner}",
        f"install the udev rules, which give it to {group}: sudo ./box upgrade",
    )


def _lock(patient: Patient, path: Path) -> Iterator[Finding]:
    for folder in ("/run/lock", "/var/lock"):
        text = patient.read(f"{folder}/LCK..{path.resolve().name}")
        if not text:
            continue
        process = text.split()[0]
        name = patient.read(f"/proc/{process}/comm")
        if not name:
            yield note("serial lock", f"{folder} has the lock of process {process}, which is gone", "it does no harm")
        elif name != "ivrbox":
            yield fault("serial lock", f"{name} (process {process}) holds the port", f"stop {name}")
        return
    yield good("serial lock", "nobody else holds the port")


def _modem_manager(patient: Patient) -> Iterator[Finding]:
    """It sends AT commands to every new modem, in mid-call too."""
    is_running = any(
        patient.read(f"/proc/{path.parent.name}/comm") == "ModemManager" for path in patient.glob("/proc/[0-9]*/comm")
    )
    kept_off = any("ID_MM_DEVICE_IGNORE" in path.read_text("utf-8", "replace") for path in _rules(patient))
    if is_running and not kept_off:
        yield fault(
            "ModemManager",
            "runs, and will talk to the modem",
            "sudo ./box upgrade installs the udev rule that keeps it off",
        )
    else:
        yield good("ModemManager", "keeps off" if is_running else "does not run")


def _rules(patient: Patient) -> list[Path]:
    return patient.glob("/etc/udev/rules.d/*ivrbox*.rules") + patient.glob("/usr/lib/udev/rules.d/*ivrbox*.rules")


def pins(patient: Patient) -> Iterator[Finding]:
    """GPIO pins: a chip, its group, and a library of which gpiozero makes its pin factory."""
    if not patient.pins:
        return
    used = ", ".join(f"{key} {pin}" for key, pin in patient.pins.items())
    chips = patient.glob("/dev/gpiochip*")
    if not chips:
        yield fault(
            "pins",
            f"{used}: this machine has no GPIO",
            "take the pins out of line.options, or use a machine that has them",
        )
        return
    yield _reachable("pins", chips[0], f"{used} on {len(chips)} chips", "gpio")
    factory = next((name for module, name in _FACTORIES.items() if importlib.util.find_spec(module)), None)
    if not importlib.util.find_spec("gpiozero"):
        yield fault("GPIO factory", "gpiozero is not installed", "pip install 'ivrbox[gpio]'")
    elif factory is None:
        yield fault(
            "GPIO factory", "gpiozero has no library that reaches the pins", "install lgpio: sudo ./box upgrade"
        )
    else:
        yield good("GPIO factory", factory)


def options(patient: Patient) -> Iterator[Finding]:
    """What is set for the line, as its adapter sees it."""
    if patient.line not in ADAPTERS or patient.settings is None:
        return
    try:
        open_line(patient.line, {"name": patient.settings.line.name, **patient.settings.line.options})
    except ConfigError as error:
        yield fault(
            "line options", "; ".join(f"{found.key} {found.message}" for found in error.faults), "correct ivrbox.toml"
        )
    except IvrboxError as error:
        yield fault("line options", str(error), "correct [line.options] in ivrbox.toml")


def sample_rate(patient: Patient) -> Iterator[Finding]:
    """Cards that do not do 8 kHz, as most do not, are resampled; one that is told a rate should know it."""
    rate = patient.option("rate")
    if patient.line == SOUND and rate.isdecimal() and int(rate) % SAMPLE_RATE:
        yield note(
            "sample rate", f"{rate} Hz is no multiple of {SAMPLE_RATE}: resampling costs a little more than at 48000"
        )


LINE: Final = (adapter, options, groups, sound, sample_rate, serial_port, pins)
