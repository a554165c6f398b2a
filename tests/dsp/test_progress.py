"""Promises of call-progress detection: an exchange's tones are known, and nothing else is taken for one."""

from __future__ import annotations

import os
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dsp import tones
from ivrbox.dsp.progress import ProgressTone, ProgressWatch
from ivrbox.lines.countries import countries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ivrbox.dsp.progress import ToneSign

    Samples = NDArray[np.int16]

ROWS = [(code, tone) for code, country in countries().items() for tone in country.tones]
SOUNDS = Path("/usr/share/asterisk")
BUSY_DE = ProgressTone("busy_tone", (425,), (480, 480))


def sound_of(tone: ProgressTone, dbm0: float = -24, seconds: float = 13, scale: float = 1.0) -> Samples:
    return tones.cadenced(
        [(hertz, dbm0) for hertz in tone.hertz], [ms * scale / 1000 for ms in tone.cadence_ms], seconds
    )


def with_noise(sound: Samples, dbm0: float, seed: int) -> Samples:
    noise = np.random.default_rng(seed).normal(0, 32767 / 2**0.5 * 10 ** ((dbm0 - 3.14) / 20), sound.size)
    return (sound + noise).clip(-32768, 32767).astype(np.int16)


def furthest(watch: ProgressWatch, heard: Samples, said: Samples | None = None) -> ToneSign | None:
    """The strongest sign within all of it; stops where one is proven."""
    best = None
    for start in range(0, heard.size - 159, 160):
        watch.push(heard[start : start + 160], np.zeros(160, np.int16) if said is None else said[start : start + 160])
        sign = watch.strongest
        if sign is not None and (best is None or sign.proof > best.proof):
            best = sign
        if best is not None and best.proof == 1:
            break
    return best


def proof(sign: ToneSign | None) -> float:
    return 0.0 if sign is None else sign.proof


@pytest.mark.parametrize(("code", "tone"), ROWS, ids=[f"{code}-{tone}" for code, tone in ROWS])
def test_every_tone_of_every_country_is_known(code: str, tone: ProgressTone) -> None:
    start = np.random.default_rng([*code.encode()]).integers(0, 4000)  # a call does not begin with a cadence
    heard = np.concatenate([tones.silence(100), sound_of(tone)[start:]])
    sign = furthest(ProgressWatch(countries()[code].tones), with_noise(heard, -44, 1))
    assert sign is not None
    assert sign.proof == 1
    assert sign.tone.sign == tone.sign


@pytest.mark.parametrize("dbm0", [-8, -38])
@pytest.mark.parametrize("scale", [0.93, 1.07])
def test_an_exchange_may_be_loud_or_soft_fast_or_slow(dbm0: float, scale: float) -> None:
    heard = sound_of(BUSY_DE, dbm0, scale=scale)
    assert proof(furthest(ProgressWatch(countries()["de"].tones), heard)) == 1


@pytest.mark.parametrize("scale", [0.91, 1.09])
def test_no_exchange_is_missed_for_being_a_tenth_fast_or_slow(scale: float) -> None:
    for code, tone in ROWS:
        sign = furthest(ProgressWatch(countries()[code].tones), sound_of(tone, scale=scale))
        assert sign is not None
        assert (sign.proof, sign.tone.sign) == (1, tone.sign), f"{code}: {tone}"


def test_the_second_burst_may_be_softer_as_in_australia() -> None:
    heard = sound_of(ProgressTone("busy_tone", (425,), (375, 375)), -14).astype(np.float64)
    heard[(np.arange(heard.size) // 6000) % 2 == 1] /= 10**0.5
    sign = furthest(ProgressWatch(countries()["au"].tones), heard.astype(np.int16))
    assert sign is not None
    assert (sign.proof, sign.tone.sign) == (1, "busy_tone")


def test_it_says_where_the_tone_began() -> None:
    heard = np.concatenate([tones.silence(2000), sound_of(BUSY_DE)])
    sign = furthest(ProgressWatch(countries()["de"].tones), heard)
    assert sign is not None
    assert abs(sign.since - 16000) < 400


@pytest.mark.parametrize(
    "tone",
    [
        ProgressTone("another frequency", (350,), (480, 480)),
        ProgressTone("another cadence", (425,), (330, 330)),
        ProgressTone("ringback", (425,), (1000, 4000)),
        ProgressTone("two sines where one belongs", (425, 850), (480, 480)),
    ],
    ids=lambda tone: tone.sign,
)
def test_a_tone_that_is_not_the_countrys_says_nothing(tone: ProgressTone) -> None:
    rows = [row for row in countries()["de"].tones if row.cadence_ms]
    assert proof(furthest(ProgressWatch(rows), sound_of(tone))) < 0.5


def test_two_sines_round_the_right_frequency_are_not_it() -> None:
    unobtainable = [row for row in countries()["uk"].tones if row.sign == "unobtainable_tone"]
    dial_tone = ProgressTone("dial_tone", (350, 440))
    assert proof(furthest(ProgressWatch(unobtainable), sound_of(dial_tone, -14))) < 0.2


@pytest.mark.parametrize("seconds", [1.0, 2.0])
def test_one_burst_or_two_cycles_prove_nothing(seconds: float) -> None:
    heard = np.concatenate([sound_of(BUSY_DE, seconds=seconds), tones.silence(3000)])
    assert proof(furthest(ProgressWatch(countries()["de"].tones), heard)) < 1


def test_a_note_held_with_vibrato_or_swelling_is_no_dial_tone() -> None:
    time = np.arange(8 * 8000) / 8000
    swelling = 4000 * (1 + 0.4 * np.sin(2 * np.pi * 0.7 * time)) * np.sin(2 * np.pi * 425 * time)
    vibrato = 4000 * np.sin(2 * np.pi * 425 * time + 6 * np.sin(2 * np.pi * 6 * time))
    for sung in (swelling, vibrato):
        assert proof(furthest(ProgressWatch(countries()["de"].tones), sung.astype(np.int16))) < 0.8


@pytest.mark.parametrize("echo_ms", [0, 60, 480])
def test_our_own_tone_that_comes_back_is_not_the_far_end(echo_ms: int) -> None:
    said = np.concatenate([sound_of(BUSY_DE, -14, seconds=8), tones.silence(1000)])
    heard = np.concatenate([tones.silence(echo_ms), said])[: said.size] // 4
    assert furthest(ProgressWatch(countries()["de"].tones), heard, said) is None


def test_busy_is_heard_while_a_prompt_is_spoken() -> None:
    prompt = np.random.default_rng(3).normal(0, 1500, 9 * 8000).astype(np.int16)
    heard = sound_of(BUSY_DE, -14, seconds=9) + prompt // 30
    assert proof(furthest(ProgressWatch(countries()["de"].tones), heard, prompt)) == 1


def test_lost_samples_break_a_cadence_and_move_time_on() -> None:
    watch = ProgressWatch(countries()["de"].tones)
    furthest(watch, sound_of(BUSY_DE, seconds=2.5))
    watch.skip(1600)
    assert watch.strongest is None
    sign = furthest(watch, np.concatenate([tones.silence(500), sound_of(BUSY_DE)]))
    assert sign is not None
    assert abs(sign.since - 8000 * 3.2) < 400


def test_a_new_call_starts_afresh() -> None:
    watch = ProgressWatch(countries()["de"].tones)
    furthest(watch, sound_of(BUSY_DE, seconds=2.5))
    watch.reset()
    assert watch.strongest is None


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=6400), st.binary(max_size=6400))
def test_any_sound_is_taken_and_proof_is_a_share(heard: bytes, said: bytes) -> None:
    size = min(len(heard), len(said)) // 320 * 160
    both = [np.frombuffer(raw[: 2 * size], dtype=np.int16) for raw in (heard, said)]
    assert proof(furthest(ProgressWatch(countries()["uk"].tones), *both)) < 0.5


def _sounds() -> list[Path]:
    """A piece of music, and one prompt of each 150, in every language that is there."""
    prompts = sorted((SOUNDS / "sounds").glob("*/**/*.wav"))
    files = [*sorted((SOUNDS / "moh").glob("*.wav"))[:1], *prompts[::150]]
    if not files:
        reason = f"no sounds in {SOUNDS}: install asterisk-core-sounds-en-wav and asterisk-moh-opsound-wav"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return files


def test_speech_and_music_are_no_tone_of_any_country() -> None:
    watch = ProgressWatch(dict.fromkeys(tone for _, tone in ROWS))
    for path in _sounds():
        with wave.open(str(path)) as sound:
            samples = np.frombuffer(sound.readframes(40 * 8000), dtype=np.int16)
        assert proof(furthest(watch, samples)) < 0.5, path.name
