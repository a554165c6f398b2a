"""The rig that judges receivers, judged itself: signals are what they claim to be, and scores tell right from wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ear_peers import Missing, gsm, opus
from ear_score import Heard, share_heard, share_right
from ear_signals import RATE, Pcm, Rng, Trials, amplitude, echo, every_key, keys, noise, resampled, slipped, tone
from ear_speech import nearest_fragments, nearness, trimmed

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Stub:
    """A receiver that says what it was told to."""

    says: list[Heard]
    name: str = "stub"
    heard: list[Pcm] = field(default_factory=list)

    def hear(self, sound: Pcm) -> list[Heard]:
        self.heard.append(sound)
        return self.says


@pytest.fixture
def rng() -> Rng:
    return np.random.default_rng(3)


@pytest.fixture
def trials(rng: Rng) -> Trials:
    return keys(rng, every_key(rng, 2))


def _said(trials: Trials) -> list[Heard]:
    return [Heard(digit, start / RATE) for digit, start in zip(trials.digits, trials.starts, strict=True)]


def _level(wave: np.ndarray) -> float:
    """dBm0 of the sine of equal power."""
    return float(20 * np.log10(np.sqrt(2 * np.mean(np.square(wave, dtype=float))) / 32767) + 3.14)


def test_every_key_comes_as_often_as_any_and_never_twice_in_a_row(rng: Rng) -> None:
    digits = every_key(rng, 20)
    assert {digits.count(digit) for digit in "123A456B789C*0#D"} == {20}
    assert all(first != second for first, second in pairwise(digits))


def test_tones_and_noise_have_the_level_they_claim(rng: Rng) -> None:
    assert _level(tone(RATE, 697, -10)) == pytest.approx(-10, abs=0.01)
    assert _level(noise(rng, 20 * RATE, -20)) == pytest.approx(-20, abs=0.1)
    assert float(amplitude(3.14)) == pytest.approx(32767)


def test_a_key_has_its_two_frequencies_levels_and_length(rng: Rng) -> None:
    key = keys(rng, "5", length_ms=1000.0, row_dbm0=-10.0, col_dbm0=-16.0, row_error=15 / 770, jitter_ms=0.0)
    first = int(key.onset[0])
    spectrum = np.abs(np.fft.rfft(key.wave[0][first : first + RATE])) * 2 / RATE
    strongest = sorted(np.argsort(spectrum)[-2:])
    assert strongest == [785, 1336]  # 15 Hz over the row, and the column as it is
    assert 20 * np.log10(spectrum[1336] / 32767) + 3.14 == pytest.approx(-16, abs=0.05)
    assert np.count_nonzero(key.wave) == pytest.approx(RATE, abs=5)


def test_a_rise_is_counted_from_half_amplitude(rng: Rng) -> None:
    key = keys(rng, "5", length_ms=50.0, rise_ms=10.0)
    loud = np.flatnonzero(np.abs(key.wave[0]) > 0)
    assert len(loud) == pytest.approx(60 * RATE // 1000, abs=8)


def test_a_hole_is_silent_and_as_long_as_asked(trials: Trials) -> None:
    holed = trials.without(20.0, 10.0)
    assert np.count_nonzero(trials.wave[0]) - np.count_nonzero(holed.wave[0]) == pytest.approx(80, abs=3)


def test_an_echo_comes_late_and_faint() -> None:
    click = np.zeros(400)
    click[0] = 1000
    assert np.flatnonzero(echo(click, 20, -20)).tolist() == [0, 160]
    assert echo(click, 20, -20)[160] == pytest.approx(100)


def test_a_fast_clock_shortens_and_raises() -> None:
    fast = resampled(tone(2 * RATE, 1000, -10), 1.005)
    assert len(fast) == pytest.approx(2 * RATE / 1.005, abs=4)
    assert np.argmax(np.abs(np.fft.rfft(fast[:RATE]))) == 1005


def test_slips_lose_and_repeat_samples_now_and_then(rng: Rng) -> None:
    ramp = slipped(rng, np.arange(8 * RATE, dtype=float), 100)
    steps = np.diff(ramp)
    assert set(steps) == {0, 1, 2}
    assert np.count_nonzero(steps != 1) == pytest.approx(80, abs=10)


def test_the_right_keys_score_all_and_silence_none(trials: Trials) -> None:
    assert share_right(Stub(_said(trials)), trials) == 1.0
    assert share_right(Stub([]), trials) == 0.0
    assert share_heard(Stub([]), trials) == 0.0


def test_a_doubled_a_wrong_and_an_invented_key_each_cost_their_slot(trials: Trials) -> None:
    said = _said(trials)
    doubled = [*said, said[3]]
    wrong = [Heard("A" if said[5].digit != "A" else "B", said[5].at), *said[:5], *said[6:]]
    assert share_right(Stub(doubled), trials) == pytest.approx(31 / 32)
    assert share_right(Stub(wrong), trials) == pytest.approx(31 / 32)
    assert share_right(Stub(doubled), trials, times=2) == pytest.approx(1 / 32)


def test_a_receiver_without_times_is_judged_by_order(trials: Trials) -> None:
    said = [Heard(digit, float("nan")) for digit in trials.digits]
    assert share_right(Stub(said), trials) == 1.0
    assert share_right(Stub(said[1:]), trials) == pytest.approx(31 / 32)
    assert share_right(Stub([*said[:4], said[9], *said[4:]]), trials) == pytest.approx(31 / 32)


def test_a_key_is_near_to_a_key_and_noise_is_not(rng: Rng, trials: Trials) -> None:
    assert nearness(trials.pcm()).max() > 0.95
    assert nearness(noise(rng, 4 * RATE, -20).astype(np.int16)).max() < 0.3
    fragments = nearest_fragments(trials.pcm(), 0.9)
    assert fragments
    assert sum(map(len, fragments)) <= 2 * trials.wave.size


def test_silences_are_trimmed_from_speech(rng: Rng) -> None:
    loud = noise(rng, RATE, -20).astype(np.int16)
    assert len(trimmed(np.concatenate([np.zeros(RATE, dtype=np.int16), loud]))) == RATE


@pytest.mark.parametrize("codec", [gsm, opus])
def test_a_codec_gives_back_about_what_it_got(codec: Callable[[Pcm], Pcm], trials: Trials) -> None:
    sound = trials.pcm()
    try:
        coded = codec(sound)
    except Missing as missing:
        pytest.skip(str(missing))
    assert len(coded) == len(sound)
    assert not np.array_equal(coded, sound)
    assert _level(coded) == pytest.approx(_level(sound), abs=2)
