"""Promises of the ring detector: pulses of an opto-coupler, told apart by their rate, length and cadence."""

from __future__ import annotations

from itertools import accumulate, cycle, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.lines.countries import countries
from ivrbox.lines.ring import RingFact, RingWatch

if TYPE_CHECKING:
    from ivrbox.lines.countries import Country

RING, SHORT, REVERSAL, SPLASH = RingFact.RING, RingFact.SHORT_RING, RingFact.REVERSAL, RingFact.SPLASH
GERMAN, BRITISH = (1000, 4000), (400, 200, 400, 2000)


def train(start_ms: float, ms: float, pulses_hz: float = 25) -> list[float]:
    """Pulses of one burst of ringing."""
    return [start_ms + 1000 * n / pulses_hz for n in range(int(ms * pulses_hz / 1000) + 1)]


def ringing(cadence: tuple[int, ...], cycles: int, pulses_hz: float = 25, start_ms: float = 500) -> list[float]:
    edges = accumulate([start_ms, *(cadence * cycles)])
    return [
        pulse
        for at, ms, on in zip(edges, cadence * cycles, cycle((True, False)))
        if on
        for pulse in train(at, ms, pulses_hz)
    ]


def facts(
    cadence: tuple[int, ...], pulses: list[float], frame_ms: float = 20, tail_ms: float = 1000
) -> list[tuple[float, RingFact]]:
    """What a watch makes of pulses that are handed to it frame by frame, each fact with its time."""
    watch, told, now = RingWatch(cadence), [], 0.0
    left = sorted(pulses)
    while now < (max(pulses, default=0)) + tail_ms:
        now += frame_ms
        due = [pulse for pulse in left if pulse <= now]
        left = left[len(due) :]
        told += [(now, fact) for fact in watch.push(due, now)]
    return told


def kinds(cadence: tuple[int, ...], pulses: list[float]) -> list[RingFact]:
    return [fact for _, fact in facts(cadence, pulses)]


@pytest.mark.parametrize("country", countries().values(), ids=lambda country: country.code)
@pytest.mark.parametrize("pulses_hz", [15.3, 20, 25, 50, 68, 136])
def test_each_cycle_of_the_countrys_cadence_is_one_ring(country: Country, pulses_hz: float) -> None:
    assert kinds(country.ring_ms, ringing(country.ring_ms, 4, pulses_hz)) == [RING] * 4


def test_a_ring_is_told_while_it_still_rings() -> None:
    (at, fact), *_ = facts(GERMAN, ringing(GERMAN, 1))
    assert fact is RING
    assert 1100 <= at <= 1160  # 600 ms after it began at 500


def test_a_double_ring_counts_at_its_second_half() -> None:
    (at, _), *_ = facts(BRITISH, ringing(BRITISH, 1))
    assert 1340 <= at <= 1400


@pytest.mark.parametrize("cadence", [GERMAN, BRITISH])
def test_the_uk_cable_alert_before_caller_id_is_no_ring(cadence: tuple[int, ...]) -> None:
    for length in (200, 300, 450):
        assert kinds(cadence, train(500, length)) == [SHORT]
    assert kinds(cadence, train(500, 300) + ringing(cadence, 1, start_ms=4000)) == [SHORT, RING]


def test_a_polarity_reversal_is_a_single_pulse_that_may_bounce() -> None:
    assert kinds(GERMAN, [500]) == [REVERSAL]
    assert kinds(GERMAN, [500, 503, 511]) == [REVERSAL]
    assert kinds(GERMAN, [500, 900]) == [REVERSAL, REVERSAL]


def test_a_splash_is_neither() -> None:
    assert kinds(GERMAN, [500, 540, 560]) == [SPLASH]


def test_pulse_dialling_next_door_is_a_splash() -> None:
    assert kinds(GERMAN, [500 + 100 * n for n in range(9)]) == [SPLASH]


@pytest.mark.parametrize("pulses_hz", [8, 200])
def test_pulses_too_slow_or_too_fast_are_no_ringing(pulses_hz: float) -> None:
    assert RING not in kinds(GERMAN, ringing(GERMAN, 3, pulses_hz))


def test_a_cadence_that_the_table_does_not_know_rings_all_the_same() -> None:
    assert kinds(GERMAN, ringing(BRITISH, 3)).count(RING) == 3
    assert kinds(BRITISH, ringing(GERMAN, 4)).count(RING) == 2


def test_two_odd_bursts_far_apart_are_no_ring() -> None:
    assert kinds(GERMAN, train(500, 300) + train(12000, 300)) == [SHORT, SHORT]


def test_a_hole_in_the_train_is_bridged() -> None:
    pulses = [pulse for pulse in train(500, 1000) if not 900 < pulse < 1020]
    assert kinds(GERMAN, pulses) == [RING]


@settings(max_examples=60)
@given(st.lists(st.floats(0, 20000), max_size=200), st.sampled_from([20.0, 7.0, 100.0]))
def test_any_pulses_give_no_more_facts_than_bursts(pulses: list[float], frame_ms: float) -> None:
    told = facts(GERMAN, pulses, frame_ms)
    bursts = 1 + sum(later - earlier > 150 for earlier, later in pairwise(sorted(pulses)))
    assert len(told) <= bursts
    assert bool(told) == bool(pulses)
