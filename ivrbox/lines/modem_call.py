"""One call over a modem, from off-hook to on-hook: frame by frame, with the turns that half duplex needs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivrbox.dsp.dtmf import DtmfDetector, KeyDown
from ivrbox.errors import LineError
from ivrbox.lines.line import SILENCE, Digit, Heard
from ivrbox.lines.modem_codec import Audio, StreamEnded, TextLine
from ivrbox.lines.modem_digits import GROUP_BEGINS, GROUP_ENDS
from ivrbox.lines.modem_survey import Doing
from ivrbox.lines.modem_turns import Turns
from ivrbox.lines.modem_voice import FRAME_S, Stream, Voice
from ivrbox.units import FRAME_SAMPLES, SAMPLE_RATE, frames_to_seconds, seconds_to_frames

if TYPE_CHECKING:
    from ivrbox.lines.line import Frame, LineEvent
    from ivrbox.lines.modem_dialogue import Dialogue, Stamped
    from ivrbox.lines.modem_news import News
    from ivrbox.lines.modem_profile import ProfileSpec
    from ivrbox.lines.modem_setup import Setup

log = logging.getLogger(__name__)

RESTARTS = 2
"""So often in a row a stream that ends or falls silent by itself is begun again, before the call is given up."""

WELL_AGAIN = seconds_to_frames(2)
"""A stream that has run for so many frames has recovered."""


class ModemCall:
    """A call. `exchange` says and hears a frame; the time that a turn takes is told as lost, since it is still time."""

    def __init__(self, name: str, dialogue: Dialogue, profile: ProfileSpec, setup: Setup, news: News) -> None:
        """Make the call; nothing is sent before `pick_up`."""
        self._name = name
        self._dialogue = dialogue
        self._profile = profile
        self._setup = setup
        self._news = news
        self._voice = Voice(dialogue, profile, setup.format.coding)
        self._turns = Turns(profile.pace.listen_after_ms)
        self._detector = DtmfDetector()
        self._duplex = False
        self._settled_at = 0.0
        self._owed_s = 0.0
        self._well = 0
        self._restarts = 0
        self._begun_again = 0

    def pick_up(self, *, duplex: bool) -> None:
        """Go off-hook; `duplex`: with both streams on from now on.

        Raises:
            Refused, Unanswered: the modem will not.
            OSError: the port has gone.
        """
        for command in ("AT+FCLASS=8", self._setup.select, f"AT+VLS={self._profile.hook.answer}"):
            self._dialogue.ask(command)
        self._news.begin_call(frozenset() if duplex else self._setup.digits_while)
        self._settled_at = self._dialogue.wire.now() + self._profile.hook.settle_ms / 1000
        if duplex:
            self._voice.begin(Stream.BOTH)
        self._duplex = duplex

    def end(self) -> None:
        """End the stream that is on; raises Stuck where it does not end, OSError where the port has gone."""
        self._voice.end()

    def flash(self) -> None:
        """Press the hook for a moment; the time that it takes is told as lost by the next frame. Raises as `end`."""
        began = self._now
        self._voice.end()
        self._voice.flash()
        self._owed_s += self._now - began

    @property
    def troubles(self) -> str:
        """What was survived, in words."""
        counts = {"underruns": self._news.underruns, "streams begun again": self._begun_again}
        return ", ".join(f"{number} {what}" for what, number in counts.items() if number)

    def exchange(self, said: Frame) -> Heard:
        """Say one frame and hear one. A modem that fails beyond repair is a caller who is gone (`modem_stuck`)."""
        events: list[LineEvent] = []
        try:
            frame = self._exchange(said, events)
        except LineError as error:
            log.warning("line %s: the call cannot go on: %s", self._name, error)
            events += self._news.hung_up("modem_stuck")
            frame = SILENCE
        return Heard(frame, tuple(events), self._pay_off())

    def _exchange(self, said: Frame, events: list[LineEvent]) -> Frame:
        if self._news.is_over:
            self._listen_until(self._now + FRAME_S, events)
            return SILENCE
        self._turn_to(self._wanted(said), events)
        if self._voice.stream is Stream.RECORD:
            return self._hear(events)
        due = self._voice.say(said)
        if self._voice.stream is Stream.BOTH:
            return self._hear(events)
        self._listen_until(due, events)
        return SILENCE

    @property
    def _now(self) -> float:
        return self._dialogue.wire.now()

    def _wanted(self, said: Frame) -> Stream:
        if self._duplex:
            return Stream.BOTH
        return Stream.PLAY if self._turns.next(said) is Doing.PLAYING else Stream.RECORD

    def _turn_to(self, stream: Stream, events: list[LineEvent]) -> None:
        if stream is self._voice.stream:
            return
        began, doing = self._now, self._voice.stream.doing
        if stream is Stream.PLAY:
            self._dialogue.rest(self._settled_at - began)
        self._voice.begin(stream)
        self._note(self._news.off_hook(self._dialogue.kept(), doing), events)
        self._news.presses.turned_over(self._now * 1000)
        self._detector = DtmfDetector()
        self._owed_s += self._now - began

    def _listen_until(self, due: float, events: list[LineEvent]) -> None:
        while (left := due - self._now) > 0:
            self._take(self._dialogue.listen(left), events)

    def _hear(self, events: list[LineEvent]) -> Frame:
        began = self._now
        while (frame := self._voice.hear()) is None and not self._news.is_over:
            left = began + self._profile.pace.stall_ms / 1000 - self._now
            if left <= 0 or self._voice.stream is Stream.NOTHING:
                self._stumble(events)
                self._owed_s += max(0.0, self._now - began - FRAME_S)
                break
            self._take(self._dialogue.listen(left), events)
        if frame is None:
            return SILENCE
        self._recover()
        self._detect(frame, events)
        return frame

    def _take(self, items: list[Stamped], events: list[LineEvent]) -> None:
        doing = self._voice.stream.doing
        for item, _ in items:
            if isinstance(item, Audio):
                self._voice.take(item.data)
            elif isinstance(item, StreamEnded) or (isinstance(item, TextLine) and item.text in {"OK", "ERROR"}):
                log.warning("line %s: the modem has ended %s by itself", self._name, self._voice.stream)
                self._voice.ended()
        self._note(self._news.off_hook(items, doing), events)

    def _detect(self, frame: Frame, events: list[LineEvent]) -> None:
        """The box's own detector, where the modem reports no digits while it records."""
        if self._duplex or Doing.RECORDING in self._setup.digits_while:
            return
        for report in self._detector.push(frame):
            codes = (GROUP_BEGINS, report.digit) if isinstance(report, KeyDown) else (GROUP_ENDS,)
            for code in codes:
                self._note(self._news.key(code, self._now * 1000), events)

    def _note(self, fresh: list[LineEvent], events: list[LineEvent]) -> None:
        if any(isinstance(event, Digit) for event in fresh):
            self._turns.key_heard()
        events += fresh

    def _stumble(self, events: list[LineEvent]) -> None:
        """The stream is silent, or has ended: begin it again with the next frame, if that has not failed already."""
        self._well = 0
        self._restarts += 1
        self._begun_again += 1
        log.warning("line %s: no sound comes; begun again %d of %d times", self._name, self._restarts, RESTARTS)
        if self._restarts > RESTARTS:
            events += self._news.hung_up("modem_stuck")
        elif self._voice.stream is not Stream.NOTHING:
            self._voice.end()

    def _recover(self) -> None:
        self._well += 1
        if self._well >= WELL_AGAIN:
            self._restarts = 0

    def _pay_off(self) -> int:
        """Samples of call time that have passed without a frame: turns, stalls, and what the ring had no room for."""
        self._owed_s += self._dialogue.wire.take_lost() / self._setup.format.coding.width / SAMPLE_RATE
        frames = int(self._owed_s / FRAME_S)
        self._owed_s -= frames_to_seconds(frames)
        return frames * FRAME_SAMPLES
