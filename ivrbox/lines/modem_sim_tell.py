"""What a simulated modem tells unasked, with the habits of its kind: keys that are pressed, and calls that come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ivrbox.lines.far_end import FarState
from ivrbox.lines.line import CallerId, Ringing
from ivrbox.units import ms_to_samples, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.lines.modem_sim_commands import Commands
    from ivrbox.lines.modem_sim_exchange import Exchange
    from ivrbox.lines.modem_sim_spec import Behaviour

REPEAT = ms_to_samples(70)
"""A held digit is told again each 70 ms (V.253)."""

CALLER_ID_AFTER = seconds_to_samples(0.6)
"""From a ring to its caller ID: FSK starts at least 500 ms after the first burst."""

RING_AFTER_ID = seconds_to_samples(0.4)


class Voice(Protocol):
    """How the modem speaks to its computer, and how it waits."""

    def report(self, code: str) -> None:
        """Send `DLE code`, in voice class."""

    def print(self, text: str) -> None:
        """Send a line of text."""

    def later(self, samples: int, act: Callable[[], None]) -> None:
        """Do this after so many samples."""


class Keys:
    """Tells of keys, as its detector hears them go down and come up."""

    def __init__(self, behaviour: Behaviour, voice: Voice) -> None:
        """Begin with no key held."""
        self._behaviour = behaviour
        self._voice = voice
        self._held = ""

    def down(self, digit: str) -> None:
        """A key went down."""
        if self._behaviour.digits == "once":
            self._voice.report(digit)
            return
        self._voice.report("/")
        self._voice.report(digit)
        if self._behaviour.digits == "pulse":
            self._voice.report(self._behaviour.dtmf_end)
            return
        self._held = digit
        self._voice.later(REPEAT, lambda: self._repeat(digit))

    def up(self) -> None:
        """The key came up."""
        if self._held:
            self._held = ""
            self._voice.report(self._behaviour.dtmf_end)

    def forget(self) -> None:
        """Nobody listens to keys now."""
        self._held = ""

    def _repeat(self, digit: str) -> None:
        if self._held == digit:
            self._voice.report(digit)
            self._voice.later(REPEAT, lambda: self._repeat(digit))


class Bell:
    """Tells of calls: the ring, and who it is."""

    def __init__(self, behaviour: Behaviour, exchange: Exchange, commands: Commands, voice: Voice) -> None:
        """`commands` knows the class the modem is in, and whether caller ID is wanted."""
        self._behaviour = behaviour
        self._exchange = exchange
        self._commands = commands
        self._voice = voice

    def listen(self) -> None:
        """A frame goes by on-hook."""
        comes_first = self._behaviour.caller_id_first
        for event in self._exchange.waits():
            if isinstance(event, Ringing):
                self._voice.later(RING_AFTER_ID if comes_first else 0, self._ring)
            elif isinstance(event, CallerId) and self._commands.wants_caller_id:
                self._tell_later(event, 0 if comes_first else CALLER_ID_AFTER)

    def _tell_later(self, caller: CallerId, samples: int) -> None:
        self._voice.later(samples, lambda: self._tell(caller))

    @property
    def _still_rings(self) -> bool:
        return self._exchange.far.state is FarState.RINGING

    def _ring(self) -> None:
        if not self._still_rings:
            return
        if self._commands.voice_class == 0 or self._behaviour.ring != "code":
            self._voice.print("RING")
        if self._behaviour.ring != "word":
            self._voice.report("R")

    def _tell(self, caller: CallerId) -> None:
        if not self._still_rings:
            return
        number = caller.number or "P"
        lines = ["DATE=1122", "TIME=2345", f"NMBR={number}", *([f"NAME={caller.name}"] if caller.name else [])]
        if self._behaviour.caller_id == "ddn":
            lines = [f"DDN_NMBR= {number}"]
        elif self._behaviour.caller_id == "spaced":
            lines = [line.replace("=", " = ") for line in lines]
        for line in lines:
            self._voice.print(line)
