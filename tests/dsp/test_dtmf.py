"""The ear: every key, at any cut of the stream."""

from __future__ import annotations

import numpy as np
import pytest

from ivrbox.dsp import tones
from ivrbox.dsp.dtmf import DtmfDetector, KeyDown, find_keys


def test_every_key_is_heard() -> None:
    keypad = "123A456B789C*0#D"
    heard = find_keys(tones.keys(keypad, ms=50, gap_ms=50))
    assert "".join(key.digit for key in heard) == keypad


def test_key_down_comes_while_the_key_is_held() -> None:
    detector = DtmfDetector()
    events = detector.push(tones.key("5", ms=60))
    assert [event.digit for event in events if isinstance(event, KeyDown)] == ["5"]


def test_other_rates_are_refused_by_the_stream() -> None:
    with pytest.raises(ValueError, match="must be 8000 Hz, not 16000"):
        DtmfDetector(16000)


def test_no_samples_are_no_keys() -> None:
    assert DtmfDetector().push(np.zeros(0, dtype=np.int16)) == []
