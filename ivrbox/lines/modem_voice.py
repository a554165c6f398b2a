r"""The sound of a call over a modem: plays or records in turn (half duplex), or both at once (`+VTR`).

    NOTHING --AT+VTX--> PLAY     sound to the line, paced by the clock, `lead_ms` ahead of it
       |  \--AT+VRX--> RECORD   sound from the line, whose arrival is the clock
       '-----AT+VTR--> BOTH     both; arrival is the clock

Each stream is ended by the stop codes of the profile before another can begin.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.errors import LineError
from ivrbox.lines.modem_codec import shield
from ivrbox.lines.modem_formats import decode, encode
from ivrbox.lines.modem_ladder import answers
from ivrbox.lines.modem_survey import Doing
from ivrbox.units import FRAME_MS, FRAME_SAMPLES, ms_to_samples

if TYPE_CHECKING:
    from ivrbox.lines.line import Frame
    from ivrbox.lines.modem_dialogue import Dialogue
    from ivrbox.lines.modem_formats import Coding
    from ivrbox.lines.modem_profile import ProfileSpec

FRAME_S = FRAME_MS / 1000


class Stuck(LineError):
    """A stream took none of its stop codes."""


class Stream(StrEnum):
    """What the modem is doing with sound."""

    NOTHING = "nothing"
    PLAY = "play"
    RECORD = "record"
    BOTH = "both"

    @property
    def doing(self) -> Doing:
        """The same, in the words of the modem's own report masks."""
        return {Stream.PLAY: Doing.PLAYING, Stream.NOTHING: Doing.IDLE}.get(self, Doing.RECORDING)


class Voice:
    """Turns the modem's streams on and off, and carries their sound."""

    def __init__(self, dialogue: Dialogue, profile: ProfileSpec, coding: Coding) -> None:
        """Begin off-hook, with no stream."""
        self._dialogue = dialogue
        self._profile = profile
        self._coding = coding
        self._label = profile.hook.answer
        self._heard = bytearray()
        self._due = 0.0
        self._is_stuck = False
        self.stream = Stream.NOTHING

    def begin(self, stream: Stream) -> None:
        """End what is on, and begin this.

        Raises:
            Stuck: what is on does not end.
            Refused, Unanswered: the modem will not begin this.
            OSError: the port has gone.
        """
        self.end()
        if stream is Stream.NOTHING:
            return
        self._choose(self._profile.hook.play if stream is Stream.PLAY else self._profile.hook.record)
        command = {Stream.PLAY: "AT+VTX", Stream.RECORD: "AT+VRX", Stream.BOTH: "AT+VTR"}[stream]
        self._dialogue.ask(command, brings_audio=stream is not Stream.PLAY)
        self.stream = stream
        if stream is not Stream.RECORD:
            self._lead()

    def end(self) -> None:
        """End the stream; what lies in the modem's buffer is thrown away. Raises as `begin`."""
        stop = self._profile.stop
        codes = {Stream.PLAY: stop.play, Stream.RECORD: stop.record, Stream.BOTH: stop.duplex}.get(self.stream, ())
        if self._is_stuck:  # what did not help a moment ago only costs time
            raise Stuck(f"{self.stream} does not end")
        for tried, code in enumerate(codes):
            self._dialogue.send(code)
            has_ended = self._dialogue.says_ok(stop.wait_ms / 1000)
            self._dialogue.decoder.to_text()
            if has_ended or answers(self._dialogue):  # it may have ended the stream by itself, and not said so
                if tried or not has_ended:
                    self._dialogue.rest(stop.wait_ms / 1000)  # an earlier code may be answered late
                self.ended()
                return
        if codes:
            self._is_stuck = True
            raise Stuck(f"none of {len(codes)} stop codes ended {self.stream}")

    def flash(self) -> None:
        """Press the hook for a moment, with no stream on; raises as `begin`."""
        self._dialogue.ask("AT+VLS=0")
        self._dialogue.rest(self._profile.hook.flash_ms / 1000)
        self._dialogue.ask(f"AT+VLS={self._label}")

    def ended(self) -> None:
        """The stream is over: by `end`, or by the modem itself."""
        self._dialogue.decoder.to_text()
        self._heard.clear()
        self.stream = Stream.NOTHING

    def say(self, frame: Frame) -> float:
        """Send one frame, int16 (160,); give the time when the next one is due."""
        now = self._dialogue.wire.now()
        if now - self._due > self._profile.pace.lead_ms / 1000:
            self._lead()  # the box stalled for longer than the modem had sound for
        self._send(frame)
        self._due += FRAME_S
        return self._due

    def take(self, data: bytes) -> None:
        """Keep sound that came."""
        self._heard += data

    def hear(self) -> Frame | None:
        """One frame heard, int16 (160,); None until enough has come."""
        size = FRAME_SAMPLES * self._coding.width
        if len(self._heard) < size:
            return None
        frame = decode(bytes(self._heard[:size]), self._coding)
        del self._heard[:size]
        return frame

    def _lead(self) -> None:
        """Silence that lies ready in the modem, so that a late frame makes no gap."""
        self._due = self._dialogue.wire.now()
        self._send(np.zeros(ms_to_samples(self._profile.pace.lead_ms), dtype=np.int16))

    def _send(self, samples: Frame) -> None:
        self._dialogue.send(shield(encode(samples, self._coding)))

    def _choose(self, label: int) -> None:
        if label != self._label:
            self._dialogue.ask(f"AT+VLS={label}")
            self._label = label
