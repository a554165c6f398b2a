"""The keys that recordings are sealed to: made once, the opening half meant to leave the box."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrage import IdentityError, RecipientError, x25519

from ivrbox.errors import SealError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

RECIPIENT_FILE = "recipient.txt"
IDENTITY_FILE = "identity.txt"
BOX_IDENTITY_FILE = "box-identity.txt"


@dataclass(frozen=True)
class KeyRing:
    """Whom recordings are sealed to, and what was made on the way there.

    `made` is the operator's identity file if this run has made it: whoever holds it can listen to every recording,
    so it is to be moved off the box.
    """

    recipients: tuple[str, ...]
    made: Path | None = None

    @property
    def hint(self) -> str:
        """What to tell the operator after the first run; empty later."""
        if self.made is None:
            return ""
        return (
            f"A key pair for recordings was made. Move {self.made} to a safe place off this box: "
            "who holds it can listen to every recording, and without it nobody can."
        )


def key_ring(folder: Path, recipients: Sequence[str] = (), *, local_playback: bool = False) -> KeyRing:
    """The recipients that the settings name, or the pair in `folder`, made at first use.

    With `local_playback` the box's own identity is one more recipient, and stays on the box.

    Raises:
        SealError: a recipient is not an age X25519 recipient, or the folder cannot be written.
    """
    named, made = tuple(recipients), None
    if not named:
        named, made = _operators(folder)
    if local_playback:
        named = (*named, _boxs_own(folder))
    parse_recipients(named)
    return KeyRing(named, made)


def make_identity(path: Path) -> str:
    """Make a key pair: the identity into a new file of mode 0600; returns the recipient.

    Raises:
        SealError: the file exists or cannot be written.
    """
    identity = x25519.Identity.generate()
    recipient = str(identity.to_public())
    write_new(path, f"# public key: {recipient}\n{identity}\n".encode(), mode=0o600)
    return recipient


def make_operator_pair(folder: Path, identity: Path) -> str:
    """Make the pair that recordings are sealed to: `identity` opens them, `folder` keeps the recipient; returns that.

    Raises:
        SealError: there is a pair already, or a file cannot be written.
    """
    listed = folder / RECIPIENT_FILE
    if listed.exists():
        raise SealError(f"{listed} is there already: recordings are sealed to it; move it away to change the pair")
    recipient = make_identity(identity)
    write_new(listed, f"{recipient}\n".encode(), mode=0o644)
    return recipient


def parse_recipients(recipients: Iterable[str]) -> list[x25519.Recipient]:
    """The recipients as keys.

    Raises:
        SealError: one of them is not an age X25519 recipient.
    """
    keys = []
    for text in recipients:
        try:
            keys.append(x25519.Recipient.from_str(text))
        except RecipientError as error:
            raise SealError(f"recipient {text!r}: must be an age X25519 recipient, age1...") from error
    return keys


def read_identities(path: Path) -> list[x25519.Identity]:
    """The identities in an age identity file.

    Raises:
        SealError: the file cannot be read, or has no X25519 identity in it.
    """
    lines = [line.strip() for line in _text(path).splitlines()]
    found = []
    with suppress(IdentityError):
        found = [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise SealError(f"{path}: holds no identity; must be an age identity file (AGE-SECRET-KEY-1...)")
    return found


def write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that is not there yet, through to the device.

    Raises:
        SealError: it exists or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SealError(f"{path}: {error.strerror}") from error


def _operators(folder: Path) -> tuple[tuple[str, ...], Path | None]:
    listed, identity = folder / RECIPIENT_FILE, folder / IDENTITY_FILE
    if not listed.exists():
        return (make_operator_pair(folder, identity),), identity
    recipients = tuple(line for line in _text(listed).split() if line.startswith("age1"))
    if not recipients:
        raise SealError(f"{listed}: names no recipient; must hold an age X25519 recipient, age1...")
    return recipients, None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SealError(f"{path}: {error}") from error


def _boxs_own(folder: Path) -> str:
    path = folder / BOX_IDENTITY_FILE
    if not path.exists():
        return make_identity(path)
    return str(read_identities(path)[0].to_public())
