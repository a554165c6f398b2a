"""The ear of a call: keys with their times, through our own prompt, and from lines that bring digits themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.calls.ear import DetectorEar, LineEar
from ivrbox.dialog.events import KeyPressed, KeyReleased
from ivrbox.dsp import tones
from ivrbox.lines.line import SILENCE, CallerId, Digit, Heard
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from numpy.typing import NDArray


def frames_of(samples: NDArray[np.int16]) -> list[NDArray[np.int16]]:
    padded = np.concatenate([samples, np.zeros(-samples.size % FRAME_SAMPLES, dtype=np.int16)])
    return list(padded.reshape(-1, FRAME_SAMPLES))


def test_a_key_is_pressed_at_its_onset_and_released_at_its_end() -> None:
    ear = DetectorEar()
    sound = np.concatenate([np.zeros(1000, np.int16), tones.key("5", ms=80, row_dbm0=-20.0), np.zeros(1600, np.int16)])
    pressed, released = (key for frame in frames_of(sound) for key in ear.listen(Heard(frame), SILENCE))
    assert isinstance(pressed, KeyPressed)
    assert isinstance(released, KeyReleased)
    assert pressed.digit == released.digit == "5"
    assert abs(pressed.at - 1000) <= 40
    assert abs(released.at - 1640) <= 40


def test_no_key_is_told_before_the_horizon_that_was_vouched_for() -> None:
    ear = DetectorEar()
    sound = np.concatenate([np.zeros(777, np.int16), tones.keys("147", row_dbm0=-20.0), np.zeros(1600, np.int16)])
    horizon = 0
    for frame in frames_of(sound):
        keys = ear.listen(Heard(frame), SILENCE)
        assert all(key.at >= horizon for key in keys if isinstance(key, KeyPressed))
        assert ear.horizon >= horizon
        horizon = ear.horizon
    assert horizon >= sound.size - 480


def test_lost_samples_move_the_time_of_what_follows() -> None:
    ear = DetectorEar()
    sound = np.concatenate([np.zeros(320, np.int16), tones.key("9", row_dbm0=-20.0), np.zeros(800, np.int16)])
    first, *rest = frames_of(sound)
    ear.listen(Heard(first, lost=8000), SILENCE)
    keys = [key for frame in rest for key in ear.listen(Heard(frame), SILENCE)]
    assert abs(keys[0].at - 8320) <= 40


def test_a_key_that_is_held_when_the_line_goes_down_counts() -> None:
    ear = DetectorEar()
    keys = [
        key for frame in frames_of(tones.key("3", ms=60, row_dbm0=-20.0)) for key in ear.listen(Heard(frame), SILENCE)
    ]
    keys += ear.finish()
    assert [type(key).__name__ for key in keys] == ["KeyPressed", "KeyReleased"]


def keys_through_echo(ear: DetectorEar, echo_db: float, delay: int) -> str:
    """Keys 1, 5 and # while a prompt is said, whose echo comes so many samples later."""
    rng = np.random.default_rng(7)
    prompt = np.rint(np.convolve(rng.normal(0, 3000, 8000 * 6), np.ones(4) / 4, "same")).astype(np.int16)
    heard = np.zeros_like(prompt)
    heard[delay:] = (prompt[:-delay] * 10 ** (echo_db / 20)).astype(np.int16)
    for at, digit in ((16000, "1"), (24000, "5"), (32000, "#")):
        key = tones.key(digit, ms=80, row_dbm0=-20.0)
        heard[at : at + key.size] += key
    keys = [
        key
        for frame, said in zip(frames_of(heard), frames_of(prompt), strict=True)
        for key in ear.listen(Heard(frame), said)
    ]
    return "".join(key.digit for key in keys if isinstance(key, KeyPressed))


@pytest.mark.parametrize("echo_db", [-10.0, -6.0])
def test_keys_are_heard_through_the_echo_of_our_own_voice(echo_db: float) -> None:
    assert keys_through_echo(DetectorEar(), echo_db, delay=160) == "15#"


@pytest.mark.parametrize("echo_frames", [2, 6])
def test_an_echo_that_a_line_brings_late_is_looked_for_late(echo_frames: int) -> None:
    late = (echo_frames + 1) * FRAME_SAMPLES
    assert keys_through_echo(DetectorEar(echo_frames), 6.0, late) == "15#"
    assert keys_through_echo(DetectorEar(), 6.0, late + 6 * FRAME_SAMPLES) == ""


def test_a_lines_own_digits_are_stamped_with_their_frame() -> None:
    ear = LineEar()
    assert ear.listen(Heard(SILENCE), SILENCE) == []
    assert ear.horizon == 160
    keys = ear.listen(Heard(SILENCE, (CallerId("1"), Digit("7")), lost=320), SILENCE)
    assert keys == [KeyPressed("7", 480), KeyReleased("7", 480)]
    assert ear.horizon == 640
    assert ear.finish() == []
