"""A sound card, frame by frame at 8000 Hz: opened by name at a rate of its own, watched, and let go of safely.

    read():   Reader thread --> loss meter --> one channel --> down to 8000 Hz --> frames, each (frame, lost)
    write():  frames of a period --> up to the card's rate --> all channels --> Writer thread

PortAudio never says that a card was unplugged: its `read` then hangs for ever. So no frame for `stall_s` is a lost
line. A thread that hangs cannot be ended; it is left behind with its streams, and closes them itself if it ever comes
back. Till then this process can open no card again, which `open` says as `LineStuck`.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyaudio

from ivrbox.dsp.resample import Resampler
from ivrbox.errors import LineLost, LineStuck
from ivrbox.lines.line import SILENCE
from ivrbox.lines.sound_devices import choose_side, counted_chatter, open_side
from ivrbox.lines.sound_loss import LossMeter
from ivrbox.lines.sound_threads import LOOK_UP_S, PERIOD_FRAMES, CardThread, Reader, Writer
from ivrbox.units import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ivrbox.lines.sound_threads import Captured

    Samples = NDArray[np.int16]

log = logging.getLogger(__name__)

JOIN_LIMIT_S: Final = 1.0
"""How long a thread may take to end: a period is 80 ms at most, so one that takes longer hangs."""

START_S: Final = 4.0
"""How long a card may take to start: a sound server on a busy machine needs a second or two."""

ROOM_LOOK_S: Final = 0.005
"""How often a period that waits for the card looks for room; it rarely does: one comes for each that goes."""

LATE_NS: Final = 80_000_000
"""A frame taken this long after it was read means that the box is behind: what cannot be said in time is dropped."""

_CHANNEL: Final = {"left": 0, "right": -1}


@dataclass(frozen=True)
class CardSpec:
    """Which card and how: devices by name, the rate (None: the best that both directions do), the channel to hear.

    `period_frames` go over at once, each way.
    """

    input: str
    output: str
    rate: int | None = None
    channel: str = "left"
    stall_s: float = 2.0
    period_frames: int = PERIOD_FRAMES


@dataclass
class CardCounters:
    """What went wrong with the sound of one call, and how long the slowest frame took the box (20 ms is real time)."""

    overruns: int = 0
    lost_ms: float = 0.0
    underruns: int = 0
    dropped: int = 0
    late_frames: int = 0
    worst_frame_ms: float = 0.0

    @property
    def are_clean(self) -> bool:
        """Whether no sound was lost, left out, or late."""
        return not (self.overruns or self.underruns or self.dropped or self.late_frames)

    def __str__(self) -> str:
        return (
            f"overruns {self.overruns} ({self.lost_ms:.0f} ms lost), underruns {self.underruns}, "
            f"dropped {self.dropped}, late {self.late_frames}, worst frame {self.worst_frame_ms:.1f} ms"
        )


class SoundCard:
    """One card, or one for each direction. All methods belong to the thread that owns the line."""

    def __init__(self, spec: CardSpec, *, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Remember which card; `clock_ns` is what the card's own pace is measured against."""
        self._spec = spec
        self._clock_ns = clock_ns
        self._session: _Session | None = None
        self._left_behind: list[_Session] = []
        self.counters = CardCounters()

    def open(self) -> None:
        """Take the card and start to read and write.

        Raises:
            LineError: there is none of this name, it is busy, or it cannot do what is asked.
            LineStuck: a thread of an earlier use still hangs in the driver.
        """
        self._left_behind = [session for session in self._left_behind if session.hangs]
        if self._left_behind:
            raise LineStuck(f"sound {self._spec.input!r}: cannot be opened: its driver hangs in this process")
        self._session = _Session(self._spec, self._clock_ns)
        self.start_counting()

    def close(self) -> None:
        """Release the card; idempotent, and safe when it is gone."""
        session, self._session = self._session, None
        if session is not None and not session.close():
            log.error("sound %r: the driver hangs; its threads are left behind", self._spec.input)
            self._left_behind.append(session)

    def start_counting(self) -> None:
        """Begin the counters of a call."""
        self.counters = CardCounters()
        if self._session is not None:
            self._session.start_counting(self.counters)

    def read(self) -> tuple[Samples, int]:
        """The next frame heard, int16 (160,), and the samples at 8000 Hz that were lost before it.

        Raises:
            LineLost: the card failed, or gave nothing for `stall_s`.
        """
        return self._open_session().read()

    def write(self, frame: Samples) -> None:
        """Say a frame, int16 (160,); waits while the card has more than enough.

        Raises:
            LineLost: the card failed, or took nothing for `stall_s`.
        """
        self._open_session().write(frame)

    def _open_session(self) -> _Session:
        if self._session is None:
            raise LineLost(f"sound {self._spec.input!r}: is not open")
        return self._session


class _Session:
    """The card from one opening to its close."""

    def __init__(self, spec: CardSpec, clock_ns: Callable[[], int]) -> None:
        self._spec = spec
        self._clock_ns = clock_ns
        self._counters = CardCounters()
        with counted_chatter():
            self._streams = _Streams(spec)
        heard, said = self._streams.heard, self._streams.said
        self._channels_heard, self._channels_said = heard.channels, said.channels
        self._down, self._up = Resampler(heard.rate, SAMPLE_RATE), Resampler(SAMPLE_RATE, said.rate)
        self._loss = LossMeter(heard.rate, spec.period_frames)
        self._reader = Reader(self._streams.input, heard.rate * FRAME_MS // 1000, spec.period_frames, clock_ns)
        self._writer = Writer(self._streams.output, said.rate * FRAME_MS // 1000, spec.period_frames)
        self._heard: deque[tuple[Samples, int]] = deque()
        self._said: list[Samples] = []
        self._underruns_before = 0
        self._has_heard = False
        self._read_ns = self._taken_ns = self._handed_ns = clock_ns()
        self._threads = (
            CardThread("sound-in", self._reader.step, self._streams.let_go),
            CardThread("sound-out", self._writer.step, self._streams.let_go),
        )
        for thread in self._threads:
            thread.start()
        if not all(thread.is_realtime for thread in self._threads):
            log.warning("sound: no real-time priority for its threads; allow it with LimitRTPRIO=20, or expect gaps")

    @property
    def hangs(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def close(self) -> bool:
        """Stop both threads; False if one of them hangs."""
        for thread in self._threads:
            thread.stop()
        for thread in self._threads:
            thread.join(JOIN_LIMIT_S)
        return not self.hangs

    def start_counting(self, counters: CardCounters) -> None:
        self._counters = counters
        self._underruns_before = self._writer.underruns

    def read(self) -> tuple[Samples, int]:
        if not self._heard:
            self._read_period()
        self._handed_ns = self._clock_ns()
        return self._heard.popleft()

    def write(self, frame: Samples) -> None:
        self._watch_frame()
        self._said.append(frame)
        if not self._heard:
            self._write_period()

    def _read_period(self) -> None:
        limit_s = self._spec.stall_s if self._has_heard else max(START_S, self._spec.stall_s)
        captured = self._next_captured(limit_s)
        self._has_heard = True
        self._read_ns, self._taken_ns = captured.read_ns, self._clock_ns()
        lost = self._lost_before(captured)
        for frame in self._to_line(captured).reshape(-1, FRAME_SAMPLES):
            self._heard.append((frame, lost))
            lost = 0

    def _write_period(self) -> None:
        """Say what answers the last period heard; before the first there is less to say than a period."""
        self._watch_period()
        missing = self._spec.period_frames - len(self._said)
        mono = self._up.push(np.concatenate([SILENCE] * missing + self._said))
        self._said.clear()
        raw = (mono if self._channels_said == 1 else np.repeat(mono, self._channels_said)).tobytes()
        if not self._writer.has_room and self._clock_ns() - self._read_ns > LATE_NS:
            self._counters.dropped += self._spec.period_frames
            return
        self._await_room(max(START_S, self._spec.stall_s))  # who takes nothing gives nothing, which shows sooner
        self._writer.periods.put(raw)

    def _next_captured(self, limit_s: float) -> Captured:
        for _ in range(max(1, round(limit_s / LOOK_UP_S))):
            with contextlib.suppress(queue.Empty):
                return self._reader.periods.get(timeout=LOOK_UP_S)
            if not self._is_alive:
                break
        raise self._lost(f"no sound came for {limit_s:g} s")

    def _await_room(self, limit_s: float) -> None:
        for _ in range(round(limit_s / ROOM_LOOK_S)):
            if self._writer.has_room:
                return
            if not self._is_alive:
                break
            time.sleep(ROOM_LOOK_S)
        raise self._lost(f"no sound was taken for {limit_s:g} s")

    @property
    def _is_alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def _lost(self, what: str) -> LineLost:
        faults = [thread.fault for thread in self._threads if thread.fault]
        return LineLost(f"sound {self._spec.input!r}: the card is gone: {faults[0] if faults else what}")

    def _to_line(self, captured: Captured) -> Samples:
        samples = np.frombuffer(captured.raw, dtype=np.int16)
        if self._channels_heard == 1:
            return self._down.push(samples)
        samples = samples.reshape(-1, self._channels_heard)
        if self._spec.channel == "mix":
            mono = (samples.sum(axis=1, dtype=np.int32) // self._channels_heard).astype(np.int16)
        else:
            mono = samples[:, _CHANNEL[self._spec.channel]]
        return self._down.push(mono)

    def _lost_before(self, captured: Captured) -> int:
        lost = self._loss.push(captured.read_ns, captured.waiting)
        if lost:
            self._counters.overruns += 1
            self._counters.lost_ms += 1000 * lost / SAMPLE_RATE
        return lost

    def _watch_frame(self) -> None:
        """See how long the box took from the frame heard to the frame said."""
        took_ms = (self._clock_ns() - self._handed_ns) / 1e6
        self._counters.worst_frame_ms = max(self._counters.worst_frame_ms, took_ms)

    def _watch_period(self) -> None:
        """Count frames that took longer than they last, all of a period together, and what the card ran dry of."""
        frames = self._spec.period_frames
        if self._clock_ns() - self._taken_ns > frames * FRAME_MS * 1_000_000:
            self._counters.late_frames += frames
        self._counters.underruns = self._writer.underruns - self._underruns_before


class _Streams:
    """PortAudio with one stream each way; released by whoever lets go last, since closing under a reader crashes."""

    def __init__(self, spec: CardSpec) -> None:
        self._lock = threading.Lock()
        self._users = 2
        self._audio = pyaudio.PyAudio()  # the list of devices is made here: a new card is seen only by a new one
        self._opened: list[Any] = []
        try:
            self.heard = choose_side(self._audio, spec.input, "input", spec.rate)
            self.said = choose_side(self._audio, spec.output, "output", spec.rate)
            self.input = open_side(self._audio, self.heard, "input", spec.period_frames)
            self._opened.append(self.input)
            self.output = open_side(self._audio, self.said, "output", spec.period_frames)
            self._opened.append(self.output)
        except BaseException:
            self._release()
            raise

    def let_go(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._release()

    def _release(self) -> None:
        for stream in self._opened:
            stream.close()
        self._audio.terminate()
