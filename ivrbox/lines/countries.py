"""The countries' signals, from `countries.toml` beside this file."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import tomli

from ivrbox.dsp.progress import ProgressTone
from ivrbox.errors import LineError


@dataclass(frozen=True)
class Country:
    """One country: its ringing (ms on, off, ...), and the tones that say that the far end is gone."""

    code: str
    name: str
    ring_ms: tuple[int, ...]
    tones: tuple[ProgressTone, ...]


@cache
def countries() -> dict[str, Country]:
    """All countries by their code."""
    rows = tomli.loads((files(__package__) / "countries.toml").read_text(encoding="utf-8"))
    return {code: _country(code, row) for code, row in rows.items()}


def country(code: str, named_by: str = "line.options.country") -> Country:
    """The country of this code; `named_by` is the setting that has it, for the message.

    Raises:
        LineError: there is none; the message lists those there are.
    """
    known = countries()
    if code not in known:
        near = difflib.get_close_matches(str(code).lower(), known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise LineError(f"{named_by}: must be one of {', '.join(known)}, not {code!r}{hint}")
    return known[code]


def _country(code: str, row: dict[str, object]) -> Country:
    match row:
        case {"name": str(name), "ring_ms": list(ring), "tones": list(tones)}:
            return Country(code, name, tuple(ring), tuple(_tone(tone) for tone in tones))
    raise LineError(f"countries.toml: {code}: needs name, ring_ms and tones")


def _tone(row: dict[str, object]) -> ProgressTone:
    match row:
        case {"sign": str(sign), "hertz": list(hertz)}:
            cadence = row.get("cadence_ms", [])
            return ProgressTone(sign, tuple(hertz), tuple(cadence) if isinstance(cadence, list) else ())
    raise LineError(f"countries.toml: {row}: needs sign and hertz")
