"""The box's hand on one function child: starts it, talks with it without ever waiting for it, ends it.

A child is started as a fresh interpreter rather than forked: it inherits no thread, lock or descriptor of the box,
imports nothing that the child's own module does not name, and a spare one that is ready costs the call nothing.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections import deque
from contextlib import suppress
from typing import Any

from ivrbox.appliance.function_wire import Inbox, framed

_PROGRAM = "import sys; from ivrbox.appliance.function_child import main; main(*map(int, sys.argv[1:]))"
_LOOK_S = 0.05  # how often a waiting box looks whether the child still lives, should nobody tell it
_REAP_S = 0.5  # a killed process is gone in a moment, unless the kernel holds it


class FunctionProcess:
    """One child: `send` and `receive` never wait; `wait` waits for either to be worth trying again."""

    def __init__(self, memory_limit: int) -> None:
        """Start the child; it tells `ready` when it can take a request. `memory_limit` in bytes.

        Raises:
            OSError: the system can start no more processes.
        """
        child_in, self._out_fd = os.pipe()
        self._in_fd, child_out = os.pipe()
        child_life, life_fd = os.pipe()
        theirs = (child_in, child_out, child_life)
        try:
            self._process = _started(theirs, memory_limit)
        finally:
            for fd in theirs:
                os.close(fd)
        os.set_blocking(self._in_fd, False)
        os.set_blocking(self._out_fd, False)
        self._fds = [self._in_fd, self._out_fd, life_fd]  # the lifeline is never written to: it only closes
        self._unsent = b""
        self._inbox = Inbox()
        self._received: deque[dict[str, Any]] = deque()
        self.is_ready = False
        self.is_open = True
        """Whether more may come from it; closed once the child has died, shut its pipe, or been killed."""

    def send(self, payload: bytes) -> None:
        """Send a message as far as the pipe takes it; `receive` sends the rest.

        Raises:
            TooLarge: the message is longer than the wire allows.
        """
        self._unsent += framed(payload)
        self._push()

    def receive(self) -> dict[str, Any] | None:
        """The next message, or None where none is there yet; `is_open` tells whether one can still come."""
        self._push()
        self._pull()
        return self._received.popleft() if self._received else None

    def wait(self, seconds: float) -> None:
        """Wait until something can be received or sent, at most so long, and never very long at once."""
        writes = [self._out_fd] if self._unsent else []
        select.select([self._in_fd], writes, [], max(0.0, min(seconds, _LOOK_S)))

    @property
    def pid(self) -> int:
        """The process, which leads a session and group of its own."""
        return self._process.pid

    @property
    def has_died(self) -> bool:
        """Whether the process has ended by itself."""
        return self._process.poll() is not None

    def kill(self) -> int | None:
        """End the child and all it has started; give its exit status (negative: a signal's), None if it won't go.

        What it sent before can still be received.
        """
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_S)
        if self._fds:
            self._pull()
        self.is_open = False
        while self._fds:
            os.close(self._fds.pop())
        return self._process.returncode

    def _push(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._out_fd, self._unsent) :]
        except BlockingIOError:
            return
        except OSError:  # it has died or shut its pipe, which the other pipe will tell
            self._unsent = b""

    def _pull(self) -> None:
        while self.is_open and not self._received:
            died = self.has_died  # asked before reading, so that its last words are read
            part = _read(self._in_fd)
            if part:
                self._take(part)
            elif part is not None or died:
                self.is_open = False
            else:
                return

    def _take(self, part: bytes) -> None:
        try:
            for message in map(json.loads, self._inbox.feed(part)):
                self.is_ready |= message["kind"] == "ready"
                self._received.append(message)
        except (
            ValueError,
            TypeError,
            KeyError,
        ):  # not what a child of ours would send: an author's code has written into the pipe
            self.is_open = False


def _read(fd: int) -> bytes | None:
    try:
        return os.read(fd, 1 << 16)
    except BlockingIOError:
        return None


def _started(fds: tuple[int, int, int], memory_limit: int) -> subprocess.Popen[bytes]:
    # stderr stays the box's until the child has settled in: an installation that cannot start it shows why
    return subprocess.Popen(  # noqa: S603 - our own interpreter, our own program
        [sys.executable, "-P", "-c", _PROGRAM, *map(str, fds), str(memory_limit)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=fds,
        start_new_session=True,
    )
