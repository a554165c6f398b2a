"""The recording of one call: both directions, masked where digits are private, and its end for good.

heard ┐                                      ┌─▶ sealed and kept
      ├─▶ delay line ─▶ mask ─▶ spool ───────┤
said  ┘                                      └─▶ discarded: key, line and spool zeroed and read back
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Self

import numpy as np

from ivrbox.errors import DiscardTooLate
from ivrbox.recordings.delay import DelayLine
from ivrbox.recordings.mask import Mask
from ivrbox.recordings.spool import SAMPLE_BYTES, Spool
from ivrbox.recordings.states import RecordingEvent, RecordingState, next_state
from ivrbox.units import FRAME_SAMPLES, ms_to_samples, samples_to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

DELAY_SAMPLES = ms_to_samples(300)
"""The delay line by default: several times what a detector needs to be sure of a key."""

_SILENCE: NDArray[np.int16] = np.zeros(FRAME_SAMPLES, np.int16)


@dataclass(frozen=True)
class Receipt:
    """What is left of a discarded recording: nothing of its content.

    `at_s` is the moment in the call, `bytes` what had been recorded by then, `verified` that the key and all that
    stood in the clear were read back as zeros.
    """

    at_s: float
    bytes: int
    method: str
    verified: bool


class Recorder:
    """Records one call. `push`, `lost`, `mask` and `unmask` are real-time: they never wait for a device.

    A sample's index counts all samples since the first push, those that were lost included.
    """

    def __init__(
        self, spool: Spool | None, *, delay_samples: int = DELAY_SAMPLES, tone: bool = False, why_off: str = ""
    ) -> None:
        """Take the spool for this call; without one nothing is recorded, and `why_off` says why.

        With `tone` a mask is a soft tone instead of silence.
        """
        self._spool = spool
        self._mask = Mask(tone=tone)
        self._late = Mask(tone=tone)
        self._line = DelayLine(spool, self._mask, delay_samples) if spool else None
        self._state = RecordingState.OPEN if spool else RecordingState.OFF
        self._lock = Lock()
        self._forgets: list[Callable[[], object]] = []
        self._cut = 0
        self._ended = False
        self.detail = why_off
        self.position = 0
        self.receipt: Receipt | None = None
        if spool:
            spool.renew()

    @classmethod
    def off(cls, why: str = "") -> Self:
        """A recorder that records nothing."""
        return cls(None, why_off=why)

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
        """Record one frame of each direction: int16, shape (n,), at most 160 samples, both of the same length."""
        with self._lock:
            if self._line and self._state is RecordingState.OPEN and not self._ended:
                self._line.push(heard, said)
            else:
                self._sweep()
            self.position += len(heard)

    def lost(self, samples: int) -> None:
        """Record silence for sound that the line lost, so that time stays true."""
        for start in range(0, samples, FRAME_SAMPLES):
            piece = _SILENCE[: samples - start]
            self.push(piece, piece)

    def mask(self, start: int) -> None:
        """From the sample `start`, back-dated if need be, keep a fill in place of both directions."""
        with self._lock:
            self._mask.begin(start)
            self._late.span(start, self._passed())

    def unmask(self, end: int) -> None:
        """End the mask at the sample `end`."""
        with self._lock:
            self._mask.end(end)

    def mask_span(self, start: int, end: int) -> None:
        """Mask from start to end: a single key."""
        with self._lock:
            self._mask.span(start, end)
            self._late.span(start, min(end, self._passed()))

    def trim(self, samples: int) -> None:
        """Leave so many samples off the tail: the disconnect tone, and the silence before it."""
        self._cut = max(self._cut, samples)

    def discard(self) -> Receipt:
        """Destroy the recording now; the second time, give the same receipt.

        The key, the delay line and the scratch area are zeroed and read back before this returns, so nothing
        that is left can be opened; the sealed chunks are zeroed from here on, a slice a frame. Memory is the only
        medium that ever held any of it.

        Raises:
            DiscardTooLate: the call has ended.
        """
        with self._lock:
            if self.receipt is None:
                self._refuse_when_ended()
                self.receipt = self._discarded()
            return self.receipt

    def end(self) -> None:
        """Close the window: from here on the recording can only be sealed or lost."""
        with self._lock:
            if self._state is RecordingState.OPEN and self._line and not self._ended:
                self._line.drain()
                self._line.wipe()
            self._ended = True
            if self._state is not RecordingState.OPEN:
                self._sweep_all()

    @property
    def samples(self) -> int:
        """Samples of each direction that sealing will write."""
        return max(self._passed() - self._cut, 0)

    def content(self) -> Iterator[NDArray[np.int16]]:
        """What is to be kept, a second at a time, shape (n, 2), each valid until the next is asked for.

        Raises:
            SealError: the memory does not hold what was put there.
        """
        at = 0
        for chunk in self._spool.chunks() if self._spool else ():
            self._late.apply(chunk, at)
            yield chunk[: max(self.samples - at, 0)]
            at += len(chunk)

    def kept(self) -> None:
        """The recording is sealed and promised; its spool is wiped."""
        self._finish(RecordingEvent.SEAL)

    def lose(self, why: str) -> None:
        """The recording cannot be kept; its spool is wiped."""
        self._finish(RecordingEvent.LOSE)
        self.detail = why

    def _finish(self, event: RecordingEvent) -> None:
        with self._lock:
            self._state = next_state(self._state, event)
            self._ended = True
            self._destroy()
            self._sweep_all()

    def _refuse_when_ended(self) -> None:
        if self._ended:
            raise DiscardTooLate(
                f"discard_recording: the call has ended and its recording is {self._state}; "
                "the caller could opt out until the end function began"
            )

    def _discarded(self) -> Receipt:
        if self._state is RecordingState.OPEN:
            self._state = next_state(self._state, RecordingEvent.DISCARD)
        for forget in self._forgets:
            forget()
        size = self.position * SAMPLE_BYTES if self._spool else 0
        verified = self._destroy()
        self._sweep()
        method = "key destroyed, memory zeroed; never stored" if self._spool else "nothing was recorded"
        return Receipt(samples_to_seconds(self.position), size, method, verified)

    def _destroy(self) -> bool:
        if self._spool is None or self._line is None:
            return True
        return all((self._spool.destroy(), self._line.wipe()))

    def _sweep(self) -> bool:
        return self._spool is not None and self._spool.sweep()

    def _sweep_all(self) -> None:
        while self._sweep():
            pass

    def _passed(self) -> int:
        return self._line.passed if self._line else 0
