"""A sound card to play into, and nothing else: what a keypad needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyaudio

from ivrbox.dsp.resample import Resampler
from ivrbox.errors import LineLost
from ivrbox.lines.sound_devices import choose_side, counted_chatter, open_side
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from ivrbox.lines.line import Frame


class SoundOutput:
    """Plays frames of 20 ms; `write` waits for the card, so it is the clock."""

    def __init__(self, name: str) -> None:
        """Open the device of this name.

        Raises:
            LineError: there is none, or it cannot be opened.
        """
        self._name = name
        with counted_chatter():
            self._audio = pyaudio.PyAudio()
            try:
                side = choose_side(self._audio, name, "output", None)
                self._stream = open_side(self._audio, side, "output")
            except BaseException:
                self._audio.terminate()
                raise
        self._channels = side.channels
        self._up = Resampler(SAMPLE_RATE, side.rate)

    def write(self, frame: Frame) -> None:
        """Play a frame, int16 (160,).

        Raises:
            LineLost: the card is gone.
        """
        raw = np.repeat(self._up.push(frame), self._channels).tobytes()
        try:
            self._stream.write(raw, exception_on_underflow=False)
        except OSError as error:
            raise LineLost(f"sound output {self._name!r}: the card is gone: {error}") from error

    def close(self) -> None:
        """Release the card."""
        self._stream.close()
        self._audio.terminate()
