"""A simulated voice modem: bytes in, bytes out, on a telephone line with a person at its far end.

    receive(bytes) --> commands / play buffer --> Exchange --> FarEnd (a person: rings, speaks, presses, hangs up)
    take() <---------- answers, reports, sound <------'

It has a clock of its own, counted in samples, which only `advance_to` moves; so it runs in simulated time inside a
test (`modem_sim_wire`) and in real time on a pseudo-terminal (`modem_sim_pty`), where programs that nobody here wrote
take it for a modem. What it is like, and what is wrong with it, is its `Behaviour`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.lines.line import SILENCE
from ivrbox.lines.modem_codec import DLE, ETX, SUB
from ivrbox.lines.modem_formats import decode, encode
from ivrbox.lines.modem_sim_clock import SimClock
from ivrbox.lines.modem_sim_commands import OK, Commands, Result
from ivrbox.lines.modem_sim_exchange import Exchange
from ivrbox.lines.modem_sim_intake import Intake
from ivrbox.lines.modem_sim_tell import Bell, Keys
from ivrbox.units import FRAME_SAMPLES, ms_to_samples, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.lines.line import Frame
    from ivrbox.lines.modem_formats import Coding
    from ivrbox.lines.modem_sim_intake import Order, Piece
    from ivrbox.lines.modem_sim_spec import Behaviour, FalseCodeSpec

GUARD = seconds_to_samples(1.0)
LABELS_ON_LINE = frozenset({1, 3, 5, 7, 9, 13})
"""`+VLS` labels that go off-hook; the others are handsets, speakers and microphones."""

_STOPS = {"play": ETX, "record": ord("!"), "both": ord("^")}
_CAN, _ESC = 0x18, 0x1B
_LONGEST_COMMAND = 200
_NO_LIMIT = 1 << 30


class SimModem:
    """The modem. `exchange.far` is the person at the other end of the line."""

    def __init__(self, behaviour: Behaviour) -> None:
        """Power up, with nobody calling."""
        self._behaviour = behaviour
        self.exchange = Exchange()
        self.far = self.exchange.far
        self._clock = SimClock()
        self._commands = Commands(behaviour, self)
        self._keys = Keys(behaviour, self)
        self._bell = Bell(behaviour, self.exchange, self._commands, self)
        self._out = bytearray()
        self.power_up()

    # The computer's side.

    def receive(self, data: bytes) -> int:
        """Take bytes from the computer, as many as there is room for; give their number."""
        taken = 0
        while taken < len(data) and self._room:
            piece = self._intake.next(data, taken, self._room)
            self._take_in(piece, data[taken : piece.end])
            taken = piece.end
        if taken:
            self._watch_for_escape(data[:taken])
        return taken

    def take(self, most: int | None = None) -> bytes:
        """What the modem has sent, at most so many bytes of it."""
        taken = bytes(self._out[:most])
        del self._out[: len(taken)]
        return taken

    @property
    def pending(self) -> int:
        """Bytes that were sent and not yet taken."""
        return len(self._out)

    @property
    def clock(self) -> int:
        """Samples that the modem has lived."""
        return self._clock.now

    @property
    def next_due(self) -> int:
        """The sample at which something happens next."""
        return self._clock.next_due

    def advance_to(self, sample: int) -> None:
        """Let time pass, up to this sample."""
        self._clock.advance_to(sample)

    def power_up(self) -> None:
        """Be as after power-up: on-hook, no stream, all parameters as the factory set them."""
        self._stream = ""
        self._is_freed = False
        self._stops_seen = 0
        self._intake = Intake()
        self._line = b""
        self._play = bytearray()
        self._ending = False
        self._starved = False
        self._keys.forget()
        self.last_input = -GUARD
        self._out.clear()
        self.exchange.on_hook(for_good=True)
        self._commands.power_up()
        self._clock.clear()
        self.later(FRAME_SAMPLES, self._tick)

    def port_closed(self) -> None:
        """The computer has let go of the port: DTR drops, and the modem hangs up (`&D2`)."""
        if self._stream and self._behaviour.freed_by == "never":
            return
        self.power_up()

    # What commands do.

    def choose_label(self, label: int) -> None:
        """Connect what a `+VLS` label names."""
        if label not in LABELS_ON_LINE:
            self.exchange.on_hook(for_good=False)
            return
        was_on_hook = not self.exchange.is_off_hook
        self.exchange.off_hook()
        if was_on_hook and self._behaviour.hook_code:
            self.later(ms_to_samples(50), lambda: self.report(self._behaviour.hook_code))

    def hang_up(self) -> None:
        """`ATH`."""
        self.exchange.on_hook(for_good=True)

    def start(self, stream: str) -> Result:
        """Begin a stream."""
        self._stream, self._ending, self._starved = stream, False, False
        self._is_freed, self._stops_seen = False, 0
        self._play.clear()
        for false in self._behaviour.false_codes:
            self.later(ms_to_samples(false.every_ms), lambda false=false: self._tell_falsely(false))  # type: ignore[misc]
        return Result("CONNECT")

    def sound(self, tones: list[tuple[int, int, int]]) -> int:
        """Sound tones (Hz, Hz, ms) to the line; give the samples that they take."""
        for low, high, ms in tones:
            self.exchange.sound(low, high, ms_to_samples(ms))
        return sum(ms_to_samples(ms) for _, _, ms in tones)

    def reset(self) -> None:
        """`ATZ`."""
        self.exchange.on_hook(for_good=True)
        self._commands.power_up()

    # Bytes in.

    @property
    def _is_playing(self) -> bool:
        return self._stream in {"play", "both"}

    @property
    def _room(self) -> int:
        return self._behaviour.buffer_bytes - len(self._play) if self._is_playing else _NO_LIMIT

    @property
    def _is_stuck(self) -> bool:
        return bool(self._stream and self._behaviour.freed_by and not self._is_freed)

    def _take_in(self, piece: Piece, raw: bytes) -> None:
        if self._stream == "" or self._is_stuck:
            self._type(raw)
        if self._is_playing:
            self._play += piece.sound
        if piece.order is not None:
            self._obey(piece.order)

    def _obey(self, order: Order) -> None:
        if order.code == _CAN:
            self._play.clear()
        elif self._stream and order.code in {_STOPS[self._stream], _ESC}:
            self._stop(order.dles)

    def _stop(self, dles: int) -> None:
        self._stops_seen += 1
        if self._behaviour.triple_dle and dles < 3:  # noqa: PLR2004 - three is what its name says
            return
        if self._behaviour.freed_by == "second" and self._stops_seen > 1:
            self._is_freed = True
        if not self._is_stuck:
            self.later(ms_to_samples(self._behaviour.stop_delay_ms), self._end_soon)

    def _end_soon(self) -> None:
        """Playing ends when the buffer has drained, the rest at once."""
        if self._stream == "play" and self._play:
            self._ending = True
        elif self._stream:
            self._end_stream()

    def _end_stream(self) -> None:
        with_etx = self._stream != "play" or self._behaviour.etx_before_ok
        self._stream = ""
        self._line = b""
        if with_etx:
            self._send(bytes([DLE, ETX]))
        self._answer(OK)

    def _type(self, data: bytes) -> None:
        """Characters of a command line. A line that is noise before its AT is heard from the AT on."""
        *lines, self._line = (self._line + data).split(b"\r")
        for line in lines:
            text = line.decode("latin-1")
            at = text.upper().rfind("AT")
            if at >= 0:
                self._command(text[at:])
        self._line = self._line[-_LONGEST_COMMAND:]

    def _command(self, line: str) -> None:
        if self._behaviour.mute:
            return
        if self._is_stuck:
            self._try_to_free(line.upper())
            return
        if any(name in line.upper() for name in self._behaviour.unanswered):
            return
        if self._commands.echo:
            self._send(line.encode("latin-1") + b"\r")
        self.later(ms_to_samples(self._behaviour.command_ms), lambda: self._carry_out(line))

    def _carry_out(self, line: str) -> None:
        result = self._commands.run(line)
        if result.after:
            self.later(result.after, lambda: self._answer(result))
        else:
            self._answer(result)  # at once: what a stream sends must not overtake its CONNECT

    def _try_to_free(self, command: str) -> None:
        if command == self._behaviour.freed_by:
            self._end_stream()
            self.reset()

    def _watch_for_escape(self, data: bytes) -> None:
        """`+++` with a second of quiet on both sides."""
        quiet = self.clock - self.last_input >= GUARD
        self.last_input = self.clock
        if data == b"+++" and quiet and self._is_stuck and self._behaviour.freed_by == "+++":
            since = self.clock
            self.later(GUARD, lambda: self._end_stream() if self.last_input == since else None)

    def _answer(self, result: Result) -> None:
        for text in (*result.lines, result.word):
            self.print(text)

    # Time.

    def later(self, samples: int, act: Callable[[], None]) -> None:
        """Do this after so many samples."""
        self._clock.later(samples, act)

    def _tick(self) -> None:
        self.later(FRAME_SAMPLES, self._tick)
        if not self.exchange.is_off_hook:
            self._bell.listen()
            if self._is_playing:
                self._next_said()
            if self._stream in {"record", "both"}:
                self._send_sound(SILENCE)
            return
        heard, reports = self.exchange.talks(self._next_said())
        for report in reports:
            self._notice(report)
        if self._stream in {"record", "both"}:
            self._send_sound(heard)

    def _next_said(self) -> Frame:
        """A frame's worth out of the buffer; what is missing is silence, and is reported as underrun, once."""
        said = SILENCE.copy()
        if not self._is_playing:
            return said
        size = FRAME_SAMPLES * self._coding.width
        piece = bytes(self._play[:size])
        del self._play[: len(piece)]
        samples = decode(piece[: len(piece) // self._coding.width * self._coding.width], self._coding)
        said[: samples.size] = samples
        if self._ending and not self._play:
            self._end_stream()
        elif len(piece) < size and not self._starved and not self._is_stuck:
            self.report("u")
        self._starved = len(piece) < size
        return said

    @property
    def _coding(self) -> Coding:
        sounds = {sound.id: sound.coding for sound in self._behaviour.sounds}
        return sounds[self._commands.sound_id]

    # Reports and sound out.

    def _notice(self, report: str) -> None:
        if report in "ld" or report == "b":
            if report != "l" or self._behaviour.loop_break:
                self.report(report)
        elif self._stream == "record" and not self._behaviour.digits_recording:
            self._keys.forget()
        elif report == "~":
            self._keys.up()
        else:
            self._keys.down(report)

    def _tell_falsely(self, false: FalseCodeSpec) -> None:
        if self._stream == false.doing:
            self.report(false.code)
            self.later(ms_to_samples(false.every_ms), lambda: self._tell_falsely(false))

    def report(self, code: str) -> None:
        if self._commands.voice_class:
            self._send(bytes([DLE, ord(code)]))

    def _send_sound(self, samples: NDArray[np.int16]) -> None:
        """Shielded: two 0x10 in a row as DLE SUB, a single one doubled."""
        double, single = bytes([DLE, SUB]), bytes([DLE, DLE])
        data = encode(samples, self._coding)
        parts = [part.replace(bytes([DLE]), single) for part in data.split(bytes([DLE, DLE]))]
        self._send(double.join(parts))

    def print(self, text: str) -> None:
        self._send(f"\r\n{text}\r\n".encode("latin-1"))

    def _send(self, data: bytes) -> None:
        self._out += data
        del self._out[: -seconds_to_samples(8)]  # nobody reads: the oldest is lost, as in any UART
