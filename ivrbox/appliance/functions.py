"""The host of authors' functions: runs each in a warm child process, with a limit, so that none can stop the audio.

    host.submit(request)           never waits
    host.poll() -> News | None     never waits, unless asked to; the news of one run ends with Returned or Raised

Two children are kept: one at work and a spare. One that ran past the limit, died, or was left with threads or
processes by a function is killed with all it started, and the spare takes its place at once.
"""

from __future__ import annotations

import logging
import pickle
import signal
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ivrbox.appliance.function_process import FunctionProcess
from ivrbox.appliance.function_wire import TooLarge, reply_from_plain
from ivrbox.errors import BadReturn, FunctionError, FunctionFailed, FunctionTimedOut, IllegalTransition

if TYPE_CHECKING:
    from types import TracebackType

    from ivrbox.dialog.functions import FunctionReply, FunctionRequest
    from ivrbox.errors import IvrboxError

log = logging.getLogger(__name__)

LIMIT_S = 10.0
"""What a function may take (design: flows and functions)."""

MEMORY_LIMIT = 256 << 20
"""Bytes of data a function may use; past it there is a MemoryError in the function, and a box that lives on."""

START_LIMIT_S = 10.0
"""A child that is not ready by then will never be."""

_ERRORS = {"FunctionFailed": FunctionFailed, "BadReturn": BadReturn}
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


@dataclass(frozen=True, slots=True)
class Returned:
    """The function has answered."""

    reply: FunctionReply


@dataclass(frozen=True, slots=True)
class Raised:
    """The function has failed, run past its limit, or returned what is not allowed."""

    error: FunctionError


@dataclass(frozen=True, slots=True)
class DiscardAsked:
    """The function is inside `discard_recording()` and waits for `answer_discard`."""


News = Returned | Raised | DiscardAsked


@dataclass
class _Run:
    """The function under way; its time counts from when a child could take it."""

    request: FunctionRequest
    submitted: float
    deadline: float | None = None
    is_over: bool = False


class FunctionHost:
    """Runs one author's function at a time. To be used by one thread; `close` it, or use it in a `with` statement."""

    def __init__(self, limit_s: float = LIMIT_S, memory_limit: int = MEMORY_LIMIT) -> None:
        """Take the limit of a run in seconds and that of its memory in bytes; children start when first needed."""
        self._limit_s = limit_s
        self._memory_limit = memory_limit
        self._child: FunctionProcess | None = None
        self._spare: FunctionProcess | None = None
        self._run: _Run | None = None
        self._news: deque[News] = deque()
        self._discards_asked = 0
        self._is_closed = False

    def warm(self) -> None:
        """Start the children and wait until they are ready, so that the first call does not."""
        self._hire()
        until = time.monotonic() + START_LIMIT_S
        for child in (self._child, self._spare):
            while child and child.is_open and not child.is_ready and (left := until - time.monotonic()) > 0:
                if child.receive() is None:
                    child.wait(left)

    def submit(self, request: FunctionRequest) -> None:
        """Start a function.

        Raises:
            IllegalTransition: one is running already, or the host is closed.
        """
        if self._is_closed or self._run:
            state = "closed" if self._is_closed else f"running {self._run.request.name}" if self._run else ""
            raise IllegalTransition(f"function host: cannot run {request.name}: it is {state}")
        self._run = _Run(request, time.monotonic())
        if self._child and self._child.has_died:
            self._dismiss()
        try:
            self._hire()
            self._hand_over(request)
        except (OSError, TooLarge) as error:
            self._end(Raised(FunctionFailed(f"{request.source.name}: {request.name} could not be started: {error}")))

    def poll(self, *, wait: bool = False) -> News | None:
        """The next news of the run, if there is any; with `wait`, wait for it, at most until the limit.

        None means: nothing yet, or (with `wait`) nothing is running.
        """
        self._look()
        while wait and self._run and not self._news:
            self._wait()
            self._look()
        return self._next_news()

    def answer_discard(self, error: IvrboxError | None) -> None:
        """Let `discard_recording()` return in the function, or raise this error there.

        Raises:
            IllegalTransition: it was not asked for.
        """
        if not self._discards_asked:
            raise IllegalTransition("function host: no function waits for an answer to discard_recording()")
        self._discards_asked -= 1
        if self._child and self._run and not self._run.is_over:
            self._child.send(pickle.dumps(error and (type(error).__name__, str(error))))

    def close(self) -> None:
        """End the children, and with them whatever runs; idempotent."""
        self._is_closed = True
        self._run = None
        self._news.clear()
        for child in (self._child, self._spare):
            if child:
                child.kill()
        self._child = self._spare = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look(self) -> None:
        """Take what the child has told, then see whether it still lives and is in time."""
        run, child = self._run, self._child
        if run is None or child is None:
            return
        self._take_all(run, child)
        if run.is_over:
            return
        if not child.is_open:
            self._lose(run, child)
        elif time.monotonic() >= self._deadline(run):
            self._overdue(run, child)

    def _take_all(self, run: _Run, child: FunctionProcess) -> None:
        while not run.is_over and (message := child.receive()) is not None:
            try:
                self._take(message, run)
            except (KeyError, TypeError, ValueError):
                self._end(Raised(FunctionFailed(f"{_title(run.request)} wrote into the pipe to the box")))
                self._dismiss()

    def _take(self, message: dict[str, Any], run: _Run) -> None:
        match message["kind"]:
            case "ready":
                run.deadline = time.monotonic() + self._limit_s
            case "log":
                log.log(_LEVELS[message["level"]], "%s: %s", _title(run.request), message["text"])
            case "discard":
                self._discards_asked += 1
                self._news.append(DiscardAsked())
            case "returned":
                self._end(Returned(reply_from_plain(message)), is_soiled=message["soiled"])
            case "raised":
                self._end(Raised(_ERRORS[message["error"]](message["text"])), is_soiled=message["soiled"])

    def _lose(self, run: _Run, child: FunctionProcess) -> None:
        status = child.kill()
        self._end(Raised(FunctionFailed(f"{_title(run.request)} {_death(status)}")))
        self._dismiss()

    def _overdue(self, run: _Run, child: FunctionProcess) -> None:
        child.kill()
        self._take_all(run, child)  # what it told in its last moment counts: a wish to discard above all
        if not run.is_over:
            self._end(Raised(FunctionTimedOut(self._what_took_too_long(run))))
            self._dismiss()

    def _what_took_too_long(self, run: _Run) -> str:
        if run.deadline is None:
            return f"{_title(run.request)} could not begin: no child process was ready within {START_LIMIT_S:g} s"
        return f"{_title(run.request)} took longer than its limit of {self._limit_s:g} s and was ended"

    def _deadline(self, run: _Run) -> float:
        return run.submitted + START_LIMIT_S if run.deadline is None else run.deadline

    def _wait(self) -> None:
        if self._run and self._child:
            self._child.wait(self._deadline(self._run) - time.monotonic())

    def _hand_over(self, request: FunctionRequest) -> None:
        if self._child and self._run:
            self._child.send(pickle.dumps(request))
            if self._child.is_ready:
                self._run.deadline = self._run.submitted + self._limit_s

    def _end(self, news: Returned | Raised, *, is_soiled: bool = False) -> None:
        self._news.append(news)
        if self._run:
            self._run.is_over = True
        if is_soiled:
            self._dismiss()

    def _next_news(self) -> News | None:
        if not self._news:
            return None
        news = self._news.popleft()
        if not isinstance(news, DiscardAsked):
            self._run = None
        return news

    def _hire(self) -> None:
        """See to it that there is a child at work and a spare one."""
        if self._child is None:
            self._child, self._spare = self._spare or FunctionProcess(self._memory_limit), None
        if self._spare is None:
            self._spare = FunctionProcess(self._memory_limit)

    def _dismiss(self) -> None:
        """End the child at work; the spare takes its place."""
        if self._child:
            self._child.kill()
            self._child = None
        try:
            self._hire()
        except OSError as error:
            log.warning("function host: no spare child process can be started: %s", error)


def _title(request: FunctionRequest) -> str:
    return f"{request.source.name}: {request.name}"


def _death(status: int | None) -> str:
    """How a child ended, in words that follow the function's name."""
    if status is None:
        return "left a process that cannot be ended"
    if status >= 0:
        return f"ended its process with exit status {status}"
    if status == -signal.SIGKILL:
        return "lost its process: killed, perhaps for want of memory, or it shut the pipe to the box"
    return f"crashed its process: {signal.Signals(-status).name}, as after a stack overflow or in native code"
