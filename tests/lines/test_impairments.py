"""The bad line: each impairment does what it says, and no cut of the stream changes a sample."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dsp import keys, tones
from ivrbox.errors import LineError
from ivrbox.lines.impairments import Channel, Impairments
from ivrbox.units import amplitude_to_dbm0

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

QUIET = np.zeros(16000, dtype=np.int16)


def _level_dbm0(samples: Samples) -> float:
    return amplitude_to_dbm0(float(np.sqrt(2 * np.mean(samples.astype(float) ** 2))))


def _level_of_tone(samples: Samples, hertz: float) -> float:
    turns = np.exp(-2j * np.pi * hertz * np.arange(samples.size) / 8000) * np.hanning(samples.size)
    return amplitude_to_dbm0(float(4 * abs(np.sum(samples * turns)) / samples.size))


def test_a_line_with_nothing_wrong_changes_nothing(speech: Samples) -> None:
    assert np.array_equal(Channel(Impairments()).push(speech, speech), speech)


def test_noise_has_its_level() -> None:
    assert _level_dbm0(Channel(Impairments(noise_dbm0=-40)).push(QUIET, QUIET)) == pytest.approx(-40, abs=0.2)


def test_hum_has_its_level_and_frequency() -> None:
    hum = Channel(Impairments(hum_dbm0=-30, hum_hz=60)).push(QUIET, QUIET)
    assert _level_of_tone(hum, 60) == pytest.approx(-30, abs=0.1)


def test_gain_is_of_the_caller_not_of_the_noise() -> None:
    tone = tones.key("5", ms=1000, row_dbm0=-20)
    heard = Channel(Impairments(gain_db=-6)).push(tone, QUIET[: tone.size])
    assert _level_dbm0(heard) == pytest.approx(_level_dbm0(tone) - 6, abs=0.05)


def test_echo_is_the_boxs_own_voice_later_and_weaker(speech: Samples) -> None:
    heard = Channel(Impairments(echo_db=20 * np.log10(2), echo_ms=30)).push(QUIET[: speech.size], speech)
    assert not heard[:240].any()
    assert np.abs(heard[240:] - speech[:-240] / 2).max() <= 0.5


def test_an_echo_without_delay_is_sidetone(speech: Samples) -> None:
    assert np.array_equal(Channel(Impairments(echo_db=0, echo_ms=0)).push(QUIET[: speech.size], speech), speech)


@pytest.mark.parametrize("twist_db", [8.0, 4.0, -4.0, -8.0])
@pytest.mark.parametrize("digit", "159D")
def test_twist_sets_columns_against_rows(digit: str, twist_db: float) -> None:
    row, column = keys.digit_tones(digit)
    heard = Channel(Impairments(twist_db=twist_db)).push(tones.key(digit, ms=1000), QUIET[:8000])[500:]
    assert _level_of_tone(heard, column) - _level_of_tone(heard, row) == pytest.approx(twist_db, abs=0.5)
    assert max(_level_of_tone(heard, row), _level_of_tone(heard, column)) == pytest.approx(-10, abs=0.3)


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_a_codec_leaves_at_most_256_values(law: Any, speech: Samples) -> None:
    heard = Channel(Impairments(law=law)).push(speech, speech)
    assert len(np.unique(heard)) <= 256
    assert np.abs(heard.astype(int) - speech).max() <= 256


def test_what_is_too_loud_is_clipped_not_wrapped() -> None:
    loud = np.array([30000, -30000], dtype=np.int16)
    assert Channel(Impairments(gain_db=6)).push(loud, loud).tolist() == [32767, -32768]


def test_loss_by_pattern_repeats() -> None:
    channel = Channel(Impairments(loss=(True, False, False)))
    assert [channel.loses_next() for _ in range(6)] == [True, False, False] * 2


def test_loss_by_probability_comes_as_often_as_it_says() -> None:
    channel = Channel(Impairments(loss=0.2, seed=5))
    assert sum(channel.loses_next() for _ in range(5000)) == pytest.approx(1000, abs=100)


def test_no_loss_loses_nothing() -> None:
    assert not any(Channel(Impairments()).loses_next() for _ in range(100))


def test_another_seed_is_another_line() -> None:
    one, other = (Channel(Impairments(noise_dbm0=-30, seed=seed)).push(QUIET, QUIET) for seed in (1, 2))
    assert not np.array_equal(one, other)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 3000), max_size=6), seed=st.integers(0, 2**32), law=st.sampled_from(["ulaw", None]))
def test_no_cut_of_the_stream_changes_a_sample(cuts: list[int], seed: int, law: Any) -> None:
    source = np.random.default_rng(seed)
    spoken, said = source.integers(-32768, 32768, (2, 3000)).astype(np.int16)
    how = Impairments(
        noise_dbm0=-35, echo_db=9, echo_ms=12.3, twist_db=-5, gain_db=-3, hum_dbm0=-40, hum_hz=49.7, law=law, seed=seed
    )
    channel = Channel(how)
    edges = [0, *sorted(cuts), 3000]
    parts = [channel.push(spoken[a:b], said[a:b]) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts), Channel(how).push(spoken, said))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"loss": 1.0}, "loss: must be a probability from 0 to below 1, not 1.0"),
        ({"loss": -0.1}, "loss: must be a probability"),
        ({"loss": ()}, "must let a frame through"),
        ({"loss": (True, True)}, "must let a frame through"),
        ({"law": "g729"}, "law: must be ulaw, alaw or none, not g729"),
        ({"echo_ms": -1}, "echo_ms: must be at least 0, not -1"),
    ],
)
def test_figures_that_no_line_has_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(LineError, match=says):
        Impairments(**wrong)
