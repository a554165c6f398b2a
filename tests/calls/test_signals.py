"""What the box plays that is no speech."""

from __future__ import annotations

import numpy as np
import pytest

from ivrbox.calls.signals import TONES, dialled, tone
from ivrbox.dsp.dtmf import find_keys


def test_a_dialled_number_is_heard_with_its_pauses() -> None:
    keys = find_keys(np.concatenate([dialled("555 01,2#"), np.zeros(800, np.int16)]))
    assert "".join(key.digit for key in keys) == "555012#"
    assert keys[5].onset_s - keys[4].onset_s > 2.0, "the comma waits"


@pytest.mark.parametrize("name", TONES)
def test_no_tone_is_a_key(name: str) -> None:
    sound = tone(name)
    assert sound.any()
    assert find_keys(sound) == []
