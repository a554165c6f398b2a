"""A simulated voice modem: bytes in, bytes out, on a telephone line with a person at its far end.

    receive(bytes) --> commands / play buffer --> Exchange --> FarEnd (a person: rings, speaks, presses, hangs up)
    take() <---------- answers, reports, sound <------'

It has a clock of its own, counted in samples, which only `advance_to` moves; so it runs in simulated time inside a
test (`modem_sim_wire`) and in real time on a pseudo-terminal (`modem_sim_pty`), where programs that nobody here wrote
take it for a modem. What it is like, and what is wrong with it, is its `Behaviour`.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

from ivrbox.lines.far_end import FarState
from ivrbox.lines.line import SILENCE, CallerId, Ringing
from ivrbox.lines.modem_codec import DLE, ETX, SUB
from ivrbox.lines.modem_formats import decode, encode
from ivrbox.lines.modem_sim_commands import OK, Commands, Result
from ivrbox.lines.modem_sim_exchange import Exchange
from ivrbox.units import FRAME_SAMPLES, ms_to_samples, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.lines.line import Frame
    from ivrbox.lines.modem_formats import Coding
    from ivrbox.lines.modem_sim_spec import Behaviour, FalseCodeSpec

REPEAT = ms_to_samples(70)
"""A held digit is told again each 70 ms (V.253)."""

CALLER_ID_AFTER = seconds_to_samples(0.6)
"""From a ring to its caller ID: FSK starts at least 500 ms after the first burst."""

RING_AFTER_ID = seconds_to_samples(0.4)
GUARD = seconds_to_samples(1.0)
LABELS_ON_LINE = frozenset({1, 3, 5, 7, 9, 13})
"""`+VLS` labels that go off-hook; the others are handsets, speakers and microphones."""

_STOPS = {"play": ETX, "record": ord("!"), "both": ord("^")}
_CAN, _ESC = 0x18, 0x1B


class SimModem:
    """The modem. `exchange.far` is the person at the other end of the line."""

    def __init__(self, behaviour: Behaviour) -> None:
        """Power up, with nobody calling."""
        self._behaviour = behaviour
        self.exchange = Exchange()
        self.far = self.exchange.far
        self.clock = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._number = count()
        self._commands = Commands(behaviour, self)
        self._out = bytearray()
        self.power_up()

    # The computer's side.

    def receive(self, data: bytes) -> int:
        """Take bytes from the computer, as many as there is room for; give their number."""
        taken = 0
        while taken < len(data) and self._room:
            self._byte(data[taken])
            taken += 1
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
    def next_due(self) -> int:
        """The sample at which something happens next."""
        return self._agenda[0][0]

    def advance_to(self, sample: int) -> None:
        """Let time pass, up to this sample."""
        while self.next_due <= sample:
            self.clock, _, act = heapq.heappop(self._agenda)
            act()
        self.clock = max(self.clock, sample)

    def power_up(self) -> None:
        """Be as after power-up: on-hook, no stream, all parameters as the factory set them."""
        self._stream = ""
        self._is_freed = False
        self._stops_seen = 0
        self._dles = 0
        self._line = bytearray()
        self._play = bytearray()
        self._ending = False
        self._starved = False
        self._held = ""
        self._escape_at = -GUARD
        self._pluses = 0
        self._out.clear()
        self.exchange.on_hook()
        self._commands.power_up()
        self._agenda.clear()
        self._later(FRAME_SAMPLES, self._tick)

    def port_closed(self) -> None:
        """The computer has let go of the port: DTR drops, and the modem hangs up (`&D2`)."""
        if self._stream and self._behaviour.freed_by == "never":
            return
        self.power_up()

    # What commands do.

    def choose_label(self, label: int) -> None:
        """Connect what a `+VLS` label names."""
        if label not in LABELS_ON_LINE:
            self.exchange.on_hook()
            return
        was_on_hook = not self.exchange.is_off_hook
        self.exchange.off_hook()
        if was_on_hook and self._behaviour.hook_code:
            self._later(ms_to_samples(50), lambda: self._report(self._behaviour.hook_code))

    def start(self, stream: str) -> Result:
        """Begin a stream."""
        self._stream, self._ending, self._starved, self._dles = stream, False, False, 0
        self._is_freed, self._stops_seen = False, 0
        self._play.clear()
        for false in self._behaviour.false_codes:
            self._later(ms_to_samples(false.every_ms), lambda false=false: self._tell_falsely(false))  # type: ignore[misc]
        return Result("CONNECT")

    def sound(self, tones: list[tuple[int, int, int]]) -> int:
        """Sound tones (Hz, Hz, ms) to the line; give the samples that they take."""
        for low, high, ms in tones:
            self.exchange.sound(low, high, ms_to_samples(ms))
        return sum(ms_to_samples(ms) for _, _, ms in tones)

    def reset(self) -> None:
        """`ATZ`."""
        self.exchange.on_hook()
        self._commands.power_up()

    # Bytes in.

    @property
    def _room(self) -> bool:
        return self._stream not in {"play", "both"} or len(self._play) < self._behaviour.buffer_bytes

    @property
    def _is_stuck(self) -> bool:
        return bool(self._stream and self._behaviour.freed_by and not self._is_freed)

    def _byte(self, byte: int) -> None:
        if byte == DLE:
            self._dles += 1
        elif self._dles:
            self._after_dles(byte)
        elif self._stream in {"play", "both"}:
            self._play.append(byte)
        if self._stream == "" or self._is_stuck:
            self._type(byte)

    def _after_dles(self, byte: int) -> None:
        """A run of n DLE and a byte: pairs are samples; an odd one left over shields the byte."""
        dles, self._dles = self._dles, 0
        is_playing = self._stream in {"play", "both"}
        if is_playing:
            self._play += bytes([DLE]) * (dles // 2)
        if dles % 2 == 0:
            if is_playing:
                self._play.append(byte)
        elif byte == SUB and is_playing:
            self._play += bytes([DLE, DLE])
        elif byte == _CAN:
            self._play.clear()
        elif self._stream and byte in {_STOPS[self._stream], _ESC}:
            self._stop(dles)

    def _stop(self, dles: int) -> None:
        self._stops_seen += 1
        if self._behaviour.triple_dle and dles < 3:  # noqa: PLR2004 - three is what its name says
            return
        if self._behaviour.freed_by == "second" and self._stops_seen > 1:
            self._is_freed = True
        if not self._is_stuck:
            self._later(ms_to_samples(self._behaviour.stop_delay_ms), self._end_soon)

    def _end_soon(self) -> None:
        """Playing ends when the buffer has drained, the rest at once."""
        if self._stream == "play" and self._play:
            self._ending = True
        elif self._stream:
            self._end_stream()

    def _end_stream(self) -> None:
        with_etx = self._stream != "play" or self._behaviour.etx_before_ok
        self._stream = ""
        self._line.clear()
        if with_etx:
            self._send(bytes([DLE, ETX]))
        self._answer(OK)

    def _type(self, byte: int) -> None:
        """A character of a command line. A line that is noise before its AT is heard from the AT on."""
        if byte == ord("\r"):
            line, self._line = self._line.decode("latin-1"), bytearray()
            at = line.upper().rfind("AT")
            if at >= 0:
                self._command(line[at:])
        elif byte not in {ord("\n"), DLE}:
            self._line.append(byte)
            del self._line[:-200]

    def _command(self, line: str) -> None:
        if self._behaviour.mute:
            return
        if self._is_stuck:
            self._try_to_free(line.upper())
            return
        if self._commands.echo:
            self._send(line.encode("latin-1") + b"\r")
        self._later(ms_to_samples(self._behaviour.command_ms), lambda: self._carry_out(line))

    def _carry_out(self, line: str) -> None:
        result = self._commands.run(line)
        if result.after:
            self._later(result.after, lambda: self._answer(result))
        else:
            self._answer(result)  # at once: what a stream sends must not overtake its CONNECT

    def _try_to_free(self, command: str) -> None:
        if command == self._behaviour.freed_by:
            self._end_stream()
            self.reset()

    def _watch_for_escape(self, data: bytes) -> None:
        """`+++` with a second of quiet on both sides."""
        quiet = self.clock - self._escape_at >= GUARD
        self._escape_at = self.clock
        if data == b"+++" and quiet and self._is_stuck and self._behaviour.freed_by == "+++":
            since = self.clock
            self._later(GUARD, lambda: self._end_stream() if self._escape_at == since else None)

    def _answer(self, result: Result) -> None:
        for text in (*result.lines, result.word):
            self._print(text)

    # Time.

    def _later(self, samples: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.clock + samples, next(self._number), act))

    def _tick(self) -> None:
        self._later(FRAME_SAMPLES, self._tick)
        if not self.exchange.is_off_hook:
            self._wait()
            if self._stream in {"play", "both"}:
                self._next_said()
            if self._stream in {"record", "both"}:
                self._send_sound(SILENCE)
            return
        heard, reports = self.exchange.talks(self._next_said())
        for report in reports:
            self._notice(report)
        if self._stream in {"record", "both"}:
            self._send_sound(heard)

    def _wait(self) -> None:
        for event in self.exchange.waits():
            if isinstance(event, Ringing):
                delay = RING_AFTER_ID if self._behaviour.caller_id_first else 0
                self._later(delay, self._ring)
            elif isinstance(event, CallerId) and self._commands.wants_caller_id:
                delay = 0 if self._behaviour.caller_id_first else CALLER_ID_AFTER
                self._later(delay, lambda event=event: self._tell_caller(event))  # type: ignore[misc]

    def _ring(self) -> None:
        if self.far.state is not FarState.RINGING:
            return
        says_word = self._commands.voice_class == 0 or self._behaviour.ring != "code"
        if says_word:
            self._print("RING")
        if self._commands.voice_class and self._behaviour.ring != "word":
            self._report("R")

    def _tell_caller(self, caller: CallerId) -> None:
        if self.far.state is not FarState.RINGING:
            return
        number, name = caller.number or "P", caller.name
        lines = ["DATE=1122", "TIME=2345", f"NMBR={number}", *([f"NAME={name}"] if name else [])]
        if self._behaviour.caller_id == "ddn":
            lines = [f"DDN_NMBR= {number}"]
        elif self._behaviour.caller_id == "spaced":
            lines = [line.replace("=", " = ") for line in lines]
        for line in lines:
            self._print(line)

    def _next_said(self) -> Frame:
        """A frame's worth out of the buffer; what is missing is silence, and is reported as underrun, once."""
        said = SILENCE.copy()
        if self._stream not in {"play", "both"}:
            return said
        size = FRAME_SAMPLES * self._coding.width
        piece = bytes(self._play[:size])
        del self._play[: len(piece)]
        samples = decode(piece[: len(piece) // self._coding.width * self._coding.width], self._coding)
        said[: samples.size] = samples
        if self._ending and not self._play:
            self._end_stream()
        elif len(piece) < size and not self._starved and not self._is_stuck:
            self._report("u")
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
                self._report(report)
        elif self._stream == "record" and not self._behaviour.digits_recording:
            self._held = ""
        elif report == "~":
            self._key_up()
        else:
            self._key_down(report)

    def _key_down(self, digit: str) -> None:
        if self._behaviour.digits == "once":
            self._report(digit)
            return
        self._report("/")
        self._report(digit)
        if self._behaviour.digits == "pulse":
            self._report(self._behaviour.dtmf_end)
            return
        self._held = digit
        self._later(REPEAT, lambda: self._repeat(digit))

    def _repeat(self, digit: str) -> None:
        if self._held == digit:
            self._report(digit)
            self._later(REPEAT, lambda: self._repeat(digit))

    def _key_up(self) -> None:
        if self._held:
            self._held = ""
            self._report(self._behaviour.dtmf_end)

    def _tell_falsely(self, false: FalseCodeSpec) -> None:
        if self._stream == false.doing:
            self._report(false.code)
            self._later(ms_to_samples(false.every_ms), lambda: self._tell_falsely(false))

    def _report(self, code: str) -> None:
        if self._commands.voice_class:
            self._send(bytes([DLE, ord(code)]))

    def _send_sound(self, samples: NDArray[np.int16]) -> None:
        """Shielded: two 0x10 in a row as DLE SUB, a single one doubled."""
        double, single = bytes([DLE, SUB]), bytes([DLE, DLE])
        data = encode(samples, self._coding)
        parts = [part.replace(bytes([DLE]), single) for part in data.split(bytes([DLE, DLE]))]
        self._send(double.join(parts))

    def _print(self, text: str) -> None:
        self._send(f"\r\n{text}\r\n".encode("latin-1"))

    def _send(self, data: bytes) -> None:
        self._out += data
        del self._out[: -seconds_to_samples(8)]  # nobody reads: the oldest is lost, as in any UART
