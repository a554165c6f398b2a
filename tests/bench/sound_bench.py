"""A telephone exchange at the other side of a sound card and its pins, without a card, a clock or a Pi.

The bench's own card is ALSA's `file` plugin over `null`, reached by the real PyAudio and PortAudio: what the caller
says comes out of a FIFO, what the box says goes into a file. The FIFO is the clock: where nothing is fed, reading
hangs, as it does when a card is unplugged. The pins are gpiozero's mock; time is counted in the frames that the box
exchanges.
"""

from __future__ import annotations

import fcntl
import os
import select
import threading
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from caller_id_maker import fsk, mdmf
from gpiozero.pins.mock import MockFactory

from ivrbox.dsp.resample import Resampler
from ivrbox.lines.countries import country
from ivrbox.lines.sound_card import CardSpec, SoundCard
from ivrbox.lines.sound_threads import CAPTURED_FRAMES, PERIOD_FRAMES, CardThread
from ivrbox.lines.track import SoundQueue
from ivrbox.lines.usb_audio import UsbAudio

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ivrbox.lines.line import Frame, Heard

    Samples = NDArray[np.int16]

HOOK, RING, LOOP = 17, 27, 22
NUMBER: Final = "0301234567"
STALL_S: Final = 0.15
PIPE_BYTES: Final = 4096  # the smallest that Linux makes: what is fed is heard soon
BUFFERED_FRAMES: Final = CAPTURED_FRAMES + 6
"""Frames that may still come after the card was unplugged: those read ahead, and those in the pipe."""

RING_HZ: Final = 25
CALLER_ID_AFTER_MS: Final = 600
_FRAME_NS: Final = 20_000_000

CONFIG = """
pcm.!default.type null
ctl.!default.type null
pcm.bench {{
    type asym
    capture.pcm {{ type file slave.pcm {{ type null }} file /dev/null infile {folder}/heard format raw }}
    playback.pcm {{ type file slave.pcm {{ type null }} file {folder}/said format raw }}
    hint {{ show on description "test bench" }}
}}
"""
"""Nothing of the system's own: what PortAudio has to probe takes half a second there. It needs a `default` to live."""


class BenchCard:
    """The card's far side: a FIFO that is fed in pieces of a period, and the file of what was said."""

    def __init__(self, folder: Path, rate: int = 48000, channels: int = 1) -> None:
        """Lay out the card in this folder; ALSA must be told by `ALSA_CONFIG_PATH` where `config` is."""
        self.config = folder / "asound.conf"
        self.config.write_text(CONFIG.format(folder=folder), "utf-8")
        self._said = folder / "said"
        self._said.touch()
        fifo = folder / "heard"
        os.mkfifo(fifo)
        self._fd = os.open(fifo, os.O_RDWR)
        fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.rate, self.channels = rate, channels
        self.frames = PERIOD_FRAMES if channels == 1 else 1
        """Frames in a period: as many of them as one write to a pipe can hold."""
        self._up = Resampler(8000, rate)
        self._queue = SoundQueue()
        self._raw = b""
        self._plugged = threading.Event()
        self._plugged.set()
        self._ended = False
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def says(self, samples: Samples) -> None:
        """Queue sound at 8000 Hz; silence is fed where there is none."""
        self._queue.put(samples)

    def says_raw(self, raw: bytes) -> None:
        """Put bytes on the wire as they are, before anything else."""
        self._raw = raw

    @property
    def said(self) -> Samples:
        """All that the box has said since the card was opened, at 8000 Hz."""
        raw = np.fromfile(self._said, dtype=np.int16).reshape(-1, self.channels)[:, 0]
        return Resampler(self.rate, 8000).push(raw)

    def unplug(self) -> None:
        """Feed nothing more: the box's next read hangs."""
        self._plugged.clear()

    def plug(self) -> None:
        """Feed again."""
        self._plugged.set()

    def close(self) -> None:
        """End the feeding; a reader that hangs gets what it waits for, so that its thread can end."""
        self._ended = True
        self._plugged.set()
        self._feeder.join()
        os.set_blocking(self._fd, False)
        os.close(self._fd)

    def _feed(self) -> None:
        while not self._ended:
            if self._plugged.wait(0.01):
                self._offer(self._next_raw() or self._next_sound())

    def _next_raw(self) -> bytes:
        size = self.frames * self.rate // 50 * self.channels * 2
        piece, self._raw = self._raw[:size], self._raw[size:]
        return piece

    def _next_sound(self) -> bytes:
        return np.repeat(self._up.push(self._queue.take(160 * self.frames)), self.channels).tobytes()

    def _offer(self, sound: bytes) -> None:
        """Write one piece: less than PIPE_BUF, so whole or not at all; ALSA pads a short read with silence."""
        os.set_blocking(self._fd, False)
        while sound and not self._ended:
            try:
                sound = sound[os.write(self._fd, sound) :]
            except BlockingIOError:
                select.select([], [self._fd], [], 0.01)


class Wire(Protocol):
    """What a card's far side can do."""

    def says(self, samples: Samples) -> None:
        """Let this be heard, int16 at 8000 Hz."""

    def unplug(self) -> None:
        """Take the card away."""

    def plug(self) -> None:
        """Bring it back."""


class ExchangeLine(UsbAudio):
    """A sound-card line at a German exchange: each frame exchanged moves the outside world on by 20 ms first."""

    bench: Wire

    def __init__(self, wire: Wire, card: SoundCard, **options: Any) -> None:
        """Wire hook, ring and loop pins to the exchange, and the wire to the card."""
        self.bench = wire
        self.board = MockFactory()
        self._now_ns = 0
        self._ringing_since: int | None = None
        self._loop_broken_until = 0
        self._tells_number = False
        wiring = {"hook_pin": HOOK, "ring_pin": RING, "loop_pin": LOOP, "country": "de"}
        super().__init__(
            "bench",
            card=card,
            clock_ns=lambda: self._now_ns,
            pin_factory=self.board,
            **{"device": "bench", **wiring, **options},
        )

    def rings(self) -> None:
        """Call the box: ringing, and the number in the first pause."""
        self._ringing_since, self._tells_number = self._now_ns, True

    def hangs_up(self) -> None:
        """Leave: the exchange breaks the loop for 900 ms."""
        self._loop_broken_until = self._now_ns + 900_000_000

    def exchange(self, said: Frame | None) -> Heard:
        """Let 20 ms pass outside, then exchange."""
        self._pass_20_ms()
        return super().exchange(said)

    def cuts_wire(self) -> None:
        """Unplug the card."""
        self.bench.unplug()

    def mends_wire(self) -> None:
        """Plug the card in again; wait for what hung in its driver to come back."""
        self.bench.plug()
        for thread in threading.enumerate():
            if isinstance(thread, CardThread):
                thread.join(5)

    @property
    def is_off_hook(self) -> bool:
        """Whether the relay has closed the loop."""
        return bool(self.board.pin(HOOK).state)

    def _pass_20_ms(self) -> None:
        end = self._now_ns + _FRAME_NS
        if self.is_off_hook:
            self._ringing_since = None
        if self._ringing_since is not None:
            self._pulse_ringing(self._ringing_since, end)
        self._now_ns = end
        flows = self.is_off_hook and end > self._loop_broken_until
        self._drive(LOOP, high=not flows)

    def _pulse_ringing(self, since: int, end: int) -> None:
        on_ms, off_ms = country("de").ring_ms
        step = 1_000_000_000 // RING_HZ
        for at in range(since + (self._now_ns - since + step - 1) // step * step, end, step):
            into_ms = (at - since) // 1_000_000 % (on_ms + off_ms)
            if into_ms < on_ms:
                self._now_ns = at
                self._drive(RING, high=False)
                self._drive(RING, high=True)
        if self._tells_number and end - since > (on_ms + CALLER_ID_AFTER_MS) * 1_000_000:
            self._tells_number = False
            self.bench.says(fsk(mdmf({0x02: NUMBER.encode()})).astype(np.int16))

    def _drive(self, pin: int, *, high: bool) -> None:
        if high:
            self.board.pin(pin).drive_high()
        else:
            self.board.pin(pin).drive_low()


class BenchLine(ExchangeLine):
    """The same on the bench's own card, which nothing paces."""

    bench: BenchCard

    def __init__(self, card: BenchCard, **options: Any) -> None:
        """Take the card; no time may be measured on it."""
        spec = CardSpec("bench", "bench", card.rate, stall_s=STALL_S, period_frames=card.frames)
        super().__init__(card, SoundCard(spec, clock_ns=lambda: 0), **options)
