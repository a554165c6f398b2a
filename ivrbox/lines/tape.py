"""The tape line: a recorded caller, who rings, plays the tape once answered, stays silent for a while, hangs up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.lines.far_end import FarState
from ivrbox.lines.loopback import Loopback
from ivrbox.units import seconds_to_frames

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.lines.line import Frame, Heard

    Samples = NDArray[np.int16]

TAIL_S = 60.0
"""Silence after the tape before the caller hangs up: long enough for three prompts and their time-outs."""


class Tape(Loopback):
    """A line with one caller, who says what is on the tape (int16, 8 kHz mono) and then waits `tail_s` in silence.

    The caller leaves with `RemoteHungUp("tape_ended")`; the box may well have ended the call before that. `said` is
    what the box answered.
    """

    def __init__(
        self,
        samples: Samples,
        name: str = "tape",
        *,
        realtime: bool = False,
        tail_s: float = TAIL_S,
        caller: str | None = None,
    ) -> None:
        """Thread the tape; the caller rings as soon as the line is looked after."""
        super().__init__(name, realtime=realtime)
        self._tail_frames: int = seconds_to_frames(tail_s)
        self.far.rings(caller)
        self.far.speaks(samples)

    @property
    def said(self) -> Samples:
        """All that the box has said, from the answer on (int16, 8 kHz mono)."""
        return self.far.heard

    def exchange(self, said: Frame | None) -> Heard:
        """As the contract says; the caller's silence after the tape is counted here."""
        if self.far.state is FarState.TALKING and not self.far.pending:
            self._tail_frames -= 1
            if self._tail_frames < 0:
                self.far.hangs_up("tape_ended")
        return super().exchange(said)
