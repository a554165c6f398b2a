"""Whose turn it is on a half-duplex modem, which either plays or records: decided from what the box says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ivrbox.lines.modem_survey import Doing
from ivrbox.units import FRAME_MS

if TYPE_CHECKING:
    from ivrbox.lines.line import Frame

AUDIBLE = 128
"""A sample below this is rounded to silence by 8-bit coding (half a step of 256)."""

AFTER_KEY = 300 // FRAME_MS
"""Frames (300 ms): silence that begins so soon after a key is a prompt that was cut, no pause: listen at once."""


class Turns:
    """Sound turns the modem to playing at once; silence turns it to recording after a while, since turning costs.

    A pause inside a prompt is shorter than `listen_after_ms` and turns nothing; a prompt that a key has cut does not
    wait so long, so that what lies in the modem's buffer is thrown away and the caller hears silence.
    """

    def __init__(self, listen_after_ms: int) -> None:
        """A call begins by listening."""
        self._listen_after = listen_after_ms // FRAME_MS
        self._doing = Doing.RECORDING
        self._silent = 0
        self._since_key = AFTER_KEY

    def key_heard(self) -> None:
        """The caller has pressed a key."""
        self._since_key = 0

    def next(self, said: Frame) -> Doing:
        """What the modem should do for this frame, int16 (160,)."""
        self._since_key += 1
        if np.abs(said.astype(np.int32)).max() >= AUDIBLE:
            self._doing, self._silent = Doing.PLAYING, 0
        elif self._doing is Doing.PLAYING:
            self._silent += 1
            if self._silent >= self._listen_after or self._since_key <= AFTER_KEY:
                self._doing = Doing.RECORDING
        return self._doing
