"""The line contract: what every wire looks like to the box.

    line.exchange(said) -> Heard(frame, events, lost)     blocks for one frame: the line is the clock

One thread owns a line and calls everything on it. On-hook, `exchange(None)` lets time pass and brings `Ringing` and
`CallerId`; a line may doze there, and let a few frames go by at one wait. Off-hook it says one frame and hears one.
Whatever goes wrong with the wire arrives either as `LineLost` or as a `RemoteHungUp` event, never as silence without
end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import numpy as np

from ivrbox.errors import LineError
from ivrbox.units import FRAME_SAMPLES

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

    Frame = NDArray[np.int16]

SILENCE: Frame = np.zeros(FRAME_SAMPLES, dtype=np.int16)
SILENCE.setflags(write=False)


@dataclass(frozen=True, slots=True)
class Ringing:
    """One burst of ringing has been seen."""


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who is calling; `number` is None where it is withheld or not available."""

    number: str | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Digit:
    """A key that the line's own detector heard (only from lines that own the digits)."""

    digit: str


@dataclass(frozen=True, slots=True)
class RemoteHungUp:
    """The far end is gone; `reason` names the deciding evidence (`hangup`, `busy_tone`, `loop_break`, `tape_ended`).

    `evidence` tells it in full, for the record. The last `tail_samples` that were heard, up to and with the frame of
    this event, are the exchange's and not the caller's: a recording does without them.
    """

    reason: str
    evidence: str = ""
    tail_samples: int = 0


@dataclass(frozen=True, slots=True)
class ExtensionLifted:
    """Another telephone on the same line was picked up."""


LineEvent = Ringing | CallerId | Digit | RemoteHungUp | ExtensionLifted


@dataclass(frozen=True, slots=True)
class Heard:
    """What one exchange brought: 160 samples from the caller, events, and samples lost before them."""

    frame: Frame
    events: tuple[LineEvent, ...] = ()
    lost: int = 0


class DigitOwner(StrEnum):
    """Who turns tones into digits; one owner at a time, or keys double."""

    BOX = "box"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a line can do.

    `duplex`: hears while it speaks. `digits`: who owns them while listening. `realtime`: a frame takes 20 ms of
    wall time; where it does not (tape, scripted loopback), the call waits for slow helpers, so that every run is
    the same run. `can_flash`: the hook can be pressed for a moment, which exchanges take for a transfer.
    `echo_frames`: so many frames later, at least, what is said can come back, since it waits in buffers each way.
    """

    duplex: bool = True
    digits: DigitOwner = DigitOwner.BOX
    realtime: bool = True
    can_flash: bool = False
    echo_frames: int = 0


class Line(ABC):
    """A wire. Use as a context manager: `open` on entry, `close` (on-hook, released) on every way out."""

    name: str
    capabilities: Capabilities

    def open(self) -> None:
        """Take the device; raise `LineError` saying which and why not. A line without a device has nothing to do."""
        return

    def close(self) -> None:
        """Hang up and release the device; idempotent, safe after any fault."""
        self.hang_up()

    @abstractmethod
    def answer(self) -> None:
        """Go off-hook."""

    @abstractmethod
    def hang_up(self) -> None:
        """Go on-hook; idempotent, safe after any fault."""

    @property
    def troubles(self) -> str:
        """What went wrong on the wire in this call and was survived, in words; empty where nothing did."""
        return ""

    def flash(self) -> None:
        """Press the hook for a moment, off-hook; blocks for as long as that takes (some 100 to 600 ms).

        Raises:
            LineError: this line cannot.
        """
        raise LineError(f"line {self.name}: cannot flash the hook")

    @abstractmethod
    def exchange(self, said: Frame | None) -> Heard:
        """Say one frame (None: nothing to say) and hear one; the only place that waits.

        Raises:
            LineLost: the device has vanished.
        """

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
