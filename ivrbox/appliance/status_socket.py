"""The box's state over a Unix socket: connect, and read one JSON document until the end. Nothing is ever read there.

The socket is for the owner of the data folder and its group. Readers are served one after the other on a thread of its
own, each with a limit, so that one who does not read cannot hurt a call, nor keep others waiting for long.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivrbox.errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

log = logging.getLogger(__name__)

NAME = "status.sock"
READER_LIMIT_S = 2.0
LARGEST_BYTES = 1 << 20


def socket_path(data: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Where a box serves its state: in the runtime folder that systemd made for it, else in its data folder."""
    return Path(environment.get("RUNTIME_DIRECTORY", data)) / NAME


@contextmanager
def serving(path: Path, status: Callable[[], Mapping[str, Any]]) -> Iterator[None]:
    """Serve for as long as a block runs; a socket that cannot be had is told in the log, and is no reason to stop."""
    try:
        server = _listening(path)
    except OSError as error:
        log.warning("the state of the box is not served: %s: %s", path, error.strerror)
        yield
        return
    thread = threading.Thread(target=_serve, args=(server, status), name="status", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join(READER_LIMIT_S)
        server.close()
        path.unlink(missing_ok=True)


def ask(path: Path) -> dict[str, Any]:
    """Ask a running box how it is.

    Raises:
        StatusError: no box answers there.
    """
    try:
        with socket.socket(socket.AF_UNIX) as wire, _short(path) as address:
            wire.settimeout(READER_LIMIT_S)
            wire.connect(address)
            told: dict[str, Any] = json.loads(b"".join(iter(lambda: wire.recv(65536), b"")))
            return told
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StatusError(f"{path}: no running ivrbox answers: {reason}") from error


def _listening(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    try:
        path.unlink(missing_ok=True)  # of a box that was killed: the lock on the data folder tells that none runs
        with _short(path) as address:
            server.bind(address)
        path.chmod(0o660)
        server.listen()
    except OSError:
        server.close()
        raise
    return server


def _serve(server: socket.socket, status: Callable[[], Mapping[str, Any]]) -> None:
    while True:
        try:
            reader, _ = server.accept()
        except OSError:
            return  # shut down
        with reader, suppress(OSError):  # a reader that is gone or does not read
            reader.settimeout(READER_LIMIT_S)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST_BYTES)
            reader.sendall(_told(status) + b"\n")


def _told(status: Callable[[], Mapping[str, Any]]) -> bytes:
    try:
        return json.dumps(status(), ensure_ascii=False).encode()
    except Exception:
        log.exception("the state of the box cannot be told")
        return b"{}"


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for the socket that fits into the 108 bytes which a socket's address has, however deep its folder is."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
