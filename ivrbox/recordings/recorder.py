"""The life of one call's recording: open while the call is up, then kept, or gone for good."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Self

import numpy as np

from ivrbox.errors import DiscardTooLate, IllegalTransition
from ivrbox.recordings.mask import Mask
from ivrbox.recordings.spool import SAMPLE_BYTES
from ivrbox.recordings.states import RecordingEvent, RecordingState, next_state
from ivrbox.recordings.take import Take
from ivrbox.units import FRAME_SAMPLES, ms_to_samples, samples_to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from ivrbox.recordings.spool import Spool

log = logging.getLogger(__name__)

DELAY_SAMPLES = ms_to_samples(300)
"""The delay line by default: several times what a detector needs to be sure of a key."""

GUARD_SAMPLES = ms_to_samples(20)
"""By how much a mask is wider than it was asked to be, on both sides."""

_SILENCE: NDArray[np.int16] = np.zeros(FRAME_SAMPLES, np.int16)


@dataclass(frozen=True)
class Receipt:
    """What is left of a discarded recording: nothing of its content.

    `at_s` is the moment in the call, `bytes` what had been recorded by then, `verified` that the key and all that
    stood in the clear were read back as zeros, and that what was derived from the sound went with it.
    """

    at_s: float
    bytes: int
    method: str
    verified: bool


class Recorder:
    """Records one call. `push`, `lost`, `mask` and `unmask` are real-time: they never wait for a device.

    A sample's index counts all samples since the first push, those that were lost included. `detail` says why
    there is no recording, or not all of it. A lock lets one of `discard` and `end` go first, and tells the other.
    """

    def __init__(
        self,
        spool: Spool | None,
        *,
        delay_samples: int = DELAY_SAMPLES,
        guard_samples: int = GUARD_SAMPLES,
        tone: bool = False,
    ) -> None:
        """Record into the spool, or nothing without one.

        Masks are widened by `guard_samples` on both sides; with `tone` they are a soft tone instead of silence.

        Raises:
            SealError: another call still has the spool.
            ValueError: the delay is longer than a second.
        """
        mask = Mask(tone=tone, guard=guard_samples)
        self._take = Take(spool, mask, delay_samples=delay_samples) if spool else None
        self._state = RecordingState.OPEN if spool else RecordingState.OFF
        self._lock = Lock()
        self._forgets: list[Callable[[], object]] = []
        self._ended = False
        self.detail = ""
        self.position = 0
        self.receipt: Receipt | None = None

    @classmethod
    def off(cls, why: str = "") -> Self:
        """A recorder that records nothing, and says why."""
        recorder = cls(None)
        recorder.detail = why
        return recorder

    @property
    def state(self) -> RecordingState:
        """Where the recording stands."""
        return self._state

    @property
    def has_ended(self) -> bool:
        """True once nobody can opt out any more."""
        return self._ended

    def attach(self, forget: Callable[[], object]) -> None:
        """Have something that is derived from the sound (levels, a waveform, a trace) forgotten with it."""
        self._forgets.append(forget)

    def push(self, heard: NDArray[np.int16], said: NDArray[np.int16]) -> None:
        """Record one frame of each direction: int16, shape (n,), at most 160 samples, both of the same length.

        After a discard, each frame wipes a slice instead; after the end, frames are let go.
        """
        with self._lock:
            self.position += len(heard)
            if self._take is None:
                return
            if self._state is not RecordingState.OPEN:
                self._take.spool.sweep()
            elif not self._ended:
                self._take.push(heard, said)

    def lost(self, samples: int) -> None:
        """Record silence for sound that the line lost, so that time stays true."""
        for start in range(0, samples, FRAME_SAMPLES):
            piece = _SILENCE[: samples - start]
            self.push(piece, piece)

    def mask(self, start: int) -> None:
        """From the sample `start`, less the guard, keep a fill in place of both directions; it may be long past."""
        with self._lock:
            if self._take is not None:
                self._take.mask.begin(start)

    def unmask(self, end: int) -> None:
        """End the mask at the sample `end`, plus the guard."""
        with self._lock:
            if self._take is not None:
                self._take.mask.end(end)

    def mask_span(self, start: int, end: int) -> None:
        """Mask from start to end, and the guard around them: a single key."""
        with self._lock:
            if self._take is not None:
                self._take.mask.span(start, end)

    def trim(self, samples: int) -> None:
        """Leave so many samples off the tail: the disconnect tone, and the silence before it."""
        if self._take is not None:
            self._take.trim(samples)

    def discard(self) -> Receipt:
        """Destroy the recording now; the second time, give the same receipt.

        The key, the delay line and the scratch area are zeroed and read back before this returns, so nothing
        that is left can be opened. The sealed chunks are zeroed too: the first two minutes before this returns,
        the rest of a longer call from here on, a slice a frame. Memory held all of it; what overflowed to a medium, if
        the owner allows that, did so under the key that is gone now.

        Raises:
            DiscardTooLate: the call has ended.
        """
        with self._lock:
            if self.receipt is None:
                if self._ended:
                    raise DiscardTooLate(self._too_late())
                self.receipt = self._discarded()
            return self.receipt

    def end(self) -> None:
        """Close the window: from here on the recording can only be kept or lost."""
        with self._lock:
            if self._take is not None and self._state is RecordingState.OPEN and not self._ended:
                self._take.finish()
                self.detail = self._take.spool.stopped
            self._ended = True

    @property
    def samples(self) -> int:
        """Samples of each direction that would be kept."""
        return self._take.samples if self._take else 0

    def content(self) -> Iterator[NDArray[np.int16]]:
        """What is to be kept, a second at a time, shape (n, 2), each valid until the next is asked for.

        Raises:
            SealError: the memory does not hold what was put there.
        """
        return self._take.content() if self._take else iter(())

    def expect_seal(self) -> None:
        """Make sure that the recording may be sealed now.

        Raises:
            IllegalTransition: it is not open any more, or the caller can still opt out.
        """
        if not self._ended:
            raise IllegalTransition(f"recording: cannot seal while {self._state}: the caller can still opt out")
        next_state(self._state, RecordingEvent.SEAL)

    def keep(self) -> None:
        """It is sealed and promised."""
        self._close(RecordingEvent.SEAL)

    def lose(self, why: str) -> None:
        """It cannot be kept."""
        self._close(RecordingEvent.LOSE)
        self.detail = why

    def release(self) -> Spool | None:
        """Give the spool back, wiped, once the recording is in a final place; None when there is none to give."""
        with self._lock:
            if self._take is None or self._state is RecordingState.OPEN:
                return None
            spool, self._take = self._take.spool, None
            spool.give_back()
            return spool

    def _close(self, event: RecordingEvent) -> None:
        with self._lock:
            self._state = next_state(self._state, event)
            self._ended = True
            self._destroy()

    def _discarded(self) -> Receipt:
        size, method = 0, "nothing had been recorded"
        if self._take is not None and self._state is RecordingState.OPEN:
            self._state = next_state(self._state, RecordingEvent.DISCARD)
            size, method = self.position * SAMPLE_BYTES, self._take.spool.how_destroyed
        gone, forgotten = self._destroy(), self._forget_derived()
        return Receipt(samples_to_seconds(self.position), size, method, gone and forgotten)

    def _destroy(self) -> bool:
        if self._take is None:
            return True
        gone = self._take.spool.destroy()
        self._take.spool.sweep()
        return gone

    def _forget_derived(self) -> bool:
        done = True
        for forget in self._forgets:
            try:
                forget()
            except Exception:
                log.exception("something that was derived from a discarded recording could not be forgotten")
                done = False
        return done

    def _too_late(self) -> str:
        return (
            f"discard_recording: the call has ended and its recording is {self._state}; "
            "the caller could opt out until the end function began"
        )
