"""What the doctor looks at in the machine: versions, power, clock, memory, and what it stores on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
from typing import TYPE_CHECKING, Final

import ivrbox
from ivrbox.appliance.doctor import fault, good, note, warning
from ivrbox.appliance.shelving import reserve_of, spool_seconds
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivrbox.appliance.doctor import Finding, Patient

LIBRARIES: Final = ("click", "numpy", "pydantic", "pyrage", "rich", "soxr", "tomli")
EXTRAS: Final = ("pyaudio", "pyserial", "gpiozero", "lgpio", "evdev", "matplotlib")

EARLIEST_YEAR: Final = 2026
"""This program is not older than that, so no clock that is right shows an earlier year."""

HOT_C: Final = 80
"""From here on a Raspberry Pi slows itself down."""

BYTES_A_SAMPLE: Final = 4
"""Two channels of 16 bits."""

LITTLE_BYTES: Final = 500_000_000

_CAP_IPC_LOCK = 14  # capabilities(7)

# Bits of get_throttled: what is so now, and what has been so since the start.
_UNDER_VOLTAGE, _HAS_BEEN_UNDER_VOLTAGE = 1 << 0, 1 << 16
_WORN_OUT, _WORN = 0x0B, 0x09  # tenths of the life of an eMMC that are used, plus one


def versions(patient: Patient) -> Iterator[Finding]:
    """What runs here, to be told when help is asked for."""
    release = dict(line.split("=", 1) for line in patient.read("/etc/os-release").splitlines() if "=" in line)
    system = release.get("PRETTY_NAME", platform.system()).strip('"')
    model = patient.read("/proc/device-tree/model") or patient.read("/sys/class/dmi/id/product_name") or "unknown model"
    yield good("machine", f"{model}, {platform.machine()}, {os.cpu_count()} cores")
    yield good("system", f"{system}, Linux {platform.release()}")
    yield good("ivrbox", f"{ivrbox.__version__} on Python {platform.python_version()}")
    found = {name: version for name in (*LIBRARIES, *EXTRAS) if (version := _version(name))}
    yield good("libraries", ", ".join(f"{name} {version}" for name, version in found.items()))
    if missing := [name for name in LIBRARIES if name not in found]:
        yield fault("libraries", f"missing: {', '.join(missing)}", "install again: sudo ./box upgrade")


def power(patient: Patient) -> Iterator[Finding]:
    """Weak supplies are the commonest ailment of a Raspberry Pi, and look like anything but what they are."""
    throttled = patient.read("/sys/devices/platform/soc/soc:firmware/get_throttled")
    if throttled:
        flags = int(throttled, 16)
        remedy = "use the supply that is made for this Pi, and a short, thick cable"
        if flags & _UNDER_VOLTAGE:
            yield fault("supply", "the voltage is too low at this moment", remedy)
        elif flags & _HAS_BEEN_UNDER_VOLTAGE:
            yield warning("supply", "the voltage has been too low since the start", remedy)
        else:
            yield good("supply", "the voltage has been right since the start")
    temperature = patient.read("/sys/class/thermal/thermal_zone0/temp")
    if temperature.lstrip("-").isdecimal():
        degrees = int(temperature) / 1000
        if degrees >= HOT_C:
            yield warning("temperature", f"{degrees:.0f} °C: the processor slows itself down", "give the box more air")
        else:
            yield good("temperature", f"{degrees:.0f} °C")


def clock(patient: Patient) -> Iterator[Finding]:
    """A record is stamped by the clock of the wall; calls themselves are timed without it."""
    now = patient.clock()
    if now.year < EARLIEST_YEAR:
        yield fault(
            "clock",
            f"is not set: it shows {now:%Y-%m-%d}",
            "connect the box to a network, or give it a clock with a battery",
        )
        return
    synchronized = (
        patient.ask("timedatectl", "show", "--property", "NTPSynchronized", "--value") if patient.has_systemd else ""
    )
    shown = f"{now:%Y-%m-%d %H:%M %Z}"
    if synchronized == "no":
        yield warning(
            "clock", f"{shown}, but no time server confirms it", "check the network: timedatectl timesync-status"
        )
    else:
        yield good("clock", shown + (", confirmed by a time server" if synchronized == "yes" else ""))
    if not patient.glob("/dev/rtc*"):
        yield note(
            "clock", "there is no clock with a battery: after a power cut the date is wrong until a network is there"
        )


def memory(patient: Patient) -> Iterator[Finding]:
    """Recordings live in memory that must not be swapped out."""
    facts = dict(line.split(":", 1) for line in patient.read("/proc/meminfo").splitlines() if ":" in line)
    total, free = (int(facts.get(key, "0").split()[0]) / 1024 for key in ("MemTotal", "MemAvailable"))
    yield good("memory", f"{free:.0f} of {total:.0f} MB are free")
    disks = [line.split()[0] for line in patient.read("/proc/swaps").splitlines()[1:]]
    if on_disk := [name for name in disks if not name.startswith("/dev/zram")]:
        yield note("swap", f"on {', '.join(on_disk)}: the service itself is never swapped out, other programs may be")
    else:
        yield good("swap", "none on any disk")
    yield from _lockable(patient)


def _lockable(patient: Patient) -> Iterator[Finding]:
    if patient.settings is None or not patient.settings.recording.enabled:
        return
    wanted = spool_seconds(patient.settings) * SAMPLE_RATE * BYTES_A_SAMPLE
    if patient.glob("/etc/systemd/system/ivrbox.service") or patient.glob("/usr/lib/systemd/system/ivrbox.service"):
        yield good("memory lock", "the service may lock all that it needs")
        return
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if limit != resource.RLIM_INFINITY and limit < wanted and not _may_lock_all(patient):
        yield warning(
            "memory lock",
            f"{limit / 1e6:.0f} MB may be locked here, a recording may need {wanted / 1e6:.0f} MB",
            "run ivrbox as the service, or raise the limit: ulimit -l",
        )
    else:
        yield good("memory lock", f"{wanted / 1e6:.0f} MB of recording can be locked")


def _may_lock_all(patient: Patient) -> bool:
    """Whether this process has CAP_IPC_LOCK, for which there is no limit; root in a container often lacks it."""
    facts = dict(line.split(":", 1) for line in patient.read("/proc/self/status").splitlines() if ":" in line)
    return bool(int(facts.get("CapEff", "0"), 16) >> _CAP_IPC_LOCK & 1)


def storage(patient: Patient) -> Iterator[Finding]:
    """Room for recordings and records, and whether anything can be written at all."""
    folder = patient.data if patient.data.exists() else patient.data.parent
    medium = os.statvfs(folder)
    if medium.f_flag & os.ST_RDONLY:
        yield fault(
            "disk",
            f"{folder} is mounted read-only",
            "the medium may be failing: look at dmesg, have a spare card ready",
        )
        return
    free, total = medium.f_bavail * medium.f_frsize, medium.f_blocks * medium.f_frsize
    words = f"{free / 1e9:.1f} of {total / 1e9:.1f} GB are free under {folder}"
    settings = patient.settings
    reserve = reserve_of(settings) if settings and settings.recording.enabled else 0
    remedy = "let less stay: [retention] days in ivrbox.toml; then ivrbox tidy"
    if free < reserve:
        yield fault("disk", f"{words}: less than is kept free, so calls are not recorded", remedy)
    elif free < reserve + LITTLE_BYTES:
        yield warning("disk", f"{words}: soon too little for recordings", remedy)
    else:
        yield good("disk", words)


def wear(patient: Patient) -> Iterator[Finding]:
    """How much of its life a medium has behind it, as far as it tells: an SD card never does."""
    for path in patient.glob("/sys/block/mmcblk*/device/life_time"):
        name = path.parent.parent.name
        used = max(int(part, 16) for part in path.read_text("utf-8").split())
        if used >= _WORN_OUT:
            yield fault("wear", f"{name} has outlived what its maker promises", "replace the medium now")
        elif used >= _WORN:
            yield warning(
                "wear", f"{name} has used {used * 10 - 10} to {used * 10} % of its life", "have a spare ready"
            )
        elif used:
            yield good("wear", f"{name} has used {used * 10 - 10} to {used * 10} % of its life")
    for path in patient.glob("/sys/fs/ext4/*/errors_count"):
        device = path.parent.name
        if count := int(path.read_text("utf-8")):
            yield fault(
                "file system",
                f"{count} errors on {device}",
                f"check it from another system: fsck.ext4 -f /dev/{device}",
            )
        elif written := patient.read(f"/sys/fs/ext4/{device}/lifetime_write_kbytes"):
            yield good("file system", f"no errors on {device}; {int(written) / 1e6:.0f} GB were ever written to it")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


MACHINE: Final = (versions, power, clock, memory, storage, wear)
