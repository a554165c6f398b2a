"""The words between the box and its function child, and how they are cut out of a stream of bytes.

    box -> child   a pickled FunctionRequest, or the pickled answer to a wish to discard: the child trusts the box
    child -> box   one JSON object each: plain values only, because the box runs nothing that an author made

Each message is preceded by its length, four bytes, big-endian. Pure: no descriptor is read here.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from ivrbox.dialog.functions import FunctionReply, Move, MoveKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST_MESSAGE = 4 << 20
"""Bytes: far more than any conversation needs, far less than would hold up a call."""

_LENGTH_BYTES = 4


class TooLarge(ValueError):
    """A message is longer than `LARGEST_MESSAGE`, or what came is no message at all."""


def framed(payload: bytes) -> bytes:
    """The message as it goes over the wire.

    Raises:
        TooLarge: it must be split, or not be sent.
    """
    if len(payload) > LARGEST_MESSAGE:
        raise TooLarge(f"a message of {len(payload)} bytes; at most {LARGEST_MESSAGE} are allowed")
    return len(payload).to_bytes(_LENGTH_BYTES, "big") + payload


class Inbox:
    """Bytes in any cut go in, whole messages come out."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self._bytes = bytearray()

    def feed(self, received: bytes) -> Iterator[bytes]:
        """Take bytes; give each message that is now complete.

        Raises:
            TooLarge: the length that stands before a message cannot be one.
        """
        self._bytes += received
        while (message := self._first()) is not None:
            yield message

    def _first(self) -> bytes | None:
        if len(self._bytes) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._bytes[:_LENGTH_BYTES], "big")
        if length > LARGEST_MESSAGE:
            raise TooLarge(f"a message of {length} bytes; at most {LARGEST_MESSAGE} are allowed")
        end = _LENGTH_BYTES + length
        if len(self._bytes) < end:
            return None
        message = bytes(self._bytes[_LENGTH_BYTES:end])
        del self._bytes[:end]
        return message


def json_message(kind: str, **fields: object) -> bytes:
    """A message of the child's, framed."""
    return framed(json.dumps({"kind": kind, **fields}).encode())


def reply_to_plain(reply: FunctionReply) -> dict[str, Any]:
    """A reply as values that JSON knows."""
    return {
        "says": list(reply.says),
        "move": [reply.move.kind.value, reply.move.target] if reply.move else None,
        "hangup": reply.hangup,
        "state": base64.b64encode(reply.state).decode(),
    }


def reply_from_plain(plain: Mapping[str, Any]) -> FunctionReply:
    """The reply that `reply_to_plain` took apart."""
    move = plain["move"]
    return FunctionReply(
        says=tuple(plain["says"]),
        move=Move(MoveKind(move[0]), move[1]) if move else None,
        hangup=plain["hangup"],
        state=base64.b64decode(plain["state"]),
    )
