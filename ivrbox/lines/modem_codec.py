"""The voice modem's byte stream, both ways, with no port in it.

    modem --> bytes, cut anywhere --> Decoder --> TextLine  RING, OK, NMBR=...
                                                  Audio     samples as bytes, shielding removed
                                                  Code      DLE x: a digit, a busy tone, an underrun ...
                                                  StreamEnded  DLE ETX

Text and audio share one wire. A line `CONNECT` after a command that records turns the rest into audio, until `DLE ETX`
turns it back into text; `DLE x` may stand in either (V.253 clause 6, TIA-695). A pair may be split over two reads.
"""

from __future__ import annotations

from dataclasses import dataclass

DLE = 0x10
ETX = 0x03
SUB = 0x1A

STREAM_BEGINS = "CONNECT"
END_OF_PLAY = bytes([DLE, ETX])
REPORT_BEGINS, REPORT_ENDS = ord("X"), ord(".")
DTMF_ENDS, DTMF_ENDS_TOO = "~", "\x7f"  # Silicon Labs AN93 prints 0x7F where V.253 has `~`

LONGEST_LINE = 1024
"""Bytes of a text line that are kept: a stuck modem sends audio where text is due, and none of it is a line."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text, without its CR LF; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Audio:
    """Bytes of sound, unshielded, as the sample format has them."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Code:
    """A report `DLE x`; the end of a DTMF group is `~`, however the modem spells it."""

    code: str


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """`DLE ETX`: no more sound; text follows."""


Item = TextLine | Audio | Code | StreamEnded


def shield(audio: bytes) -> bytes:
    """Make sound safe to send: each 0x10 is doubled."""
    return audio.replace(b"\x10", b"\x10\x10")


class Decoder:
    """Turns bytes into items; `feed` takes them in pieces of any length, and no item depends on where they were cut."""

    def __init__(self) -> None:
        """Start with text."""
        self._line = bytearray()
        self._audio = bytearray()
        self._items: list[Item] = []
        self._half = b""
        self._in_audio = False
        self._in_report = False
        self.expects_audio = False
        """Set by whoever sends a command that records: the next `CONNECT` is followed by sound."""

    def feed(self, data: bytes) -> list[Item]:
        """Take the next bytes; give what became complete. Sound is given with each piece, never held back."""
        data, self._half = self._half + data, b""
        at = 0
        while at < len(data):
            at = self._plain(data, at) if data[at] != DLE else self._pair(data, at)
        self._close_audio()
        items, self._items = self._items, []
        return items

    def to_text(self) -> None:
        """Take what follows as text, whatever it was: the modem has been reset, or does not end its stream."""
        self._in_audio = self._in_report = self.expects_audio = False
        self._half = b""
        self._line.clear()

    def _plain(self, data: bytes, at: int) -> int:
        if not self._in_audio or self._in_report:
            return self._text(data, at)
        end = _first(data, at, bytes([DLE]))
        self._audio += data[at:end]
        return end

    def _text(self, data: bytes, at: int) -> int:
        end = _first(data, at, b"\n", bytes([DLE]))
        self._line += data[at:end][: LONGEST_LINE - len(self._line)]
        if data[end : end + 1] != b"\n":
            return end
        self._end_line()
        return end + 1

    def _end_line(self) -> None:
        text = self._line.decode("latin-1").strip()
        self._line.clear()
        if not text:
            return
        self._put(TextLine(text))
        if self.expects_audio and text.startswith(STREAM_BEGINS):
            self.expects_audio, self._in_audio = False, True

    def _pair(self, data: bytes, at: int) -> int:
        if at + 1 == len(data):
            self._half = data[at:]
            return at + 1
        self._shielded(data[at + 1])
        return at + 2

    def _shielded(self, code: int) -> None:
        if code == ETX:
            self.to_text()
            self._put(StreamEnded())
        elif code == REPORT_BEGINS:
            self._in_report = True
        elif code == REPORT_ENDS:
            self._in_report = False
        elif code not in {DLE, SUB}:
            self._put(Code(DTMF_ENDS if code == ord(DTMF_ENDS_TOO) else chr(code)))
        elif self._in_audio:
            self._audio += bytes([DLE] * (2 if code == SUB else 1))

    def _put(self, item: Item) -> None:
        self._close_audio()
        self._items.append(item)

    def _close_audio(self) -> None:
        if self._audio:
            self._items.append(Audio(bytes(self._audio)))
            self._audio.clear()


def _first(data: bytes, at: int, *wanted: bytes) -> int:
    """Where the first of these stands, from `at` on; the end of the data where none does."""
    found = (data.find(byte, at) for byte in wanted)
    return min((place for place in found if place >= 0), default=len(data))
