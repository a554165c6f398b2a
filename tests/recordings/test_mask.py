from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.recordings import GUARD_SAMPLES, Recorder, Spool
from ivrbox.recordings.delay import DelayLine
from ivrbox.recordings.mask import Mask
from ivrbox.units import FRAME_SAMPLES, SAMPLE_RATE, amplitude_to_dbm0

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Speak = Callable[[Recorder, NDArray[np.int16]], None]
    Noise = Callable[..., NDArray[np.int16]]

DELAY = 2400


def kept(recorder: Recorder) -> NDArray[np.int16]:
    recorder.end()
    return np.concatenate([chunk.copy() for chunk in recorder.content()])


def test_a_mask_is_exact_to_the_sample_and_keeps_the_length(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder, sound = Recorder(spool, guard_samples=0), noise(100)
    speak(recorder, sound)
    recorder.mask_span(9001, 9100)
    heard = kept(recorder)
    assert len(heard) == len(sound)
    assert not heard[9001:9100].any()
    assert (heard[:9001] == sound[:9001]).all()
    assert (heard[9100:] == sound[9100:]).all()


def test_a_mask_reaches_back_to_before_it_was_asked_for(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder, sound = Recorder(spool, guard_samples=0, delay_samples=DELAY), noise(200)
    speak(recorder, sound[: 80 * FRAME_SAMPLES])
    recorder.mask(recorder.position - DELAY)
    speak(recorder, sound[80 * FRAME_SAMPLES : 120 * FRAME_SAMPLES])
    recorder.unmask(recorder.position - 50)
    speak(recorder, sound[120 * FRAME_SAMPLES :])
    heard, first, last = kept(recorder), 80 * FRAME_SAMPLES - DELAY, 120 * FRAME_SAMPLES - 50
    assert not heard[first:last].any()
    assert (heard[:first] == sound[:first]).all()
    assert (heard[last:] == sound[last:]).all()


def test_a_mask_later_than_the_delay_line_still_hides(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder, sound = Recorder(spool, guard_samples=0, delay_samples=0), noise(300)
    speak(recorder, sound)
    recorder.mask_span(100, 400)
    recorder.mask(20000)
    recorder.unmask(30000)
    heard = kept(recorder)
    assert not heard[100:400].any()
    assert not heard[20000:30000].any()
    assert (heard[400:20000] == sound[400:20000]).all()
    assert (heard[30000:] == sound[30000:]).all()


def test_nothing_masked_is_in_the_memory_that_is_sealed_from(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder, sound = Recorder(spool, guard_samples=0, delay_samples=DELAY), noise(300)
    speak(recorder, sound)
    recorder.mask_span(46000, 47500)
    recorder.end()
    chunks = np.concatenate([chunk.copy() for chunk in spool.chunks()])
    assert not chunks[46000:47500].any()


def test_the_soft_tone_is_soft_and_its_phase_runs_on(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder = Recorder(spool, guard_samples=0, tone=True)
    speak(recorder, noise(100))
    recorder.mask_span(1234, 12345)
    tone = kept(recorder)[1234:12345].astype(float)
    assert (tone[:, 0] == tone[:, 1]).all()
    spectrum = np.abs(np.fft.rfft(tone[:8000, 0])) / 4000
    assert np.argmax(spectrum) == 400  # one bin a hertz
    assert amplitude_to_dbm0(spectrum[400]) == pytest.approx(-32, abs=0.2)
    assert np.sum(spectrum**2) - spectrum[400] ** 2 < 0.5, "a jump in its phase would spread over the spectrum"


def test_both_directions_are_masked_when_frames_are_lost_in_between(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder, sound = Recorder(spool, guard_samples=0), noise(50)
    speak(recorder, sound)
    recorder.mask(recorder.position)
    recorder.lost(777)
    speak(recorder, sound)
    recorder.unmask(recorder.position)
    speak(recorder, sound)
    heard = kept(recorder)
    assert len(heard) == 3 * len(sound) + 777
    assert not heard[len(sound) : 2 * len(sound) + 777].any()
    assert (heard[-len(sound) :] == sound).all()


@settings(max_examples=40)
@given(
    spans=st.lists(st.tuples(st.integers(-100, 30000), st.integers(0, 4000), st.integers(0, 9000)), max_size=6),
    delay=st.integers(0, 7840),
    frames=st.integers(1, 180),
)
def test_any_masks_asked_for_at_any_time_hide_their_spans_and_nothing_else(
    spans: list[tuple[int, int, int]], delay: int, frames: int
) -> None:
    sound = np.full((frames * FRAME_SAMPLES, 2), 1234, np.int16)
    spool = Spool(4)
    recorder, expected = Recorder(spool, guard_samples=0, delay_samples=delay), sound.copy()
    asked = sorted((start + length + late, start, start + length) for start, length, late in spans)
    for begin in range(0, len(sound), FRAME_SAMPLES):
        frame = sound[begin : begin + FRAME_SAMPLES]
        recorder.push(frame[:, 0], frame[:, 1])
        while asked and asked[0][0] <= recorder.position:
            _, start, end = asked.pop(0)
            recorder.mask_span(start, end)
            expected[max(start, 0) : max(end, 0)] = 0
    assert (kept(recorder) == expected).all()


def test_an_earlier_start_widens_an_open_mask() -> None:
    mask, sound = Mask(), np.ones((400, 2), np.int16)
    mask.begin(200)
    mask.begin(100)
    mask.end(300)
    mask.apply(sound, 0)
    assert sound[:, 0].tolist() == [1] * 100 + [0] * 200 + [1] * 100


def test_a_delay_longer_than_the_desk_is_refused(spool: Spool) -> None:
    with pytest.raises(ValueError, match=f"must be 0 to 7840 samples, not {SAMPLE_RATE}"):
        Recorder(spool, guard_samples=0, delay_samples=SAMPLE_RATE)
    with pytest.raises(ValueError, match="not -1"):
        DelayLine(spool, Mask(), -1)
    Recorder(spool, guard_samples=0)  # and the spool was not taken meanwhile


def test_a_mask_is_a_little_wider_than_the_detector_says(spool: Spool, speak: Speak, noise: Noise) -> None:
    recorder, sound = Recorder(spool), noise(100)
    speak(recorder, sound)
    recorder.mask_span(5000, 6000)
    recorder.mask(9000)
    recorder.unmask(9500)
    heard = kept(recorder)
    masked = np.nonzero(~heard.any(axis=1))[0]
    assert masked.tolist() == [*range(5000 - GUARD_SAMPLES, 6000 + GUARD_SAMPLES), *range(8840, 9660)]
