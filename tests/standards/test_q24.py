"""ITU-T Recommendation Q.24, table A-1: what five administrations ask of a receiver of push-button signals.

Each clause is put to 96 keys, all sixteen six times over, at random phases, and at random levels within the column's
range where the clause does not fix them. Where columns contradict each other or the house, one receiver cannot serve
all, and it is said here:

- *Level at which there must be no response.* NTT (-29 dBm), Denmark (-36) and Australia (-30) ask an exchange to
  refuse keys that a caller far away still sends; the box hears 0 to -40 dBm0, so only AT&T's -55 and Brazil's -50
  are kept.
- *Frequency.* Australia's 1.5 % + 4 Hz is 2.07 % at 697 Hz: the widest. Denmark gives no figure for refusal.
- *Twist.* Australia's 10 dB either way is the widest.
- *Interruption.* Denmark's 20 ms is the longest, twice that of the others.

dBm at the receiver's port is taken as dBm0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ear_score import share_heard, share_right
from ear_signals import ROWS, Rng, Trials, echo, every_key, keys

if TYPE_CHECKING:
    from ear_score import Margin, Receiver

ROUNDS = 6
"""Sixteen keys, six times: 96 a clause."""


@dataclass(frozen=True)
class Column:
    """A column of table A-1/Q.24. Frequencies in per cent plus Hz of the nominal, levels in dBm, times in ms."""

    name: str
    accepted_percent: float
    accepted_hz: float
    refused_percent: float | None
    loudest: float
    faintest: float
    refused_level: float | None
    high_over_low_db: float
    low_over_high_db: float
    refused_ms: float
    pause_ms: float
    interruption_ms: float
    digit_ms: float
    accepted_ms: float = 40.0

    def __str__(self) -> str:
        return self.name


AT_T = Column("AT&T", 1.5, 0, 3.5, 0, -25, -55, 4, 8, 23, 40, 10, 93)
NTT = Column("NTT", 1.8, 0, 3.0, -3, -24, None, 5, 5, 24, 30, 10, 120)
DANISH = Column("Danish", 1.5, 2, None, -2, -27, None, 6, 6, 20, 40, 20, 100)
AUSTRALIAN = Column("Australian", 1.5, 4, 7.0, -5, -27, None, 10, 10, 25, 70, 12, 125)
BRAZILIAN = Column("Brazilian", 1.8, 0, 3.0, -3, -25, -50, 9, 9, 20, 30, 10, 120)
COLUMNS = [AT_T, NTT, DANISH, AUSTRALIAN, BRAZILIAN]

every_column = pytest.mark.parametrize("column", COLUMNS, ids=str)


def _row(rng: Rng, column: Column, **shape: Any) -> Trials:
    """Keys of the column's shortest length at random levels of its range, unless told otherwise."""
    digits = every_key(rng, ROUNDS)
    level = rng.uniform(column.faintest, column.loudest, len(digits))
    return keys(rng, digits, **{"length_ms": 50.0, "row_dbm0": level, "col_dbm0": level, **shape})


def _signs(rng: Rng, count: int) -> np.ndarray:
    return rng.choice([-1.0, 1.0], count)


@every_column
def test_frequencies_within_tolerance_are_accepted(column: Column, rng: Rng, ear: Receiver, margin: Margin) -> None:
    """Both tones off by the whole tolerance, in all four directions."""
    count = 16 * ROUNDS

    def holds(percent: float) -> bool:
        rows, columns = _signs(rng, count), _signs(rng, count)
        trials = _row(
            rng,
            column,
            row_error=rows * percent / 100,
            col_error=columns * percent / 100,
            row_offset_hz=rows * column.accepted_hz,
            col_offset_hz=columns * column.accepted_hz,
        )
        return share_right(ear, trials) == 1.0

    assert holds(column.accepted_percent)
    clause = f"{column} accepts {column.accepted_percent} % + {column.accepted_hz} Hz"
    margin(clause, np.arange(column.accepted_percent, 4, 0.2), f"% + {column.accepted_hz} Hz", holds)


@pytest.mark.parametrize("column", [AT_T, NTT, BRAZILIAN], ids=str)
@pytest.mark.parametrize("group", ["row", "col"])
def test_frequencies_out_of_tolerance_are_refused(
    column: Column, group: str, rng: Rng, ear: Receiver, margin: Margin
) -> None:
    """One tone off by the clause's figure or more, the other true."""

    def holds(percent: float) -> bool:
        off = _signs(rng, 16 * ROUNDS) * percent / 100
        return share_heard(ear, _row(rng, column, length_ms=60.0, **{f"{group}_error": off})) == 0.0

    assert column.refused_percent is not None
    assert holds(column.refused_percent)
    assert holds(column.refused_percent + 0.5)
    clause = f"{column} refuses {column.refused_percent} % in the {group}"
    margin(clause, np.arange(column.refused_percent, 1.5, -0.2), "%", holds)


@pytest.mark.parametrize(
    ("group", "digits", "sign"), [("row", "123A", -1), ("row", "*0#D", 1), ("col", "147*", -1), ("col", "ABCD", 1)]
)
def test_australian_frequencies_out_of_tolerance_are_refused(
    group: str, digits: str, sign: int, rng: Rng, ear: Receiver
) -> None:
    """7 % from every nominal there is: only outside a group, the nominals within one are closer than twice that."""
    assert AUSTRALIAN.refused_percent is not None
    level = rng.uniform(AUSTRALIAN.faintest, AUSTRALIAN.loudest, 4 * 24)
    off = {f"{group}_error": sign * (AUSTRALIAN.refused_percent / 100 + rng.uniform(0, 0.03, 4 * 24))}
    trials = keys(rng, digits * 24, length_ms=60.0, row_dbm0=level, col_dbm0=level, **off)
    assert share_heard(ear, trials) == 0.0


@every_column
@pytest.mark.parametrize("end", ["loudest", "faintest"])
def test_levels_in_range_are_accepted(column: Column, end: str, rng: Rng, ear: Receiver, margin: Margin) -> None:
    clause_level = column.loudest if end == "loudest" else column.faintest
    step = 1 if end == "loudest" else -1

    def holds(level: float) -> bool:
        return share_right(ear, _row(rng, column, row_dbm0=level, col_dbm0=level)) == 1.0

    assert holds(clause_level)
    margin(
        f"{column} accepts {clause_level} dBm", np.arange(clause_level, 4 if step > 0 else -60, 3 * step), "dBm", holds
    )


@pytest.mark.parametrize("column", [each for each in COLUMNS if each.refused_level], ids=str)
def test_levels_below_range_are_refused(column: Column, rng: Rng, ear: Receiver, margin: Margin) -> None:
    assert column.refused_level is not None

    def holds(level: float) -> bool:
        return share_heard(ear, _row(rng, column, length_ms=60.0, row_dbm0=level, col_dbm0=level)) == 0.0

    assert holds(column.refused_level)
    margin(f"{column} refuses {column.refused_level} dBm", np.arange(column.refused_level, -30, 2), "dBm", holds)


@every_column
@pytest.mark.parametrize("stronger", ["row", "col"])
def test_twist_within_limits_is_accepted(
    column: Column, stronger: str, rng: Rng, ear: Receiver, margin: Margin
) -> None:
    """The weaker tone never below the column's faintest level; Q.24 counts high group over low group."""
    limit = column.low_over_high_db if stronger == "row" else column.high_over_low_db
    weaker = "col" if stronger == "row" else "row"

    def holds(twist: float) -> bool:
        level = rng.uniform(column.faintest + twist, column.loudest, 16 * ROUNDS)
        return (
            share_right(ear, _row(rng, column, **{f"{stronger}_dbm0": level, f"{weaker}_dbm0": level - twist})) == 1.0
        )

    assert holds(limit)
    margin(f"{column} accepts {limit} dB of {stronger} over {weaker}", np.arange(limit, 20, 1), "dB", holds)


@every_column
def test_shortest_signal_is_accepted(column: Column, rng: Rng, ear: Receiver, margin: Margin) -> None:
    def holds(length_ms: float) -> bool:
        return share_right(ear, _row(rng, column, length_ms=length_ms, pause_ms=60)) == 1.0

    assert holds(column.accepted_ms)
    margin(f"{column} accepts {column.accepted_ms} ms", np.arange(column.accepted_ms, 20, -2), "ms", holds)


@every_column
def test_too_short_signal_is_refused(column: Column, rng: Rng, ear: Receiver, margin: Margin) -> None:
    def holds(length_ms: float) -> bool:
        return share_heard(ear, _row(rng, column, length_ms=length_ms)) == 0.0

    assert holds(column.refused_ms)
    margin(f"{column} refuses {column.refused_ms} ms", np.arange(column.refused_ms, 40, 1), "ms", holds)


@every_column
def test_shortest_pause_parts_two_keys_of_a_kind(column: Column, rng: Rng, ear: Receiver, margin: Margin) -> None:
    """A long key cut by the pause: two keys of one kind, at the least distance."""

    def holds(pause_ms: float) -> bool:
        whole = _row(rng, column, length_ms=100 + pause_ms)
        return share_right(ear, whole.without(50.0, pause_ms), times=2) == 1.0

    assert holds(column.pause_ms)
    margin(f"{column} parts at {column.pause_ms} ms", np.arange(column.pause_ms, 10, -4), "ms", holds)


@every_column
def test_interruption_is_bridged(column: Column, rng: Rng, ear: Receiver, margin: Margin) -> None:
    def holds(interruption_ms: float) -> bool:
        whole = _row(rng, column, length_ms=110.0)
        return share_right(ear, whole.without(rng.uniform(40, 50, len(whole.digits)), interruption_ms)) == 1.0

    assert holds(column.interruption_ms)
    margin(f"{column} bridges {column.interruption_ms} ms", np.arange(column.interruption_ms, 40, 2), "ms", holds)


@every_column
def test_fastest_signalling_is_followed(column: Column, rng: Rng, ear: Receiver, margin: Margin) -> None:
    """Signal and pause of half the period each, though never shorter than the column's least."""

    def holds(digit_ms: float) -> bool:
        signal_ms = max(column.accepted_ms, min(digit_ms / 2, digit_ms - column.pause_ms))
        trials = _row(rng, column, length_ms=signal_ms, pause_ms=digit_ms - signal_ms, jitter_ms=0.0)
        return share_right(ear, trials) == 1.0

    assert holds(column.digit_ms)
    margin(f"{column} follows {column.digit_ms} ms a digit", np.arange(column.digit_ms, 80, -6), "ms", holds)


def test_echoes_of_the_keys_are_tolerated(rng: Rng, ear: Receiver, margin: Margin) -> None:
    """AT&T: echoes delayed by up to 20 ms, at least 10 dB down."""

    def holds(db: float) -> bool:
        trials = _row(rng, AT_T)
        late = [echo(trials.wave.ravel(), delay_ms, db) - trials.wave.ravel() for delay_ms in (5.0, 12.0, 20.0)]
        return all(share_right(ear, trials.plus(each)) == 1.0 for each in late)

    assert holds(-10)
    margin("AT&T bears echoes 10 dB down", np.arange(-10, 0, 2), "dB", holds)


@pytest.mark.parametrize("group", ["row", "col"])
def test_one_tone_alone_is_no_key(group: str, rng: Rng, ear: Receiver) -> None:
    """A signal is one frequency of each group."""
    assert share_heard(ear, _row(rng, AT_T, length_ms=100.0, **{f"{group}_dbm0": -np.inf})) == 0.0


def test_the_frequencies_are_those_of_q23() -> None:
    """The rig itself: Q.23's low group, against a slip of the pen."""
    assert ROWS.tolist() == [697, 770, 852, 941]
