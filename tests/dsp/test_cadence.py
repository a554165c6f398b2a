"""Promises of the cadence matcher, in runs of milliseconds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dsp.cadence import CadenceMatcher

UK_CONGESTION = (400, 350, 225, 525)


def test_each_pair_that_fits_is_a_cycle() -> None:
    busy = CadenceMatcher((500, 500))
    assert [busy.push(510, 490) for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("start", [0, 1])
def test_a_cadence_may_be_met_at_any_of_its_pairs(start: int) -> None:
    congestion = CadenceMatcher(UK_CONGESTION)
    pairs = [(400, 350), (225, 525)] * 4
    cycles = [congestion.push(on, off) for on, off in pairs[start : start + 6]]
    assert cycles == [0.5, 1, 1.5, 2, 2.5, 3]


def test_pairs_in_the_wrong_order_are_no_cadence() -> None:
    congestion = CadenceMatcher(UK_CONGESTION)
    assert [congestion.push(400, 350) for _ in range(5)] == [0.5] * 5


@pytest.mark.parametrize(("on", "off", "fits"), [(560, 440, True), (570, 500, False), (500, 430, False)])
def test_a_tenth_and_a_step_of_measuring_are_allowed_and_no_more(on: float, off: float, *, fits: bool) -> None:
    assert CadenceMatcher((500, 500)).push(on, off) == (1 if fits else 0)


def test_the_edges_of_a_short_burst_have_slack() -> None:
    assert CadenceMatcher((75, 100)).push(95, 80) == 1
    assert CadenceMatcher((75, 100)).push(105, 80) == 0


def test_one_pair_that_does_not_fit_ends_the_chain() -> None:
    busy = CadenceMatcher((500, 500))
    busy.push(500, 500)
    busy.push(500, 500)
    assert busy.push(500, 900) == 0
    assert busy.push(500, 500) == 1


def test_reset_forgets_the_chain() -> None:
    busy = CadenceMatcher((500, 500))
    busy.push(500, 500)
    busy.reset()
    assert busy.cycles == 0


@pytest.mark.parametrize("wrong", [(), (500,), (500, 500, 500)])
def test_what_is_not_in_pairs_is_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must be pairs of ms on and off"):
        CadenceMatcher(wrong)


@settings(max_examples=50)
@given(st.lists(st.floats(30, 2000), min_size=1, max_size=4).flatmap(lambda half: st.just([*half, *half])), st.data())
def test_a_cadence_fits_itself_from_anywhere(cadence: list[float], data: st.DataObject) -> None:
    matcher = CadenceMatcher(cadence)
    pairs = list(zip(cadence[::2], cadence[1::2], strict=True))
    start = data.draw(st.integers(0, len(pairs) - 1))
    for turn in range(3 * len(pairs)):
        cycles = matcher.push(*pairs[(start + turn) % len(pairs)])
    assert cycles >= 3
