"""A sound card as line, with pins of a Raspberry Pi for what a card cannot: going off-hook, and seeing it ring.

    on-hook    pins --> RingWatch --> Ringing         card --> CallerIdReceiver --> CallerId
    off-hook   card <--> frames                       card, loop pin --> FarEndWatch --> RemoteHungUp

Without a ring pin, `ring_by_sound` lets a sound ring instead: that is the test line of a loop cable and a keypad.
"""

from __future__ import annotations

import gc
import logging
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ivrbox.dsp.callerid import CallerIdReceiver
from ivrbox.errors import IllegalTransition, LineError
from ivrbox.lines.countries import country
from ivrbox.lines.hook import LinePins
from ivrbox.lines.line import SILENCE, CallerId, Capabilities, Heard, Line, Ringing
from ivrbox.lines.ring import RingFact, RingWatch
from ivrbox.lines.sound_bell import SoundBell
from ivrbox.lines.sound_card import CardCounters, SoundCard
from ivrbox.lines.sound_options import read_options
from ivrbox.lines.watch import FarEndWatch
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.lines.line import Frame, LineEvent

log = logging.getLogger(__name__)

NUMBER_FRAMES: Final = 10
"""Frames that are looked through together for a caller's number: known 200 ms later, at a third of the work."""


class UsbAudio(Line):
    """A line through a sound card; see `hw/wiring.md` for what hangs on it, `sound_options` for the settings."""

    def __init__(
        self,
        name: str = "line",
        *,
        card: SoundCard | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        pin_factory: object | None = None,
        **options: Any,  # noqa: ANN401 - what the owner's file says, checked by `read_options`
    ) -> None:
        """Read the options; nothing is opened. `card`, `clock_ns`, `pin_factory` stand in for the machine's in tests.

        Raises:
            ConfigError: options that are unknown or not allowed, all of them.
            LineError: there is no such country.
        """
        self.name = name
        self._options = read_options(options)
        # A frame waits for its period to be full, then behind another period; its echo waits for one on its way back.
        self.capabilities = Capabilities(echo_frames=2 * (self._options.card.period_frames - 1))
        self._clock_ns = clock_ns
        self._pin_factory = pin_factory
        self._country = country(self._options.country)
        self._watch = FarEndWatch(self._country, self._options.rules)
        self._card = card or SoundCard(self._options.card)
        self._pins: LinePins | None = None
        self._off_hook = False
        self._listen_on_hook()

    @property
    def counters(self) -> CardCounters:
        """How the card fared in this call, or in the last one."""
        return self._card.counters

    @property
    def troubles(self) -> str:
        """What went wrong with the sound of this call, or of the last; nothing where nothing did."""
        return "" if self.counters.are_clean else f"sound: {self.counters}"

    def open(self) -> None:
        """Take the pins, then the card.

        Raises:
            LineError: one of them cannot be had; the message says which and why.
        """
        self._pins = LinePins(self._options.pins, clock_ns=self._clock_ns, factory=self._pin_factory)
        try:
            self._card.open()
        except LineError:
            self._release_pins()
            raise
        self._listen_on_hook()
        gc.collect()
        gc.freeze()  # what was made at start lives for long: the collector need not walk it in mid-call

    def close(self) -> None:
        """Hang up, then release card and pins; idempotent, safe after any fault."""
        self.hang_up()
        self._card.close()
        self._release_pins()
        gc.unfreeze()

    def answer(self) -> None:
        """Go off-hook.

        Raises:
            IllegalTransition: off-hook already, or not open.
        """
        pins = self._open_pins("answer")
        if self._off_hook:
            raise IllegalTransition(f"{self.name}: cannot answer off-hook; it was answered already")
        pins.off_hook()
        pins.ring_pulses_ms()  # what rang up to now is over
        pins.loop_broken_ms()  # and on-hook no current flows
        self._off_hook = True
        self._ring = RingWatch(self._country.ring_ms)
        self._watch.answered()
        self._card.start_counting()

    def hang_up(self) -> None:
        """Go on-hook; idempotent, safe after any fault."""
        if self._pins is not None:
            self._pins.on_hook()
        if self._off_hook:
            self._off_hook = False
            self._listen_on_hook()
            log.info("%s: sound of this call: %s", self.name, self.counters)

    def exchange(self, said: Frame | None) -> Heard:
        """Say one frame (None: silence) and hear one; waits for the card.

        Raises:
            IllegalTransition: the line is not open, or something is to be said on-hook.
            LineError: what is to be said is not 160 samples of int16.
            LineLost: the card is gone.
        """
        pins = self._open_pins("exchange")
        if said is not None:
            self._check_said(said)
        frame_said = SILENCE if said is None else said
        self._card.write(frame_said)
        heard, lost = self._card.read()
        if self._off_hook:
            return Heard(heard, self._events_off_hook(pins, heard, frame_said, lost), lost)
        return Heard(heard, self._events_on_hook(pins, heard, lost), lost)

    def _events_off_hook(self, pins: LinePins, heard: Frame, said: Frame, lost: int) -> tuple[LineEvent, ...]:
        if RingFact.REVERSAL in self._ring_facts(pins):
            self._watch.reversal()
        verdict = self._watch.push(heard, said, lost=lost, loop_broken_ms=pins.loop_broken_ms())
        return () if verdict is None else (verdict,)

    def _events_on_hook(self, pins: LinePins, heard: Frame, lost: int) -> tuple[LineEvent, ...]:
        rings = self._ring_facts(pins).count(RingFact.RING) + (self._bell.push(heard) if self._bell else 0)
        return (*[Ringing()] * rings, *self._callers(heard, lost, at_once=bool(rings)))

    def _callers(self, heard: Frame, lost: int, *, at_once: bool) -> list[CallerId]:
        """Look for a number in what was heard, if that is enough by now, or if the ringing may soon be answered."""
        callers: list[CallerId] = []
        if lost:
            callers = self._read_number()
            self._caller_id.skip(lost)
        self._unread.append(heard)
        if at_once or len(self._unread) == NUMBER_FRAMES:
            callers += self._read_number()
        return callers

    def _read_number(self) -> list[CallerId]:
        heard = np.concatenate(self._unread) if self._unread else SILENCE[:0]
        self._unread.clear()
        return [CallerId(caller.number, caller.name) for caller in self._caller_id.push(heard)]

    def _ring_facts(self, pins: LinePins) -> list[RingFact]:
        if not pins.can_ring:
            return []
        facts = self._ring.push(pins.ring_pulses_ms(), self._clock_ns() / 1e6)
        for fact in facts:
            log.debug("%s: %s", self.name, fact)
        return facts

    def _listen_on_hook(self) -> None:
        self._ring = RingWatch(self._country.ring_ms)
        self._caller_id = CallerIdReceiver()
        self._unread: list[Frame] = []
        self._bell = SoundBell() if self._options.ring_by_sound else None

    def _open_pins(self, verb: str) -> LinePins:
        if self._pins is None:
            raise IllegalTransition(f"{self.name}: cannot {verb} a line that is not open")
        return self._pins

    def _release_pins(self) -> None:
        if self._pins is not None:
            self._pins.close()
            self._pins = None

    def _check_said(self, said: Frame) -> None:
        if not self._off_hook:
            raise IllegalTransition(f"{self.name}: cannot speak on-hook; answer first")
        if said.shape != (FRAME_SAMPLES,) or said.dtype != np.int16:
            raise LineError(
                f"{self.name}: a frame said must be {FRAME_SAMPLES} samples of int16, "
                f"not {said.dtype} of shape {said.shape}"
            )
