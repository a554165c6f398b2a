"""The ear: what it hears, what it leaves alone, and that a stream may be cut anywhere."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ivrbox.dsp import tones
from ivrbox.dsp.dtmf import Candidate, DtmfDetector, KeyDown, KeyUp, find_keys, trace_keys
from ivrbox.dsp.dtmf_windows import FLOOR, KEEP, QUIET, WindowHistory
from ivrbox.dsp.goertzel import HOP, TONE_BASIS, powers, tone_sums
from ivrbox.dsp.keys import DIGITS, digit_tones
from ivrbox.units import dbm0_to_amplitude

if TYPE_CHECKING:
    from collections.abc import Callable

Sound = NDArray[np.int16]
KEYPAD = "123A456B789C*0#D"


def digits(keys: list[KeyUp]) -> str:
    return "".join(key.digit for key in keys)


def pad(sound: Sound, ms: float = 60) -> Sound:
    return np.concatenate([tones.silence(ms), sound, tones.silence(ms)])


def mix(sound: Sound, other: NDArray[np.float64]) -> Sound:
    return np.asarray(np.clip(np.rint(sound + other), -32768, 32767), dtype=np.int16)


def pair(digit: str, ms: float, row: float = 1.0, column: float = 1.0, dbm0: float = -10) -> Sound:
    """A key whose tones are off nominal by their own factors."""
    low, high = digit_tones(digit)
    return pad(tones.sines([(low * row, dbm0), (high * column, dbm0)], int(ms * 8)))


def keypad(ms: float = 50, gap_ms: float = 60, **level: float) -> Sound:
    return pad(tones.keys(KEYPAD, ms=ms, gap_ms=gap_ms, **level))


def heard_in_pieces(sound: Sound, cuts: list[int]) -> tuple[list[KeyDown | KeyUp], list[Candidate]]:
    detector = DtmfDetector(trace=True)
    events: list[KeyDown | KeyUp] = []
    edges = [0, *sorted(cut % (len(sound) + 1) for cut in cuts), len(sound)]
    for start, stop in itertools.pairwise(edges):
        events += detector.push(sound[start:stop])
    return events + detector.flush(), detector.trace


# ---- what is heard


@pytest.mark.parametrize("dbm0", [0, -25, -45])
def test_every_key_is_heard_at_any_level(dbm0: float) -> None:
    assert digits(find_keys(keypad(row_dbm0=dbm0))) == KEYPAD


@pytest.mark.parametrize("twist_db", [10, 4, -8, -10])
def test_every_key_is_heard_with_twist(twist_db: float) -> None:
    keys = find_keys(keypad(row_dbm0=-14, twist_db=twist_db))
    assert digits(keys) == KEYPAD
    assert all(key.twist_db == pytest.approx(twist_db, abs=0.3) for key in keys)


@pytest.mark.parametrize("off", [0.02, -0.02])
def test_every_key_is_heard_two_percent_off(off: float) -> None:
    assert all(digits(find_keys(pair(digit, 50, 1 + off, 1 - off))) == digit for digit in DIGITS)


def test_key_of_34_ms_is_heard() -> None:
    assert digits(find_keys(keypad(ms=34))) == KEYPAD


def test_key_until_the_last_sample_is_heard() -> None:
    keys = find_keys(tones.key("7", ms=40))
    assert digits(keys) == "7"
    assert keys[0].onset_s == pytest.approx(0, abs=0.001)
    assert keys[0].length_s == pytest.approx(0.040, abs=0.001)


def test_figures_are_those_of_the_key() -> None:
    (key,) = find_keys(pad(tones.key("9", ms=80, row_dbm0=-17, twist_db=3), ms=100))
    assert key.onset_s == pytest.approx(0.100, abs=0.0005)
    assert key.length_s == pytest.approx(0.080, abs=0.0005)
    assert key.row_dbm0 == pytest.approx(-17, abs=0.1)
    assert key.col_dbm0 == pytest.approx(-14, abs=0.1)
    assert key.snr_db > 25


def test_onset_is_a_whole_sample() -> None:
    for key in find_keys(keypad()):
        assert key.onset_s == round(key.onset_s * 8000) / 8000


@pytest.mark.parametrize(
    "disturbance",
    [
        lambda n: dbm0_to_amplitude(-15) * np.sin(2 * np.pi * 50 * n / 8000),
        lambda n: dbm0_to_amplitude(-15) * np.sin(2 * np.pi * 60 * n / 8000),
        lambda n: dbm0_to_amplitude(-9) * (np.sin(2 * np.pi * 350 * n / 8000) + np.sin(2 * np.pi * 440 * n / 8000)),
        lambda n: dbm0_to_amplitude(-9) * np.sin(2 * np.pi * 425 * n / 8000),
        lambda n: 8000.0 + 0 * n,
    ],
    ids=["50 Hz", "60 Hz", "350+440 Hz", "425 Hz", "DC"],
)
def test_hum_dial_tone_and_dc_do_no_harm(disturbance: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> None:
    sound = keypad(row_dbm0=-15)
    assert digits(find_keys(mix(sound, disturbance(np.arange(len(sound), dtype=np.float64))))) == KEYPAD


def test_keys_are_heard_three_decibels_over_noise() -> None:
    sound = pad(tones.keys(KEYPAD * 4, ms=50, gap_ms=60, row_dbm0=-20))
    noise = np.random.default_rng(21).normal(0, dbm0_to_amplitude(-23) / np.sqrt(2), len(sound))
    heard = digits(find_keys(mix(sound, noise)))
    assert sum(a == b for a, b in zip(heard, KEYPAD * 4, strict=False)) >= 63


def test_clipped_keys_are_heard() -> None:
    assert digits(find_keys(keypad(row_dbm0=6))) == KEYPAD


def test_other_rates_are_resampled() -> None:
    at_44100 = np.asarray(soxr.resample(keypad(), 8000, 44100), dtype=np.int16)
    assert digits(find_keys(at_44100, 44100)) == KEYPAD


# ---- holes, pauses, echoes, losses


@pytest.mark.parametrize("hole_ms", [10, 15, 18])
def test_hole_is_bridged(hole_ms: int) -> None:
    for start in range(12, 70 - hole_ms - 12, 7):
        sound = tones.key("6", ms=70)
        sound[start * 8 : (start + hole_ms) * 8] = 0
        assert digits(find_keys(pad(sound))) == "6", start


@pytest.mark.parametrize("pause_ms", [30, 40])
def test_pause_splits_the_same_key(pause_ms: int) -> None:
    assert digits(find_keys(pad(tones.keys("5555", ms=40, gap_ms=pause_ms)))) == "5555"


def test_keys_without_any_gap_are_told_apart() -> None:
    assert digits(find_keys(pad(tones.keys("1625", ms=60, gap_ms=0)))) == "1625"


def test_echo_is_no_second_key() -> None:
    sound = pad(tones.key("3", ms=60, row_dbm0=-10), ms=200)
    echo = np.zeros(len(sound))
    echo[560:] = 0.3 * sound[:-560]
    trace = trace_keys(mix(sound, echo))
    assert [key.accepted for key in trace] == [True, False]
    assert trace[1].reason == "echo"


def test_held_key_outlives_lost_frames() -> None:
    detector = DtmfDetector()
    sound = tones.key("4", ms=200)
    events = detector.push(sound[:600]) + detector.skip(320) + detector.push(sound[920:])
    events += detector.push(tones.silence(40))
    assert [type(event) for event in events] == [KeyDown, KeyUp]
    (up,) = (event for event in events if isinstance(event, KeyUp))
    assert up.onset_s == pytest.approx(0, abs=0.001)
    assert up.length_s == pytest.approx(0.2, abs=0.001)


def test_long_loss_ends_a_key_and_time_moves_on() -> None:
    detector = DtmfDetector()
    first = detector.push(tones.key("4", ms=100)) + detector.skip(8000)
    second = detector.push(tones.key("4", ms=100)) + detector.flush()
    assert [type(event) for event in first] == [KeyDown, KeyUp]
    (down,) = (event for event in second if isinstance(event, KeyDown))
    assert down.onset_s == pytest.approx(1.1, abs=0.001)


def test_press_in_doubt_is_decided_by_what_was_heard_before_a_loss() -> None:
    detector = DtmfDetector(trace=True)
    assert detector.push(tones.key("4", ms=20)) + detector.skip(160) == []
    assert detector.push(tones.silence(40)) == []
    assert [key.reason.split(" ms")[0][:9] for key in detector.trace] == ["too short"]


# ---- what is left alone, and why


@pytest.mark.parametrize("ms", [2, 5, 10, 14])
def test_clicks_are_no_keys(ms: int) -> None:
    assert find_keys(keypad(ms=ms)) == []


@pytest.mark.parametrize("ms", [16, 20, 25])
def test_short_tones_are_no_keys_and_said_to_be_too_short(ms: int) -> None:
    trace = trace_keys(keypad(ms=ms))
    assert [key.digit for key in trace] == list(KEYPAD)
    assert not any(key.accepted for key in trace)
    assert all(key.reason.startswith("too short") for key in trace)


def test_nothing_is_heard_at_56_below() -> None:
    assert find_keys(keypad(ms=100, row_dbm0=-56)) == []


@pytest.mark.parametrize(
    ("row", "column", "reason"), [(1.027, 1, "row +2.7 %"), (0.97, 1, "row -3.0 %"), (1, 1.027, "column +2.7 %")]
)
def test_frequencies_beyond_the_limit_are_refused_with_the_figure(row: float, column: float, reason: str) -> None:
    for digit in DIGITS:
        (key,) = trace_keys(pair(digit, 60, row, column))
        assert (key.accepted, key.reason) == (False, reason)
        assert 1 + key.row_deviation == pytest.approx(row, abs=0.0005)
        assert 1 + key.col_deviation == pytest.approx(column, abs=0.0005)


@pytest.mark.parametrize("twist_db", [12.3, 14.2, -12.4, -14.2])
def test_twist_beyond_the_limit_is_refused_with_the_figure(twist_db: float) -> None:
    (key,) = trace_keys(pad(tones.key("8", ms=60, row_dbm0=-20, twist_db=twist_db)))
    assert (key.accepted, key.reason) == (False, f"twist {twist_db} dB")


def test_weak_keys_are_refused_with_the_figure() -> None:
    (key,) = trace_keys(pad(tones.key("8", ms=60, row_dbm0=-49)))
    assert (key.accepted, key.reason) == (False, "level -49.0 dBm0")


def test_accepted_keys_stand_in_the_trace_without_reason() -> None:
    sound = keypad()
    trace = trace_keys(sound)
    assert [(key.digit, key.onset_s, key.length_s) for key in trace] == [
        (key.digit, key.onset_s, key.length_s) for key in find_keys(sound)
    ]
    assert all(key.accepted and not key.reason for key in trace)


def voice(rng: np.random.Generator, seconds: float) -> Sound:
    """A sung or spoken vowel: harmonics of a gliding pitch under two formants."""
    time = np.arange(int(seconds * 8000)) / 8000
    pitch = rng.uniform(90, 320) * (1 + rng.uniform(-0.2, 0.2) * time + 0.01 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    formants = rng.uniform(500, 900), rng.uniform(1000, 1700)
    total = np.zeros(len(time))
    for harmonic in range(1, 12):
        near = sum(1 / (1 + ((harmonic * pitch.mean() - formant) / 120) ** 2) for formant in formants)
        total += near * np.sin(harmonic * phase)
    return np.asarray(np.rint(12000 * total / np.abs(total).max()), dtype=np.int16)


def test_voices_are_left_alone() -> None:
    rng = np.random.default_rng(33)
    trace = trace_keys(np.concatenate([pad(voice(rng, 0.5)) for _ in range(60)]))
    assert not any(key.accepted for key in trace)
    assert any(key.reason == "speech-like" for key in trace)


@pytest.mark.parametrize("sound", [tones.dial_tone(2), tones.busy(2), tones.ringback(3)])
def test_call_progress_tones_are_left_alone(sound: Sound) -> None:
    assert trace_keys(sound) == []


def test_noise_is_left_alone() -> None:
    noise = np.random.default_rng(5).normal(0, 6000, 80000)
    assert find_keys(np.asarray(np.clip(noise, -32768, 32767), dtype=np.int16)) == []


def test_no_trace_unless_asked() -> None:
    detector = DtmfDetector()
    detector.push(keypad())
    assert detector.trace == []


# ---- the stream


def test_key_down_comes_while_the_key_is_held() -> None:
    detector = DtmfDetector()
    sound = pad(tones.key("5", ms=60), ms=40)
    heard = [
        (start + 80, event) for start in range(0, len(sound), 80) for event in detector.push(sound[start : start + 80])
    ]
    (down, *_), *_ = [(at, event) for at, event in heard if isinstance(event, KeyDown)]
    assert down - 320 <= 0.042 * 8000


NOISY = mix(
    np.concatenate([keypad(ms=45, gap_ms=35, row_dbm0=-18), voice(np.random.default_rng(2), 0.6)]),
    np.random.default_rng(3).normal(0, 300, len(keypad(ms=45, gap_ms=35)) + 4800),
)
WHOLE = heard_in_pieces(NOISY, [])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, len(NOISY)), max_size=60))
def test_any_cut_gives_the_same_keys_times_and_levels(cuts: list[int]) -> None:
    assert heard_in_pieces(NOISY, cuts) == WHOLE


@pytest.mark.parametrize("size", [1, 80, 160])
def test_frames_give_the_same_as_the_whole(size: int) -> None:
    short = NOISY[:6000]
    assert heard_in_pieces(short, list(range(0, len(short), size))) == heard_in_pieces(short, [])


def calm(seconds: float) -> NDArray[np.float64]:
    """A quiet line: noise in which nothing is looked for."""
    return np.random.default_rng(4).normal(0, 12, round(seconds * 8000))


@pytest.mark.parametrize("size", [48, 160, 1000])
def test_keys_after_quiet_of_any_length_are_the_same_keys(size: int) -> None:
    """... whatever lay where their windows lie now: the buffers are used over and over."""
    line = calm(30)
    typed, at = "", 24000
    for gap in np.random.default_rng(5).integers(800, 3200, 80).tolist():
        key = tones.key(KEYPAD[gap % 16], ms=50, row_dbm0=-12 - gap % 30)
        line[at : at + key.size] += key
        typed, at = typed + KEYPAD[gap % 16], at + key.size + gap
    sound = np.rint(line).astype(np.int16)
    framed = heard_in_pieces(sound, list(range(0, len(sound), size)))
    assert framed == heard_in_pieces(sound, [])
    assert digits([event for event in framed[0] if isinstance(event, KeyUp)]) == typed


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 300)), min_size=20, max_size=80))
def test_what_was_passed_over_in_quiet_is_there_once_something_is_heard(pieces: list[tuple[bool, int]]) -> None:
    close, loose = WindowHistory(), WindowHistory()
    key, quiet = tones.key("5", ms=700), np.rint(calm(0.7)).astype(np.int16)
    for is_key, windows in pieces:
        piece = (key if is_key else quiet)[: windows * HOP]
        label = close.append(piece)
        assert loose.append(piece, closely=False) == label
        if label is not None:
            for channel in range(8):
                first = close.end - windows - KEEP
                known = [history.tone_powers(channel, first, windows + KEEP) for history in (close, loose)]
                assert known[0] == known[1]


@pytest.mark.parametrize("tone", range(8))
def test_what_is_too_quiet_to_be_looked_at_holds_no_tone(tone: int) -> None:
    """Of all windows of one energy, the first singular vector of a tone's basis has the most of it."""
    shape = np.linalg.svd(TONE_BASIS[[tone, tone + 8]])[2][0]

    def power(energy: float) -> float:
        return float(powers(tone_sums(shape[np.newaxis] * math.sqrt(energy)))[tone, 0])

    assert power(QUIET) <= FLOOR
    assert power(1.1 * QUIET) > FLOOR


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=80), st.lists(st.booleans(), min_size=1, max_size=8))
def test_no_onset_lies_before_the_horizon(sizes: list[int], lost: list[bool]) -> None:
    detector = DtmfDetector()
    at = horizon = 0
    for turn, size in enumerate(sizes):
        is_lost = lost[turn % len(lost)] and turn % 7 == 0
        events = detector.skip(size) if is_lost else detector.push(NOISY[at : at + size])
        at += size if is_lost else len(NOISY[at : at + size])
        onsets = [round(event.onset_s * 8000) for event in events if isinstance(event, KeyDown)]
        assert all(onset >= horizon for onset in onsets)
        assert horizon <= detector.horizon <= at
        horizon = detector.horizon
    assert at - horizon <= 480 + 8 * 16


def test_horizon_is_60_ms_behind_at_most() -> None:
    detector = DtmfDetector()
    for at in range(0, len(NOISY), 80):
        detector.push(NOISY[at : at + 80])
        assert at + 80 - detector.horizon <= 480


def test_flush_closes_what_is_down_and_the_stream_may_go_on() -> None:
    detector = DtmfDetector()
    first = detector.push(tones.key("1", ms=60)) + detector.flush()
    assert [type(event) for event in first] == [KeyDown, KeyUp]
    assert detector.horizon == 480
    second = detector.push(tones.key("1", ms=60)) + detector.flush()
    assert [event.onset_s for event in second] == [pytest.approx(0.06, abs=0.001)] * 2


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize(
    ("samples", "found"),
    [
        (np.zeros(80), r"float64 of shape \(80,\)"),
        (np.zeros((80, 2), dtype=np.int16), r"int16 of shape \(\d+, 2\)"),
        (np.zeros(80, dtype=np.uint8), r"uint8 of shape \(80,\)"),
    ],
)
def test_samples_of_another_kind_are_refused(samples: NDArray[Any], found: str, rate: int) -> None:
    with pytest.raises(ValueError, match=f"must be int16 of shape \\(n,\\), not {found}"):
        find_keys(samples, rate)


def test_other_rates_are_refused_by_the_stream() -> None:
    with pytest.raises(ValueError, match="must be 8000 Hz, not 16000"):
        DtmfDetector(16000)


def test_no_samples_are_no_keys() -> None:
    assert DtmfDetector().push(np.zeros(0, dtype=np.int16)) == []
