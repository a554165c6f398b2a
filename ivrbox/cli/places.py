"""Where the box keeps what it reads and what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

INSTALLED_CONFIG = Path("/etc/ivrbox")
INSTALLED_DATA = Path("/var/lib/ivrbox")


@dataclass(frozen=True)
class Places:
    """`config` is only read; `data` is the only folder that anything persistent is written to."""

    config: Path
    data: Path


def find_places(config: Path | None, data: Path | None) -> Places:
    """Settle both folders: what was named wins, then a checkout's `./config` and `./data`, then the installed ones."""
    here = Path("config")
    in_checkout = (here / "ivrbox.toml").is_file()
    return Places(
        config or (here if in_checkout else INSTALLED_CONFIG),
        data or (Path("data") if in_checkout else INSTALLED_DATA),
    )
