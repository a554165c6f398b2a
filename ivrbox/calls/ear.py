"""The ear of a call: a frame heard, beside the frame said at the same time, becomes keys with their times."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from ivrbox.dialog.events import KeyPressed, KeyReleased
from ivrbox.dsp.dtmf import DtmfDetector, KeyDown
from ivrbox.dsp.echo import EchoCanceller
from ivrbox.lines.line import SILENCE, Digit
from ivrbox.units import FRAME_SAMPLES, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.dsp.dtmf import Candidate, KeyUp
    from ivrbox.lines.line import Heard

Key = KeyPressed | KeyReleased


class Ear(Protocol):
    """Whoever owns the digits of a line."""

    @property
    def horizon(self) -> int:
        """The sample before which no key can become known any more."""

    def listen(self, heard: Heard, said: NDArray[np.int16]) -> list[Key]:
        """Take one frame heard, int16 (160,), and the one said meanwhile; give the keys that became known."""

    def finish(self) -> list[Key]:
        """Decide what is still open: nothing more will be heard."""

    def explain(self) -> list[Candidate]:
        """Give the candidates that were decided on since the last time, taken and refused."""


class DetectorEar:
    """The box's own detector, for lines that bring sound; the echo of our own prompt is taken out before it."""

    def __init__(self, echo_frames: int = 0) -> None:
        """Start at the first sample, knowing nothing of the line's echo but that it is so many frames late, or more."""
        self._detector = DtmfDetector(trace=True)
        self._canceller = EchoCanceller()
        self._on_its_way = deque([SILENCE] * echo_frames)

    @property
    def horizon(self) -> int:
        """The detector's own: what it has vouched for."""
        return self._detector.horizon

    def listen(self, heard: Heard, said: NDArray[np.int16]) -> list[Key]:
        """Run the detector over the frame; lost samples first, since missing sound is still time."""
        reports = self._detector.skip(heard.lost) if heard.lost else []
        self._on_its_way.append(said)
        left = self._canceller.push(heard.frame, self._on_its_way.popleft())
        return _keys([*reports, *self._detector.push(left)])

    def finish(self) -> list[Key]:
        """Close a key that is still held."""
        return _keys(self._detector.flush())

    def explain(self) -> list[Candidate]:
        """What the detector has decided on."""
        candidates = list(self._detector.trace)
        self._detector.trace.clear()
        return candidates


class LineEar:
    """For lines with a detector of their own (a half-duplex modem): its digits come as events, without lengths."""

    def __init__(self) -> None:
        """Start at the first sample."""
        self.horizon = 0

    def listen(self, heard: Heard, said: NDArray[np.int16]) -> list[Key]:  # noqa: ARG002 - the contract's other half
        """Stamp the line's digits with the frame they came in."""
        at = self.horizon + heard.lost
        self.horizon = at + FRAME_SAMPLES
        digits = [event.digit for event in heard.events if isinstance(event, Digit)]
        return [key for digit in digits for key in (KeyPressed(digit, at), KeyReleased(digit, at))]

    def finish(self) -> list[Key]:
        """Nothing is ever open here."""
        return []

    def explain(self) -> list[Candidate]:
        """Nothing: the line keeps its reasons to itself."""
        return []


def _keys(reports: Iterable[KeyDown | KeyUp]) -> list[Key]:
    return [_key(report) for report in reports]


def _key(report: KeyDown | KeyUp) -> Key:
    if isinstance(report, KeyDown):
        return KeyPressed(report.digit, seconds_to_samples(report.onset_s))
    return KeyReleased(report.digit, seconds_to_samples(report.onset_s + report.length_s))
