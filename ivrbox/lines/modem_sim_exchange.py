"""The telephone line that a simulated modem hangs on: a person at the far end, and an exchange that plays its tones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.dsp import tones
from ivrbox.dsp.dtmf import DtmfDetector, KeyDown
from ivrbox.lines.far_end import FarEnd, FarState
from ivrbox.lines.line import SILENCE, RemoteHungUp
from ivrbox.lines.track import SoundQueue, Track
from ivrbox.units import FRAME_SAMPLES, SAMPLE_RATE, seconds_to_samples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.lines.line import Frame, LineEvent

    Samples = NDArray[np.int16]

BUSY_AFTER = seconds_to_samples(1.0)
"""From the far end's hang-up to the exchange's busy tone."""

FLASH_AT_MOST = seconds_to_samples(1.0)
"""A loop that is open for longer is a call that has ended; no national flash lasts so long."""

_SURELY_SILENT = 10
"""Frames of silence (200 ms) after which no key can be under way."""

REPORT_EVERY = {"b": seconds_to_samples(4.0), "d": seconds_to_samples(3.0)}
"""Busy is reported every 4 s, dial tone every 3 s (Rockwell 1048, 1199)."""

_DIAL, _BUSY = tones.dial_tone(1.0), tones.busy(1.0)
"""One second each, which is a whole number of periods and of cadences."""


class Exchange:
    """The line as the modem's front end has it: a frame out, a frame in, and what its detectors make of it.

    The detectors are real: keys are found in the far end's sound, whatever is said meanwhile. `far` is the person.
    """

    def __init__(self) -> None:
        """A line on which nobody has called yet."""
        self.far = FarEnd()
        self.is_off_hook = False
        self.said = Track()
        """All that the modem has said since it last went off-hook, whether or not anyone was there to hear it."""
        self._tones = SoundQueue()
        self._detector = DtmfDetector()
        self._since = 0
        self._tone = ""
        self._open_for: int | None = None
        self._silent = 0

    def off_hook(self) -> None:
        """Pick up: the caller is answered, or there is dial tone; or it was a flash, and the call goes on."""
        if self.is_off_hook:
            return
        self.is_off_hook = True
        if self._open_for is not None:
            self._open_for = None
            self.far.flashes += 1
            return
        self.said.clear()
        self._tone, self._since = "d", 0
        self._detector = DtmfDetector()
        if self.far.state in {FarState.RINGING, FarState.GAVE_UP}:
            self.far.answered()
            self._tone = ""

    def on_hook(self, *, for_good: bool) -> None:
        """Put down; idempotent. Where it may be a flash (not `for_good`), the exchange waits a second to know."""
        if self.is_off_hook:
            self.is_off_hook = False
            self._tones.clear()
            self._open_for = 0
        if self._open_for is not None and for_good:
            self._clear_down()

    def sound(self, low: int, high: int, samples: int) -> None:
        """Sound a pair of tones to the line, after those that still sound; 0 Hz is silence."""
        heard = [(hertz, -10.0) for hertz in (low, high) if hertz]
        self._tones.put(tones.sines(heard, samples))

    def waits(self) -> tuple[LineEvent, ...]:
        """A frame goes by on-hook."""
        if self._open_for is not None:
            self._open_for += FRAME_SAMPLES
            if self._open_for > FLASH_AT_MOST:
                self._clear_down()
        return self.far.waits()

    def talks(self, said: Frame) -> tuple[Frame, list[str]]:
        """A frame goes by off-hook; give what is heard, and reports: digits down `1`, up `~`, `l`, `b`, `d`."""
        if len(self._tones):
            said = self._tones.take(FRAME_SAMPLES)
        self.said.append(said)
        heard, events = self.far.talks(said)
        reports = []
        if any(isinstance(event, RemoteHungUp) for event in events):
            self._tone, self._since = "b", -BUSY_AFTER
            reports.append("l")
        reports += self._keys(heard)
        return self._with_tone(heard, reports), reports

    def _keys(self, heard: Frame) -> list[str]:
        """What the detector makes of a frame; in a longer silence it need not be asked."""
        self._silent = 0 if heard.any() else self._silent + 1
        if self._silent > _SURELY_SILENT:
            return []
        return [key.digit if isinstance(key, KeyDown) else "~" for key in self._detector.push(heard)]

    def _clear_down(self) -> None:
        self._open_for = None
        self.far.box_hung_up()

    def _with_tone(self, heard: Frame, reports: list[str]) -> Frame:
        if not self._tone:
            return heard
        at, self._since = self._since, self._since + FRAME_SAMPLES
        if at < 0:
            return SILENCE
        if at and at % REPORT_EVERY[self._tone] == 0:
            reports.append(self._tone)
        sound = _DIAL if self._tone == "d" else _BUSY
        return sound[at % SAMPLE_RATE : at % SAMPLE_RATE + FRAME_SAMPLES]
