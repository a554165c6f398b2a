"""The child process in which authors' functions run: reads requests, runs them one at a time, tells the news.

It imports little (no numpy, none of the box's rooms but the dialog's words), so that it starts fast and stays small.
It belongs to a session of its own, so Ctrl-C at the box's terminal does not reach it; it ignores requests to end, so
a stop of the whole service does not take a running function from a call; and it cannot outlive the box, because the
kernel kills it when the box's end of the lifeline closes, even from the middle of a regular expression.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import resource
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ivrbox.appliance import function_wire as wire
from ivrbox.appliance.author_code import AuthorCode, story_of
from ivrbox.appliance.author_output import LineBudget, Prints
from ivrbox.dialog.conversation import Conversation, Flow, Wishes, reply_from
from ivrbox.dialog.functions import FunctionKind, FunctionReply
from ivrbox.dialog.redaction import redacted
from ivrbox.errors import BadReturn, DiscardTooLate, IllegalTransition, IvrboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ivrbox.dialog.functions import FunctionRequest

LARGEST_STATE = 1 << 20
"""Bytes that `conv.state` may take when pickled."""

_DISCARD_ERRORS = {kind.__name__: kind for kind in (DiscardTooLate, IllegalTransition)}


class Post:
    """Both ends of the child's talk with the box; sending is whole, whichever thread of an author's sends."""

    def __init__(self, in_fd: int, out_fd: int) -> None:
        """Take the pipes."""
        self._in_fd = in_fd
        self._out_fd = out_fd
        self._lock = threading.Lock()
        self._received: Iterator[bytes] = iter(())
        self._inbox = wire.Inbox()

    def tell(self, kind: str, **fields: object) -> None:
        """Send the box a message.

        Raises:
            TooLarge: the message is longer than the wire allows.
        """
        self.send(wire.json_message(kind, **fields))

    def send(self, message: bytes) -> None:
        """Send a framed message whole."""
        with self._lock:
            while message:
                message = message[os.write(self._out_fd, message) :]

    def receive(self) -> Any:  # noqa: ANN401 - whatever the box pickled
        """The next thing that the box sends; wait for it. SystemExit when the box is gone."""
        while (message := next(self._received, None)) is None:
            part = os.read(self._in_fd, 1 << 16)
            if not part:
                sys.exit()
            self._received = self._inbox.feed(part)
        return pickle.loads(message)  # noqa: S301 - it comes from the box itself


class Runner:
    """Runs requests: the author's code, what it remembers, and what is sent back."""

    def __init__(self, post: Post) -> None:
        """Take the way to the box."""
        self._post = post
        self._code = AuthorCode({"Conversation": Conversation, "Flow": Flow})
        self._secrets: tuple[str, ...] = ()
        self._budget = LineBudget(post.send)
        self._prints = sys.stdout = sys.stderr = Prints(lambda text: self._log("info", text))

    def run(self, request: FunctionRequest) -> None:
        """Run one function and tell the box how it went."""
        own_process = os.getpid()
        self._secrets = tuple(turn.text for turn in request.history if turn.pii)
        self._budget.refill()
        answer = self._answer(request)
        self._prints.flush()
        if os.getpid() != own_process:  # the function forked, and this is the copy that came back
            os._exit(0)
        self._send_answer(request, answer)

    def _answer(self, request: FunctionRequest) -> dict[str, Any]:
        try:
            reply = self._reply(request)
        except BadReturn as error:
            text = f"{request.source.name}: {request.name}: {self._redacted(str(error))}"
            return {"kind": "raised", "error": "BadReturn", "text": text}
        except BaseException as error:  # noqa: BLE001 - whatever an author's code can raise, SystemExit too
            return {"kind": "raised", "error": "FunctionFailed", "text": story_of(error, request, self._redacted)}
        return {"kind": "returned", **wire.reply_to_plain(reply)}

    def _reply(self, request: FunctionRequest) -> FunctionReply:
        wishes = Wishes()
        conv = Conversation(request, wishes, state=_state_from(request.state), discard=self._discard, log=self._log)
        function = self._code.function(request.source, request.name)
        returned = function(conv, Flow(request, wishes)) if request.kind is FunctionKind.STEP else function(conv)
        return reply_from(returned, wishes, state=_state_bytes(conv.state))

    def _send_answer(self, request: FunctionRequest, answer: dict[str, Any]) -> None:
        answer["soiled"] = _is_soiled()
        try:
            self._post.tell(**answer)
        except wire.TooLarge as error:
            text = f"{request.source.name}: {request.name}: its reply is too large: {error}"
            self._post.tell("raised", error="BadReturn", text=text, soiled=answer["soiled"])

    def _discard(self) -> None:
        self._post.tell("discard")
        refusal = cast("tuple[str, str] | None", self._post.receive())
        if refusal:
            kind, text = refusal
            raise _DISCARD_ERRORS.get(kind, IvrboxError)(text)

    def _log(self, level: str, text: str) -> None:
        if not self._budget.is_spent:
            self._budget.spend(level, self._redacted(text))

    def _redacted(self, text: str) -> str:
        return redacted(text, self._secrets)


def _state_from(pickled: bytes) -> dict[Any, Any]:
    return pickle.loads(pickled) if pickled else {}  # noqa: S301 - this process pickled it, or one like it


def _state_bytes(state: dict[Any, Any]) -> bytes:
    try:
        pickled = pickle.dumps(state)
    except Exception as error:  # pickling runs the author's own methods
        raise BadReturn(f"conv.state cannot be kept: {_unpicklable(state)}") from error
    if len(pickled) > LARGEST_STATE:
        raise BadReturn(f"conv.state is too large: {len(pickled)} bytes when pickled, at most {LARGEST_STATE}")
    return pickled


def _unpicklable(state: dict[Any, Any]) -> str:
    for key, value in state.items():
        try:
            pickle.dumps((key, value))
        except Exception:  # noqa: BLE001 - the author's own methods again
            return f"the value of {key!r}, of type {type(value).__name__}, cannot be pickled"
    return "it cannot be pickled"


def _is_soiled() -> bool:
    """Whether the function left threads or processes behind, which would disturb the next one."""
    if len(sys._current_frames()) > 1:  # noqa: SLF001 - sees raw threads too, unlike threading.enumerate
        return True
    with suppress(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
        return True
    return False


def _settle_in(life_fd: int, memory_limit: int) -> None:
    """What keeps the box safe from this process, and this process from those who signal the box."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would have the caller's digits in it
    resource.setrlimit(resource.RLIMIT_DATA, (memory_limit, memory_limit))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")  # rather this process than the box
    os.nice(5)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _do_nothing)  # a handler, not SIG_IGN: programs that a function starts get the default
    fcntl.fcntl(life_fd, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life_fd, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(life_fd, fcntl.F_SETFL, fcntl.fcntl(life_fd, fcntl.F_GETFL) | os.O_ASYNC)


def _do_nothing(*_: object) -> None:
    return


def main(in_fd: int, out_fd: int, life_fd: int, memory_limit: int) -> None:
    """Serve requests until the box closes its end; never returns before."""
    for fd in (in_fd, out_fd, life_fd):
        fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)  # programs that a function starts get none of them
    _settle_in(life_fd, memory_limit)
    post = Post(in_fd, out_fd)
    runner = Runner(post)
    post.tell("ready")
    while True:
        runner.run(post.receive())
