#!/usr/bin/python3
"""Tell which libraries of a package come from Debian and which go into it: `dependencies.py [extras] FOLDER`.

Run by the Python of an environment that sees Debian's packages and has ivrbox installed. Writes `depends.txt`, the
Depends field, and `vendored.txt`.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

# What the house needs besides Python, and what vendored libraries are linked to.
ALWAYS = ("festival", "festvox-us-slt-hts", "libsodium23", "systemd | systemd-standalone-sysusers", "udev")
LINKED_TO = {"pyaudio": "libportaudio2"}
NOT_VENDORED = {"ivrbox", "pip", "setuptools", "wheel"}
DEBIANS_NAME = {"pyserial": "python3-serial"}


def required(extras: set[str]) -> list[str]:
    """The names of what pyproject.toml asks for, with these extras."""
    lines = metadata.requires("ivrbox") or []
    wanted = [line for line in lines if set(re.findall(r"extra == ['\"](\w+)['\"]", line)) <= extras]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in wanted]


def vendored() -> dict[str, str]:
    """Name and version of each library that pip has put into this environment."""
    own = [found for found in metadata.distributions() if str(found.locate_file("")).startswith(sys.prefix)]
    libraries = {found.metadata["Name"].lower(): found.version for found in own}
    return {name: version for name, version in sorted(libraries.items()) if name not in NOT_VENDORED}


def depends(wanted: list[str], inside: dict[str, str]) -> list[str]:
    """The Depends field: this Python, since compiled libraries fit no other, and Debian's libraries."""
    major, minor = sys.version_info[:2]
    python = [f"python3 (>= {major}.{minor}~)", f"python3 (<< {major}.{minor + 1}~)"]
    debians = [DEBIANS_NAME.get(name, f"python3-{name}") for name in wanted if name not in inside]
    linked = [package for name, package in LINKED_TO.items() if name in inside]
    return [*python, *debians, *linked, *ALWAYS]


def main(extras: str, folder: Path) -> None:
    """Write both files."""
    inside = vendored()
    field = depends(required(set(re.findall(r"\w+", extras))), inside)
    (folder / "depends.txt").write_text(", ".join(field) + "\n")
    listed = "".join(f"{name} {version}\n" for name, version in inside.items())
    (folder / "vendored.txt").write_text(f"Libraries that are in this package, and not Debian's:\n\n{listed}")


main(sys.argv[1], Path(sys.argv[2]))
