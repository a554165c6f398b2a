"""A person with a telephone, in simulated time: rehearses calls against the whole box, frame by frame.

    phone.rings(); phone.hears("notice"); phone.presses("1"); phone.waits(seconds=3); record = phone.hangs_up()

The verbs push frames through the attendant as the line would; nothing sleeps, so a ten-minute call takes seconds. The
demo, the scenarios and the tests all call the box this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.errors import IvrboxError
from ivrbox.units import seconds_to_frames

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.appliance.attendant import Attendant
    from ivrbox.calls.call import Call
    from ivrbox.cdr import CallRecord
    from ivrbox.lines.loopback import Loopback

PATIENCE_S = 60.0
"""How long the person waits for something to be said before giving up."""


class NotHeard(IvrboxError, AssertionError):
    """The box did not say, in good time, what the person was waiting for."""


class Phone:
    """The caller's side of a loopback line, and the hand that turns the crank of the box on the other."""

    def __init__(self, line: Loopback, attendant: Attendant) -> None:
        """Take a loopback line and the attendant that serves it; both must be driven by nobody else."""
        self._line = line
        self._attendant = attendant
        self._turns_heard = 0

    @property
    def call(self) -> Call:
        """The call in progress.

        Raises:
            NotHeard: no call is up.
        """
        visit = self._attendant.visit
        if visit is None:
            raise NotHeard("the box has no call: it has not answered, or has hung up")
        return visit.call

    @property
    def is_connected(self) -> bool:
        """Whether the box is off-hook."""
        return self._attendant.visit is not None

    @property
    def record(self) -> CallRecord:
        """The record of the last call that ended.

        Raises:
            NotHeard: no call has ended yet.
        """
        if self._attendant.last_filed is None:
            raise NotHeard("no call has ended yet")
        return self._attendant.last_filed.result()

    def rings(self, caller: str | None = None) -> None:
        """Call the box and let it ring until it answers."""
        self._turns_heard = 0
        self._line.far.rings(caller)
        self._until(lambda: self.is_connected, "an answer")

    def waits(self, seconds: float) -> None:
        """Let so many seconds of the call go by."""
        for _ in range(seconds_to_frames(seconds)):
            self._attendant.tick()

    def presses(self, digits: str, *, ms: int = 80, gap_ms: int = 80, level_dbm0: float = -20.0) -> None:
        """Key digits, and go on until the last one has been heard out."""
        self._line.far.presses(digits, ms=ms, gap_ms=gap_ms, level_dbm0=level_dbm0)
        self._talk()

    def speaks(self, samples: NDArray[np.int16]) -> None:
        """Say int16 samples (8 kHz mono), and go on until they are said."""
        self._line.far.speaks(samples)
        self._talk()

    def hears(self, words: str) -> None:
        """Wait until the box begins to say something that has these words in it.

        Raises:
            NotHeard: it did not within a minute, or the call ended before.
        """
        self._until(lambda: self._is_saying(words), repr(words))

    def hears_out(self) -> None:
        """Wait until the box has finished what it is saying."""
        self._until(lambda: not self.is_connected or not self.call.is_speaking, "the end of the prompt")

    def listens(self) -> None:
        """Wait until the box has said something and is silent, or has hung up."""
        self._until(lambda: not self.is_connected or self.call.is_speaking, "the box to speak")
        self.hears_out()

    def waits_for_the_end(self) -> CallRecord:
        """Wait until the box hangs up; give the record of the call."""
        self._until(lambda: not self.is_connected, "the end of the call")
        return self.record

    def hangs_up(self) -> CallRecord:
        """Put the handset down; give the record of the call."""
        self._line.far.hangs_up()
        return self.waits_for_the_end()

    def _talk(self) -> None:
        while self._line.far.pending and self.is_connected:
            self._attendant.tick()

    def _is_saying(self, words: str) -> bool:
        if not self.is_connected:
            raise NotHeard(f"the box has hung up and never said {words!r}")
        turns = self.call.turns
        for index in range(self._turns_heard, len(turns)):
            if turns[index].role == "agent" and words.casefold() in turns[index].text.casefold():
                self._turns_heard = index + 1
                return True
        return False

    def _until(self, arrived: Callable[[], bool], what: str) -> None:
        for _ in range(seconds_to_frames(PATIENCE_S)):
            if arrived():
                return
            self._attendant.tick()
        if not arrived():
            raise NotHeard(f"waited {PATIENCE_S:.0f} s for {what}; {self._last_words()}")

    def _last_words(self) -> str:
        if not self.is_connected:
            return "the box is on-hook"
        said = [turn.text for turn in self.call.turns if turn.role == "agent"]
        return f"the box last said {said[-1]!r}" if said else "the box has said nothing"
