"""The far end of a loopback line: a person with a telephone, in the same process.

    AWAY --rings--> RINGING --(box answers)--> TALKING --(box hangs up)--> ENDED --rings--> RINGING ...
                       |                          |
                    hangs_up                   hangs_up
                       v                          v
                    GAVE_UP --(box answers)---> LEFT --(box hangs up)--> ENDED

Verbs in the third person are of the outside world, and may be used from any thread; the methods that follow them are
the line's own side and belong to the thread that owns the line.
"""

from __future__ import annotations

import threading
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.dsp import tones
from ivrbox.errors import IllegalTransition, LineError
from ivrbox.lines.line import CallerId, RemoteHungUp, Ringing
from ivrbox.lines.track import SoundQueue, Track
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ivrbox.lines.line import Frame, LineEvent

    Samples = NDArray[np.int16]

RING_EVERY_FRAMES = 250
"""One burst of ringing each 5 s: 1 s of ringing, 4 s of pause (ETSI ES 200 778-1 leaves it national)."""


class FarState(StrEnum):
    """Where the person at the far end is in a call."""

    AWAY = "away"  # has not called yet
    RINGING = "ringing"
    GAVE_UP = "gave_up"  # hung up before anyone answered; a box that answers now finds nobody
    TALKING = "talking"
    LEFT = "left"  # hung up first; the box is still off-hook
    ENDED = "ended"


_RINGS = dict.fromkeys((FarState.AWAY, FarState.GAVE_UP, FarState.ENDED), FarState.RINGING)
_ANSWERED = {FarState.RINGING: FarState.TALKING, FarState.GAVE_UP: FarState.LEFT}
_HANGS_UP = {FarState.RINGING: FarState.GAVE_UP, FarState.TALKING: FarState.LEFT}
_BOX_HANGS_UP = {FarState.TALKING: FarState.ENDED, FarState.LEFT: FarState.ENDED}
_MAY_SPEAK = {FarState.RINGING, FarState.TALKING}


class FarEnd:
    """The person who calls the box.

    What is said or keyed is queued, one thing after another, and is heard by the box as the line's frames go by;
    from the answer on where the box still rings. Into a dead line a person may speak, and nobody hears it.
    """

    def __init__(self) -> None:
        """A person who has not called yet."""
        self._lock = threading.RLock()
        self._state = FarState.AWAY
        self._queue = SoundQueue()
        self._heard = Track()
        self._clock = 0
        self._rung_frames = 0
        self._caller_id: CallerId | None = None
        self._farewell: RemoteHungUp | None = None
        self._cut = False
        self.flashes = 0

    def rings(self, caller: str | None = None, name: str | None = None) -> None:
        """Call the box; bursts of ringing go on until it answers or the person hangs up.

        Raises:
            IllegalTransition: the person is in a call already.
        """
        with self._lock:
            self._state = self._next(_RINGS, "ring")
            self._caller_id = CallerId(caller, name) if caller or name else None
            self._rung_frames = 0
            self._queue.clear()
            self._heard.clear()
            self._farewell = None

    def speaks(self, samples: Samples) -> None:
        """Say these samples (int16, 8 kHz mono) after whatever is still being said.

        Raises:
            IllegalTransition: the person has not called yet.
            LineError: not one dimension of int16.
        """
        if samples.dtype != np.int16 or samples.ndim != 1:
            raise LineError(f"far end: can speak int16 samples in one dimension, not {_looks(samples)}")
        with self._lock:
            if self._state is FarState.AWAY:
                raise IllegalTransition("far end: cannot speak in state away: it must call the box first")
            if self._state in _MAY_SPEAK:
                self._queue.put(samples)

    def presses(
        self, digits: str, *, ms: float = 80, gap_ms: float = 80, level_dbm0: float = -20.0, twist_db: float = 0.0
    ) -> None:
        """Key these digits, each `ms` long and followed by `gap_ms` of silence, the row tone at `level_dbm0`."""
        self.speaks(tones.keys(digits, ms=ms, gap_ms=gap_ms, row_dbm0=level_dbm0, twist_db=twist_db))

    def hangs_up(self, reason: str = "hangup") -> None:
        """Put the handset down now, in mid-word if need be; what was still to be said is never heard."""
        with self._lock:
            if self._state is FarState.TALKING:
                self._farewell = RemoteHungUp(reason)
            self._state = _HANGS_UP.get(self._state, self._state)
            self._queue.clear()

    def cuts_wire(self) -> None:
        """Cut the wire: the box finds its line lost."""
        self._cut = True

    def mends_wire(self) -> None:
        """Join the wire again; the call that it carried is over."""
        with self._lock:
            self._cut = False
            self._state = FarState.ENDED
            self._queue.clear()

    @property
    def state(self) -> FarState:
        """Where the person is in the call."""
        return self._state

    @property
    def heard(self) -> Samples:
        """All that the box has said in this call, as the person heard it (int16, 8 kHz mono)."""
        with self._lock:
            return self._heard.samples

    @property
    def pending(self) -> int:
        """Samples that are still to be said."""
        return len(self._queue)

    @property
    def clock(self) -> int:
        """Samples that the line has exchanged since it was made, on-hook and off-hook."""
        return self._clock

    # The line's own side.

    @property
    def wire_is_cut(self) -> bool:
        """Whether nothing can pass at present."""
        return self._cut

    def answered(self) -> None:
        """The box went off-hook.

        Raises:
            IllegalTransition: nobody is ringing.
        """
        with self._lock:
            if self._state is FarState.GAVE_UP:
                self._farewell = RemoteHungUp("hangup")
            self._state = self._next(_ANSWERED, "be answered")

    def box_hung_up(self) -> None:
        """The box went on-hook: a call in progress is over, a ringing caller goes on ringing."""
        with self._lock:
            self._state = _BOX_HANGS_UP.get(self._state, self._state)
            if self._state is FarState.ENDED:
                self._queue.clear()

    def waits(self) -> tuple[LineEvent, ...]:
        """A frame goes by on-hook: the ringing that falls into it."""
        with self._lock:
            self._clock += FRAME_SAMPLES
            if self._state is not FarState.RINGING:
                return ()
            burst, since_burst = divmod(self._rung_frames, RING_EVERY_FRAMES)
            self._rung_frames += 1
            if since_burst:
                return ()
            return (Ringing(), self._caller_id) if self._caller_id and not burst else (Ringing(),)

    def talks(self, said: Frame) -> tuple[Frame, tuple[LineEvent, ...]]:
        """A frame goes by off-hook: the box's sound is heard, the person's sound and farewell come back."""
        with self._lock:
            self._clock += FRAME_SAMPLES
            if self._state is FarState.TALKING:
                self._heard.append(said)
            farewell, self._farewell = self._farewell, None
            return self._queue.take(FRAME_SAMPLES), (farewell,) if farewell else ()

    def _next(self, moves: dict[FarState, FarState], verb: str) -> FarState:
        if self._state not in moves:
            raise IllegalTransition(f"far end: cannot {verb} in state {self._state}; only when {_either(moves)}")
        return moves[self._state]


def _either(states: dict[FarState, FarState]) -> str:
    return " or ".join(states)


def _looks(samples: Samples) -> str:
    return f"{samples.dtype} of shape {samples.shape}"
