"""Caller ID by sound: who is calling, from what the exchange sends while the line is still on-hook.

    FSK    0x55 ...  mark ...  type  length  body  checksum     after the first ring (Bellcore), or before it (ETSI)
    DTMF   A 0123456 C   D 0123456 C   A 0123456 #   0123456 #  before the first ring

FSK messages are single (0x04, SDMF) or multiple data (0x80, MDMF) messages, and are believed when all bytes from type
to checksum add to 0 modulo 256. One receiver hears both Bell 202 and V.23. Japan's form is not known here: it needs an
answer in the middle (V.23, DLE framing, CRC-16).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ivrbox.dsp.dtmf import DtmfDetector
from ivrbox.dsp.fsk import BIT_SAMPLES, EITHER, FskReceiver
from ivrbox.dsp.keys import KeyDown
from ivrbox.units import seconds_to_samples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.dsp.fsk import FskByte

WITHHELD: Final = "withheld"
UNAVAILABLE: Final = "unavailable"

_SDMF: Final = 0x04
_MDMF: Final = 0x80
_SETUP_TYPES: Final = (_SDMF, _MDMF)
_NUMBER_FIELDS: Final = (0x02, 0x03)  # calling line, dialable number
_NO_NUMBER: Final = 0x04
_NAME: Final = 0x07
_CALL_TYPE: Final = 0x11  # ETSI EN 300 659-3: voice, ring back when free ...
_MESSAGE_WAITING: Final = b"\x81"  # ... or none at all: a mailbox has something
_SDMF_STAMP: Final = 8  # MMDDHHMM before the number
_REASONS: Final = {"O": UNAVAILABLE, "P": WITHHELD}
_HEAD: Final = 2  # type and length, of a message as of a field in it
_FRAME: Final = _HEAD + 1  # ... and the checksum
_LONGEST: Final = _FRAME + 255
_GAP_BITS: Final = 40  # stop bits between two bytes of one message: 10 are common, more than this is another message
_NUMBER: Final = re.compile(r"[0-9*#+]+")
_SEPARATORS: Final = str.maketrans("", "", " -.()/")

_CLIP_PAUSE: Final = seconds_to_samples(1.0)
"""Digits of one DTMF message come 70 ms apart; after this long the next one starts afresh."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a number, a name where one was sent; `absent` says why there is no number."""

    number: str | None
    name: str | None = None
    absent: str | None = None


class CallerIdReceiver:
    """All forms at once, from the sound of a line that is on-hook."""

    def __init__(self) -> None:
        """Start to listen."""
        self._receivers: tuple[_FskMessages | _ClipMessages, ...] = (_FskMessages(), _ClipMessages())

    def push(self, samples: NDArray[np.int16]) -> list[Caller]:
        """Take samples of shape (n,), n from 0; give the callers that were told by them."""
        return [caller for receiver in self._receivers for caller in receiver.push(samples)]

    def skip(self, samples: int) -> None:
        """So many samples were lost: a message under way is, too."""
        for receiver in self._receivers:
            receiver.skip(samples)


class _FskMessages:
    def __init__(self) -> None:
        self._receiver = FskReceiver(EITHER)
        self._bytes: list[int] = []
        self._last_at = 0

    def push(self, samples: NDArray[np.int16]) -> list[Caller]:
        callers = [self._take(byte) for byte in self._receiver.push(samples)]
        return [caller for caller in callers if caller is not None]

    def skip(self, samples: int) -> None:
        self._receiver.skip(samples)
        self._bytes.clear()

    def _take(self, byte: FskByte) -> Caller | None:
        if byte.at - self._last_at > (10 + _GAP_BITS) * BIT_SAMPLES:
            self._bytes.clear()
        self._last_at = byte.at
        self._bytes = [*self._bytes[-_LONGEST:], byte.value]
        for start, kind in enumerate(self._bytes):
            if kind in _SETUP_TYPES and _is_whole(self._bytes[start:]):
                message = bytes(self._bytes[start:])
                self._bytes.clear()
                return read_message(message)
        return None


class _ClipMessages:
    def __init__(self) -> None:
        self._detector = DtmfDetector()
        self._digits = ""
        self._last_at = 0

    def push(self, samples: NDArray[np.int16]) -> list[Caller]:
        callers = [self._take(key) for key in self._detector.push(samples) if isinstance(key, KeyDown)]
        return [caller for caller in callers if caller is not None]

    def skip(self, samples: int) -> None:
        self._detector.skip(samples)
        self._digits = ""

    def _take(self, key: KeyDown) -> Caller | None:
        at = seconds_to_samples(key.onset_s)
        if at - self._last_at > _CLIP_PAUSE:
            self._digits = ""
        self._last_at = at
        self._digits += key.digit
        caller = read_clip(self._digits)
        if key.digit in "C#":
            self._digits = ""
        return caller


def read_message(message: bytes) -> Caller | None:
    """Read one FSK message, type to checksum; None for what is no call set-up, or is not what it says it is."""
    if len(message) < _FRAME or not _is_whole(list(message)):
        return None
    body = message[_HEAD:-1]
    if message[0] == _SDMF:
        return _caller(body[_SDMF_STAMP:], None, None)
    if message[0] == _MDMF:
        fields = _fields(body)
        if fields.get(_CALL_TYPE) == _MESSAGE_WAITING:
            return None
        number = next((fields[kind] for kind in _NUMBER_FIELDS if kind in fields), None)
        return _caller(number, fields.get(_NO_NUMBER), fields.get(_NAME))
    return None


def read_clip(digits: str) -> Caller | None:
    """Read the digits of a DTMF message (ETSI EN 300 659-3 Annex B and its cousins); None while it is not whole."""
    match = _CLIP.fullmatch(digits)
    if match is None:
        return None
    number = match["from"] or match["danish"] or match["asian"] or match["bare"]
    if number:
        return Caller(number)
    is_withheld = "10" in (match["reason"], match["alone"]) or match["why"] == "1"
    return Caller(None, absent=WITHHELD if is_withheld else UNAVAILABLE)


_CLIP: Final = re.compile(
    r"A(?P<from>\d*)(?:D\d*)?(?:B(?P<reason>\d*))?(?:D\d*)?C"  # BE BR DK FI IN SE UY: number, redirecting, reason
    r"|B(?P<alone>\d+)C"  # ... and the reason alone, where there is no number
    r"|A(?P<danish>\d+)#|D(?P<why>[123])#"  # DK NL: withheld, from abroad, a fault
    r"|D(?P<asian>\d+)C"  # TW KW
    r"|(?P<bare>\d{3,})#"  # DK NL without a start mark
)


def number_in(text: str) -> str | None:
    """The number alone, as the same caller has it on every line; None for the many words that stand for none."""
    number = text.translate(_SEPARATORS)
    return number if _NUMBER.fullmatch(number) else None


def _is_whole(message: list[int]) -> bool:
    return len(message) >= _FRAME and len(message) == message[1] + _FRAME and sum(message) % 256 == 0


def _fields(body: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    while len(body) >= _HEAD:
        kind, length = body[0], body[1]
        fields.setdefault(kind, body[_HEAD : _HEAD + length])
        body = body[_HEAD + length :]
    return fields


def _caller(number: bytes | None, reason: bytes | None, name: bytes | None) -> Caller | None:
    text = _text(number)
    why = _REASONS.get(_text(reason) or text)
    said_name: str | None = _text(name)
    if said_name in ("", *_REASONS):  # a name may be withheld, too
        said_name = None
    if digits := number_in(text):
        return Caller(digits, said_name)
    if why is None and not (said_name and not text):
        return None
    return Caller(None, said_name, why or UNAVAILABLE)


def _text(field: bytes | None) -> str:
    text = (field or b"").decode("latin-1")
    return text.strip() if text.isprintable() else ""
