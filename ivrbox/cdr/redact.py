"""The one place where what is private becomes dots: in records, in logs, and wherever a value is printed."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ivrbox.cdr.records import CallRecord, TurnRecord

DOTS = "●●●●"
"""What stands for anything private: always four, so that not even its length is told."""

# How digits may be written apart: "1 2 3", "1-2-3", "['1', '2', '3']"; UTF-16 shown as bytes; hex with its marks.
_APART = r"(?:\\x00|\\u0000|[\s,;'\"\[\]()\-]){0,4}"
_HEX_APART = r"(?:00|\\x|\\u|0x|[\s,:%\-]){0,4}"
_SHORTEST = 3  # a private entry of one or two digits would blank half of every log; its turn is dots anyway


class Secret:
    """Holds a private value; its printed form is dots, wherever it is printed.

    It is no `str` on purpose: a serializer or a file would take a `str` at its real value, past every `__repr__`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Hide `value`."""
        self._value = value

    def reveal(self) -> str:
        """The value itself: for the flow and its functions."""
        return self._value

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private value is neither copied nor pickled; reveal() it where it is needed")

    def __repr__(self) -> str:
        return DOTS

    def __str__(self) -> str:
        return DOTS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(Secret)


class Redactor:
    """Knows the private values of one call, in memory only, and puts dots in their place."""

    def __init__(self, values: Iterable[str | Secret] = ()) -> None:
        """Start with values that are private from the first moment."""
        self._patterns: list[re.Pattern[str]] = []
        for value in values:
            self.add(value)

    def add(self, value: str | Secret) -> None:
        """Treat this value as private from now on."""
        digits = value.reveal() if isinstance(value, Secret) else value
        if len(digits) >= _SHORTEST:
            plain = _APART.join(map(re.escape, digits))
            coded = _HEX_APART.join(f"{ord(digit):02x}" for digit in digits)
            self._patterns.append(re.compile(f"{plain}|{coded}", re.IGNORECASE))

    def forget(self) -> None:
        """Forget all values: the call is over."""
        self._patterns.clear()
        re.purge()  # its cache knows every pattern, and with it every value

    def text(self, text: str) -> str:
        """The text with dots for each private value, also where its digits stand apart."""
        for pattern in self._patterns:
            text = pattern.sub(DOTS, text)
        return text

    def record(self, record: CallRecord) -> CallRecord:
        """The record as it may be stored."""
        return replace(
            record,
            turns=tuple(self._turn(turn) for turn in record.turns),
            faults=tuple(map(self.text, record.faults)),
            trace=tuple(map(self.text, record.trace)),
            recording_detail=record.recording_detail and self.text(record.recording_detail),
        )

    def _turn(self, turn: TurnRecord) -> TurnRecord:
        return replace(turn, text=self.text(turn.text))


class PiiFilter(logging.Filter):
    """Puts dots into log records: into the message, its arguments, and the traceback."""

    def __init__(self, redactor: Redactor) -> None:
        """Filter with what this redactor knows at the moment of each record."""
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact; every record passes."""
        record.msg, record.args = self._redactor.text(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = self._redactor.text(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


def hash_caller(number: str, key: bytes) -> str:
    """A caller's number as a keyed hash: the same caller is recognised, and without the key no number can be tried."""
    return "hash:" + hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:20]
