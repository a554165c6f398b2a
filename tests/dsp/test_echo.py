"""The echo canceller: what it takes away, what it leaves, and that a key during the prompt does not lead it astray."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from ear_score import Ours, share_right_in
from ear_signals import RATE, Pcm, Rng, Wave, every_key, keys, noise, pcm
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dsp.echo import TAIL_MS, EchoCanceller
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

DELAY = 20 * RATE // 1000
ECHO_DB = -10.0
SILENCE = np.zeros(FRAME_SAMPLES, dtype=np.int16)
WHISPER = np.full(FRAME_SAMPLES, 30, dtype=np.int16)
"""Just above what is passed on as it is."""


def _prompt(rng: Rng, seconds: float, dbm0: float = -15.0) -> Pcm:
    """Something like speech: a buzz of wandering pitch and noise through wandering formants, in syllables."""
    samples = int(seconds * RATE)
    pitch = np.repeat(rng.uniform(90, 240, samples // 1600 + 1), 1600)[:samples]
    source = np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0) * 20 + rng.standard_normal(samples)
    wave = np.zeros(samples)
    for start in range(0, samples, 1600):
        part = source[start : start + 1600]
        spectrum = np.fft.rfft(part)
        hertz = np.fft.rfftfreq(len(part), 1 / RATE)
        gain = sum(1 / (1 + ((hertz - centre) / 80) ** 2) for centre in rng.uniform(250, 3000, 3))
        wave[start : start + 1600] = np.fft.irfft(spectrum * gain, len(part)) * np.hanning(len(part))
    return pcm(wave / np.sqrt(np.mean(wave**2)) * 32767 * 10 ** ((dbm0 - 3.14) / 20) / np.sqrt(2))


def _hybrid(rng: Rng) -> Wave:
    """20 ms of delay, then 10 ms of decaying reflections, -10 dB in all."""
    tail = rng.standard_normal(80) * np.exp(-np.arange(80) / 12)
    return np.concatenate([np.zeros(DELAY), tail / np.sqrt(np.sum(tail**2)) * 10 ** (ECHO_DB / 20)])


def _echo(said: Pcm, path: Wave) -> Wave:
    return np.convolve(said, path)[: len(said)]


def _cancelled(heard: Pcm, said: Pcm) -> Pcm:
    canceller = EchoCanceller()
    frames = len(heard) // FRAME_SAMPLES
    pairs = zip(
        np.split(heard[: frames * FRAME_SAMPLES], frames), np.split(said[: frames * FRAME_SAMPLES], frames), strict=True
    )
    return np.concatenate([canceller.push(*pair) for pair in pairs])


def _power_db(wave: NDArray[np.int16] | Wave) -> float:
    return float(10 * np.log10(np.mean(np.asarray(wave, dtype=float) ** 2) + 1e-9))


@pytest.fixture
def rng() -> Rng:
    return np.random.default_rng(20)


def test_an_echo_is_taken_away_within_two_seconds(rng: Rng) -> None:
    said = _prompt(rng, 6)
    heard = pcm(_echo(said, _hybrid(rng)))
    left = _cancelled(heard, said)
    assert _power_db(left[2 * RATE :]) < _power_db(heard[2 * RATE :]) - 20


def test_the_echo_of_a_card_that_ran_dry_is_taken_away(rng: Rng) -> None:
    """What was held up, 80 ms of it, waits in the card's buffer from then on."""
    said = _prompt(rng, 6)
    heard = pcm(_echo(said, np.concatenate([np.zeros(80 * RATE // 1000), _hybrid(rng)])))
    left = _cancelled(heard, said)
    assert _power_db(left[3 * RATE :]) < _power_db(heard[3 * RATE :]) - 20


def test_a_caller_is_left_as_he_is(rng: Rng) -> None:
    """Speech of the caller during the prompt: what comes out is his, and the echo is not."""
    said, caller = _prompt(rng, 8), _prompt(rng, 8, -20.0)
    left = _cancelled(pcm(caller + _echo(said, _hybrid(rng))), said)
    late = slice(4 * RATE, len(left))
    assert _power_db(left[late] - caller[late].astype(float)) < _power_db(caller[late]) - 10


def test_keys_during_the_prompt_do_not_lead_the_filter_astray(rng: Rng) -> None:
    """The echo that is left just after many keys is as little as without them."""
    said = _prompt(rng, 8)
    path = _hybrid(rng)
    row = keys(rng, every_key(rng, 3), row_dbm0=-20.0, col_dbm0=-20.0).wave.ravel()[: 5 * RATE]
    pressed = np.concatenate([row, np.zeros(len(said) - len(row))])
    left = _cancelled(pcm(_echo(said, path) + pressed), said)
    after = slice(5 * RATE + FRAME_SAMPLES, len(left))
    assert _power_db(left[after]) < _power_db(_echo(said, path)[after]) - 15


def test_keys_are_heard_through_our_own_prompt(rng: Rng) -> None:
    trials = keys(rng, every_key(rng, 6), length_ms=60.0, pause_ms=100.0, row_dbm0=-20.0, col_dbm0=-20.0)
    said = _prompt(rng, trials.wave.size / RATE + 0.1)[: trials.wave.size]
    heard = pcm(trials.wave.ravel() + _echo(said, _hybrid(rng)) + noise(rng, len(said), -65))
    assert share_right_in(Ours(), trials, _cancelled(heard, said)) >= 0.95  # the figure for speech 5 dB below a tone


def test_a_prompt_alone_makes_no_key(rng: Rng) -> None:
    said = _prompt(rng, 20, -10.0)
    assert Ours().hear(_cancelled(pcm(_echo(said, _hybrid(rng))), said)) == []


def test_a_line_without_echo_stays_untouched_but_for_a_whisper(rng: Rng) -> None:
    said, caller = _prompt(rng, 4), _prompt(rng, 4, -20.0)
    left = _cancelled(caller, said)
    assert _power_db(left - caller.astype(float)) < _power_db(caller) - 15


def test_nothing_changes_while_nothing_is_said(rng: Rng) -> None:
    caller = _prompt(rng, 1)
    assert np.array_equal(_cancelled(caller, np.zeros_like(caller)), caller)


def test_digital_silence_is_passed_on(rng: Rng) -> None:
    """A line that returns nothing has no echo, even if it had one before."""
    said = _prompt(rng, 2)
    heard = pcm(_echo(said, _hybrid(rng)))
    heard[RATE:] = 0
    assert not _cancelled(heard, said)[RATE:].any()


def test_frames_pass_again_once_the_echo_has_died_away(rng: Rng) -> None:
    canceller = EchoCanceller()
    said = _prompt(rng, 1)
    for start in range(0, len(said), FRAME_SAMPLES):
        frame = said[start : start + FRAME_SAMPLES]
        canceller.push(frame // 4, frame)
    for _ in range(TAIL_MS // 20):
        canceller.push(SILENCE, SILENCE)
    heard = said[:FRAME_SAMPLES]
    assert canceller.push(heard, SILENCE) is heard


def test_the_last_echo_is_taken_away_after_the_prompt_has_ended(rng: Rng) -> None:
    said = _prompt(rng, 5)
    stopped = 24 * RATE // 5 - RATE // 10  # at the top of a syllable
    said[stopped:] = 0
    heard = pcm(_echo(said, _hybrid(rng)))
    after = slice(stopped + FRAME_SAMPLES, stopped + 2 * FRAME_SAMPLES)
    assert _power_db(_cancelled(heard, said)[after]) < _power_db(heard[after]) - 8


def test_a_prompt_after_a_pause_finds_no_echo_of_the_one_before(rng: Rng) -> None:
    """Nothing stale is added: the first frame of the second prompt cannot have an echo yet."""
    canceller = EchoCanceller()
    said = _prompt(rng, 2)[: 95 * FRAME_SAMPLES]  # breaks off at the top of a syllable
    heard = pcm(_echo(said, _hybrid(rng)))
    for start in range(0, len(said), FRAME_SAMPLES):
        canceller.push(heard[start : start + FRAME_SAMPLES], said[start : start + FRAME_SAMPLES])
    for _ in range(10):
        canceller.push(SILENCE, SILENCE)
    left = canceller.push(WHISPER, said[:FRAME_SAMPLES])
    assert np.abs(left).max() < np.abs(said).max() / 30


def test_the_same_frames_give_the_same_samples(rng: Rng) -> None:
    said = _prompt(rng, 2)
    heard = pcm(_echo(said, _hybrid(rng)))
    assert np.array_equal(_cancelled(heard, said), _cancelled(heard, said))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 100, 32767]))
def test_whatever_is_said_and_heard_a_frame_comes_out(seed: int, loudest: int) -> None:
    chance = np.random.default_rng(seed)
    canceller = EchoCanceller()
    for _ in range(20):
        heard, said = chance.integers(-loudest - 1, loudest + 1, (2, FRAME_SAMPLES)).astype(np.int16)
        left = canceller.push(heard, said)
        assert left.dtype == np.int16
        assert left.shape == heard.shape


def test_a_tail_shorter_than_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="tail_ms: must be at least 20, not 10"):
        EchoCanceller(tail_ms=10)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_a_line_that_falls_silent_now_and_then_loses_nothing_of_what_was_said(moments: list[tuple[bool, bool]]) -> None:
    """Work that was put off in silence gives what it would have given at once."""
    rng = np.random.default_rng(7)
    lazy, eager = EchoCanceller(), EchoCanceller()
    for is_heard, is_said in moments:
        said = _prompt(rng, 0.02) if is_said else SILENCE
        heard = said // 3 + WHISPER if is_heard else SILENCE
        assert np.array_equal(lazy.push(heard, said), eager.push(heard, said))
        eager._catch_up()


def test_what_holds_neither_key_nor_echo_is_passed_on_as_it_is(rng: Rng) -> None:
    said = _prompt(rng, 1)
    heard = pcm(rng.normal(0, 20, len(said)))
    assert np.array_equal(_cancelled(heard, said), heard[: len(said) // FRAME_SAMPLES * FRAME_SAMPLES])
    assert not np.array_equal(_cancelled(2 * heard, said), 2 * heard[: len(said) // FRAME_SAMPLES * FRAME_SAMPLES])
