"""What the ear reports: a key went down, a key came up, and why a candidate was taken or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROWS_HZ: Final = (697, 770, 852, 941)
"""Low-group frequencies, top row first (ITU-T Q.23 clause 5)."""

COLUMNS_HZ: Final = (1209, 1336, 1477, 1633)
"""High-group frequencies, left column first (ITU-T Q.23 clause 5)."""

DIGITS: Final = "123A456B789C*0#D"
"""The sixteen keys, row by row: key (r, c) is `DIGITS[4 * r + c]`."""


@dataclass(frozen=True, slots=True)
class KeyDown:
    """A key is being pressed for sure; `onset_s` is when its tones reached half of their amplitude."""

    digit: str
    onset_s: float


@dataclass(frozen=True, slots=True)
class KeyUp:
    """A key was released. Levels are dBm0 per tone; twist is column over row, positive is forward, in dB.

    `snr_db` is the power of both tones over all else within 620-1750 Hz, measured when the key was taken.
    """

    digit: str
    onset_s: float
    length_s: float
    row_dbm0: float
    col_dbm0: float
    twist_db: float
    snr_db: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two tones that looked like a key, taken or not; `reason` says why not (`too short 19 ms`, `twist 9.1 dB`).

    The deviations are the measured frequencies against the nominal ones, as fractions (0.015 is 1.5 %).
    """

    digit: str
    onset_s: float
    length_s: float
    row_dbm0: float
    col_dbm0: float
    twist_db: float
    snr_db: float
    row_deviation: float
    col_deviation: float
    accepted: bool
    reason: str


def digit_tones(digit: str) -> tuple[int, int]:
    """Row and column frequency in Hz of a key; ValueError for what is no key."""
    index = DIGITS.find(digit) if len(digit) == 1 else -1
    if index < 0:
        raise ValueError(f"key: must be one of {DIGITS}, not {digit!r}")
    return ROWS_HZ[index // 4], COLUMNS_HZ[index % 4]
