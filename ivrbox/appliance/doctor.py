"""The doctor: looks at the machine, its line and its house, and says of each thing how it is and what to do about it.

A check is a function from a `Patient` to findings. It reads and never changes anything, and needs no box at rest: it
may run while calls are answered.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ivrbox.appliance.clock import wall_clock
from ivrbox.appliance.settings import Settings, read_settings
from ivrbox.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ivrbox.appliance.clock import Clock

ASK_LIMIT_S = 10.0
"""A program that has not answered by then has hung."""

ORDINARY_FILE_BYTES = 65_536
"""What is read of a file: those of /proc and /sys are small."""


class Verdict(StrEnum):
    """How a thing is: a fault keeps calls from being answered or kept as they should, a warning may come to that."""

    GOOD = "good"
    NOTE = "note"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is, in words, and what to do if it should be otherwise.

    The words hold no keys and nothing of any call: a support bundle takes them as they are.
    """

    check: str
    verdict: Verdict
    words: str
    remedy: str = ""
    area: str = field(default="", compare=False)


def good(check: str, words: str) -> Finding:
    """Nothing to do."""
    return Finding(check, Verdict.GOOD, words)


def note(check: str, words: str, remedy: str = "") -> Finding:
    """Worth knowing."""
    return Finding(check, Verdict.NOTE, words, remedy)


def warning(check: str, words: str, remedy: str) -> Finding:
    """May become a fault."""
    return Finding(check, Verdict.WARNING, words, remedy)


def fault(check: str, words: str, remedy: str) -> Finding:
    """Is one."""
    return Finding(check, Verdict.FAULT, words, remedy)


def ask(*command: str) -> str:
    """What a program answers on standard output; empty if it is not there, fails or hangs."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed programs of the system, and no shell
            command, capture_output=True, text=True, errors="replace", timeout=ASK_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


@dataclass(frozen=True)
class Patient:
    """What is examined. `root` is where the machine's own files are found, `ask` how its programs are asked."""

    config: Path
    data: Path
    root: Path = Path("/")
    ask: Callable[..., str] = ask
    clock: Clock = wall_clock

    @cached_property
    def settings(self) -> Settings | None:
        """The settings, if they can be read."""
        try:
            return read_settings(self.config)
        except ConfigError:
            return None

    @property
    def line(self) -> str:
        """The kind of the line, as far as it is known."""
        return self.settings.line.kind if self.settings else ""

    def option(self, name: str, default: str = "") -> str:
        """An option of the line, as text."""
        options = self.settings.line.options if self.settings else {}
        return str(options.get(name, default))

    @property
    def pins(self) -> dict[str, str]:
        """The pins that the line uses, by their key."""
        if self.settings is None:
            return {}
        wired = {key: pin for key, pin in self.settings.line.options.items() if key.endswith("_pin")}
        lamp = self.settings.status.lamp_pin
        return {key: str(pin) for key, pin in {**wired, "status.lamp_pin": lamp}.items() if pin is not None}

    def path(self, name: str) -> Path:
        """A file of the machine."""
        return self.root / name.lstrip("/")

    def read(self, name: str) -> str:
        """The text of a file of the machine; empty if it cannot be read."""
        try:
            with self.path(name).open("rb") as file:
                return file.read(ORDINARY_FILE_BYTES).decode("utf-8", "replace").strip("\0\n ")
        except OSError:
            return ""

    def glob(self, pattern: str) -> list[Path]:
        """Files of the machine."""
        return sorted(self.root.glob(pattern.lstrip("/")))

    @property
    def has_systemd(self) -> bool:
        """Whether systemd runs this machine."""
        return self.path("/run/systemd/system").is_dir()

    def unit(self, *properties: str) -> dict[str, str]:
        """What systemd says of the service."""
        if not self.has_systemd:
            return {}
        answer = self.ask("systemctl", "show", "ivrbox.service", "--property", ",".join(properties))
        return dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)


Check = Callable[[Patient], Iterable[Finding]]


def examine(patient: Patient, areas: Mapping[str, Sequence[Check]]) -> list[Finding]:
    """Make every check of every area; one that fails itself is a finding too."""
    return [
        Finding(found.check, found.verdict, found.words, found.remedy, area)
        for area, checks in areas.items()
        for check in checks
        for found in _findings(check, patient)
    ]


def _findings(check: Check, patient: Patient) -> list[Finding]:
    try:
        return list(check(patient))
    except Exception as error:  # noqa: BLE001 - the doctor is asked when things are odd, and must get to the end
        name = getattr(check, "__name__", "check").replace("_", " ")
        return [warning(name, f"could not be checked: {type(error).__name__}: {error}", "please report this")]
