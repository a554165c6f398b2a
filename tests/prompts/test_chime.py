"""The chime can stand where words should be: heard, short, soft, and no key."""

from __future__ import annotations

import numpy as np

from ivrbox.prompts.chime import chime
from ivrbox.prompts.levels import active_level


def test_chime_is_soft_short_and_carries_the_words() -> None:
    clip = chime("Hello.")
    assert clip.text == "Hello."
    assert 0.3 < clip.duration_s < 1.5
    assert -30 < active_level(clip.samples) < -16


def test_chime_has_nothing_in_the_dtmf_band() -> None:
    power = np.abs(np.fft.rfft(chime("").samples)) ** 2
    hz = np.fft.rfftfreq(len(chime("").samples), 1 / 8000)
    assert power[hz > 670].sum() < 1e-3 * power.sum()


def test_chime_starts_and_ends_without_a_click() -> None:
    samples = chime("").samples.astype(int)
    assert abs(samples[0]) < 100
    assert np.abs(samples[-80:]).max() < 300
