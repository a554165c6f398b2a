"""The living call: a frame heard goes in, a frame to say comes out, and nothing in between waits.

    heard --> ear --> keys --.
      |       line events ---+--> agenda --> dialog --> effects --> mouth --> said
      |       backstage news-'   (in order              |  |  |       |
      |                           of time)         timers  |  message |
      '--> recorder <--------------------------------------'----------'

The call owns its parts and carries the dialog's effects out; it has no opinion on what is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivrbox.calls import signals
from ivrbox.calls.agenda import Agenda
from ivrbox.calls.backstage import ClipMade, DiscardWanted, DiscardWritten, FunctionAnswered, FunctionBroke
from ivrbox.calls.keytrace import KeyTrace
from ivrbox.calls.message import MessageTaker
from ivrbox.calls.mouth import Mouth
from ivrbox.calls.state import CallMove, CallState, after
from ivrbox.dialog import effects as fx
from ivrbox.dialog.events import Answered, FunctionRaised, FunctionReturned, HungUp, TransferFailed
from ivrbox.errors import DiscardTooLate
from ivrbox.lines.line import SILENCE, RemoteHungUp
from ivrbox.recordings import RecordingState
from ivrbox.units import FRAME_SAMPLES, samples_to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.calls.backstage import Backstage, News
    from ivrbox.calls.ear import Ear
    from ivrbox.calls.message import Message
    from ivrbox.dialog.effects import Effect
    from ivrbox.dialog.events import Event
    from ivrbox.dialog.interpreter import Dialog
    from ivrbox.dialog.turns import Turn
    from ivrbox.lines.line import Heard
    from ivrbox.prompts.clip import Clip
    from ivrbox.recordings import Recorder


@dataclass(frozen=True, slots=True)
class CallNote:
    """A fact worth keeping about a call: what happened at which second. Never holds a digit."""

    at_s: float
    what: str
    detail: str = ""


@dataclass(slots=True)
class CallParts:
    """What a call is made of; the appliance builds them."""

    dialog: Dialog
    ear: Ear
    recorder: Recorder
    new_message: Callable[[], Recorder]
    backstage: Backstage
    realtime: bool = True
    can_flash: bool = False


class Call:
    """One call, from off-hook to the end of its last function. See the module for the way a frame goes.

    `flash_wanted` is set when the hook is to be pressed before the next frame; whoever owns the line clears it.
    `samples_lost` counts what the line has lost of the caller's sound.
    """

    def __init__(self, parts: CallParts, caller_number: str | None = None, clock: datetime | None = None) -> None:
        """Take the parts; nothing happens before `answered`. `clock` is the local time, for business hours."""
        self._dialog = parts.dialog
        self._ear = parts.ear
        self._recorder = parts.recorder
        self._backstage = parts.backstage
        self._realtime = parts.realtime
        self._can_flash = parts.can_flash
        self._answer = Answered(0, caller_number, clock)
        self._agenda = Agenda()
        self._mouth = Mouth(parts.backstage, self._agenda)
        self._message = MessageTaker(parts.new_message)
        self._trace = KeyTrace()
        self._recorder.attach(self._trace.forget)
        self._state = CallState.RINGING
        self._clock = 0
        self._said: NDArray[np.int16] = SILENCE
        self.samples_lost = 0
        self._function_runs = False
        self._function_awaits_discard = False
        self.flash_wanted = False
        self.ended: str | None = None
        self.notes: list[CallNote] = []
        self._carry_out: dict[type[Effect], Callable[..., None]] = {
            fx.Say: self._mouth.say,
            fx.PlayTone: lambda effect: self._mouth.play(signals.tone(effect.tone)),
            fx.Dial: lambda effect: self._mouth.play(signals.dialled(effect.number)),
            fx.Flash: self._flash,
            fx.Hush: lambda _: self._mouth.hush(self._clock),
            fx.StartTimer: lambda effect: self._agenda.start(effect.timer, effect.deadline),
            fx.StopTimer: lambda effect: self._agenda.stop(effect.timer),
            fx.Run: self._run,
            fx.Mask: lambda effect: self._mask(effect.since),
            fx.Unmask: lambda effect: self._unmask(effect.until),
            fx.Discard: lambda _: self._discard(),
            fx.StartMessage: lambda effect: self._message.start(effect.since, effect.silence),
            fx.StopMessage: lambda effect: self._message.stop(effect.until),
            fx.KeepMessage: lambda effect: self._message.keep(effect.box, if_spoken=effect.if_spoken),
            fx.DropMessage: lambda _: self._message.drop(),
            fx.Note: lambda effect: self.note(effect.what, effect.detail),
            fx.HangUp: lambda effect: self._gone(effect.reason),
        }

    @property
    def is_up(self) -> bool:
        """Whether frames are still to be exchanged."""
        return self._state is CallState.UP

    @property
    def duration_s(self) -> float:
        """Seconds since off-hook, counted in samples."""
        return samples_to_seconds(self._clock)

    @property
    def is_speaking(self) -> bool:
        """Whether a prompt is being said, or waits to be."""
        return self._mouth.is_speaking(self._clock)

    @property
    def clock(self) -> int:
        """Samples since off-hook."""
        return self._clock

    @property
    def prompt_began(self) -> int:
        """The sample at which the last prompt, or several without a pause between them, began to be said."""
        return self._mouth.began

    @property
    def prompt_ended(self) -> int:
        """The sample at which the last prompt that is over had ended."""
        return self._mouth.ended

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The conversation so far."""
        return tuple(self._dialog.turns)

    @property
    def path(self) -> tuple[str, ...]:
        """The steps that were visited, each as `flow.step`."""
        return tuple(self._dialog.path)

    @property
    def taken(self) -> frozenset[str]:
        """What was taken of the flows so far: steps (`flow.step`) and branches (`flow.step.on.1`)."""
        return self._dialog.taken

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages that the caller left and wanted kept."""
        return tuple(self._message.kept)

    @property
    def key_trace(self) -> list[tuple[float, str]]:
        """What the ear heard and refused: seconds and words, private keys hidden; empty once the call was discarded."""
        return self._trace.lines()

    def note(self, what: str, detail: str = "") -> None:
        """Keep a fact for the record and the log."""
        self.notes.append(CallNote(self.duration_s, what, detail))

    def answered(self) -> None:
        """Begin: the line has gone off-hook."""
        self._state = after(self._state, CallMove.ANSWERED)
        self._handle(self._answer)
        self._collect_news()

    def step(self, heard: Heard) -> NDArray[np.int16]:
        """Take the frame heard while the last one was said; give the next one to say, int16 (160,). Never waits."""
        self._listen(heard)
        self._collect_news()
        self._settle(self._ear.horizon)
        self._said = self._mouth.next_frame(self._clock)
        self.flash_wanted |= self._mouth.passes_mark()
        return self._said

    def hang_up(self, reason: str) -> None:
        """End the call from outside: the box stops, or the wire was lost. No effect on a call that is over."""
        if self.is_up:
            self._hear_out(reason)

    def abandon(self, reason: str) -> None:
        """End the call without asking any of its parts, since one of them is at fault."""
        self._gone(reason)

    def wrap_up(self) -> None:
        """Finish what outlives the line, once it is on-hook; this may wait for a function, up to its limit.

        A function that is still running is heard out, since it may wish the recording gone. Then the opt-out window
        closes for good, and the end function runs.
        """
        self._hear_function_out()
        self._message.drop()
        if self.samples_lost:
            self.note("samples_lost", f"{samples_to_seconds(self.samples_lost):.2f} s in all")
        self._state = after(self._state, CallMove.SETTLED)
        self._recorder.end()
        request = self._dialog.end_request()
        if request is not None:
            self._run(fx.Run(request))
            self._hear_function_out()
        self._state = after(self._state, CallMove.ENDED)

    # Hearing

    def _listen(self, heard: Heard) -> None:
        began = self._clock + heard.lost
        self._clock = began + FRAME_SAMPLES
        if heard.lost:
            self._recorder.lost(heard.lost)
            self.samples_lost += heard.lost
        self._recorder.push(heard.frame, self._said)
        if (silence := self._message.push(heard.frame, began)) is not None:
            self._agenda.put(silence)
        for key in self._ear.listen(heard, self._said):
            self._key(key)
        self._trace.add(self._ear.explain())
        for event in heard.events:
            if isinstance(event, RemoteHungUp):
                self._recorder.trim(event.tail_samples)
                self._message.far_end_left(self._clock - event.tail_samples)
                if event.evidence:
                    self.note("far_end_gone", event.evidence)
                self.hang_up(event.reason)

    def _key(self, key: Event) -> None:
        """A key is handled at its own time: after all that was due before its onset, before all that is due later."""
        self._settle(key.at)
        if self.is_up:
            self._handle(key)

    def _hear_out(self, reason: str) -> None:
        """The line goes down: a key that is still in the ear counts, then the dialog hears of the end."""
        for key in self._ear.finish():
            self._key(key)
        self._trace.add(self._ear.explain())
        self._settle(self._clock)
        if self.is_up:
            self._handle(HungUp(reason, self._clock))
            self._gone(reason)

    def _settle(self, horizon: int) -> None:
        while self.is_up and (event := self._agenda.next_until(horizon)) is not None:
            self._handle(event)

    def _handle(self, event: Event) -> None:
        for effect in self._dialog.handle(event):
            self._carry_out[type(effect)](effect)

    # News from backstage

    def _collect_news(self) -> None:
        """Live, look once; where time is not real, wait until nothing is under way, so that every run is the same."""
        self._take(self._backstage.news())
        while not self._realtime and self.is_up and (self._function_runs or self._mouth.is_waiting):
            self._take(self._backstage.wait())

    def _hear_function_out(self) -> None:
        while self._function_runs:
            self._take(self._backstage.wait())

    def _take(self, news: list[News]) -> None:
        for item in news:
            match item:
                case DiscardWanted():
                    self._discard_for_function()
                case DiscardWritten():
                    self._discard_written()
                case ClipMade(ticket, clip):
                    self._clip_made(ticket, clip)
                case FunctionAnswered(reply):
                    self._function_ended(FunctionReturned(reply, self._clock))
                case FunctionBroke(error):
                    self._function_ended(FunctionRaised(error, self._clock))

    def _clip_made(self, ticket: int, clip: Clip | None) -> None:
        self._mouth.clip_made(ticket, clip)
        if clip is None:
            self.note("prompt_not_spoken", "no voice could speak it; see the log")

    def _function_ended(self, event: FunctionReturned | FunctionRaised) -> None:
        self._function_runs = False
        if self.is_up:
            self._agenda.put(event)
        else:
            self._hear_too_late(event)

    def _hear_too_late(self, event: FunctionReturned | FunctionRaised) -> None:
        """Nobody is there to be spoken to: only `conv.state`, and what went wrong, still count."""
        self._dialog.handle(event)
        if isinstance(event, FunctionRaised):
            self.note("function_failed", str(event.error))

    # Effects

    def _run(self, effect: fx.Run) -> None:
        self._function_runs = True
        self._backstage.run(effect.request)

    def _mask(self, since: int) -> None:
        self._recorder.mask(since)
        self._trace.hide(since)

    def _unmask(self, until: int) -> None:
        self._recorder.unmask(until)
        self._trace.show(until)

    def _discard_for_function(self) -> None:
        self._function_awaits_discard = True
        try:
            self._discard()
        except DiscardTooLate as error:
            self._function_awaits_discard = False
            self._backstage.answer_discard(error)

    def _discard(self) -> None:
        """Zero the recording now; nothing more is said until the record has it too."""
        receipt = self._recorder.discard()
        if self._recorder.state is RecordingState.DISCARDED:
            self._mouth.hold()
            self._backstage.write_discard(receipt)
        else:
            self._discard_written()  # nothing was being recorded, so there is nothing to write

    def _discard_written(self) -> None:
        self._mouth.release()
        if self._function_awaits_discard:
            self._function_awaits_discard = False
            self._backstage.answer_discard(None)

    def _flash(self, _: fx.Flash) -> None:
        if self._can_flash:
            self._mouth.mark()
        else:
            self._agenda.put(TransferFailed(self._clock, "this line cannot flash the hook"))

    def _gone(self, reason: str) -> None:
        if self.is_up:
            self.ended = reason
            self._state = after(self._state, CallMove.GONE)
