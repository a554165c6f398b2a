"""One thread for what is slow, with a bounded queue: the call goes on exchanging frames meanwhile."""

from __future__ import annotations

import logging
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from ivrbox.errors import IvrboxError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

Result = TypeVar("Result")

CAPACITY = 64
"""Jobs that may wait. A call orders a handful; more than this means that something is stuck."""

JOIN_LIMIT_S = 30.0
"""How long `close` waits for the jobs that are left: sealing an hour's recording takes a few seconds."""


class WorkerFull(IvrboxError, RuntimeError):
    """The queue of jobs is full; the job was not taken."""


class Worker:
    """Runs jobs one after the other on a thread of its own; a job that raises does not stop the next."""

    def __init__(self, name: str) -> None:
        """Start the thread; `name` is what logs and debuggers will show."""
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(CAPACITY)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], Result]) -> Future[Result]:
        """Queue a job; never waits. Its result, or what it raised, will be in the future.

        Raises:
            WorkerFull: too many jobs are waiting.
        """
        future: Future[Result] = Future()
        try:
            self._jobs.put_nowait(lambda: _carry_out(job, future))
        except queue.Full:
            raise WorkerFull(f"worker {self._thread.name}: {CAPACITY} jobs are waiting, no more are taken") from None
        return future

    def close(self) -> None:
        """Finish what is queued, then end the thread; a thread that will not end is an error with a name."""
        self._jobs.put(None)
        self._thread.join(JOIN_LIMIT_S)
        if self._thread.is_alive():
            log.error("worker %s did not end within %s s", self._thread.name, JOIN_LIMIT_S)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _carry_out(job: Callable[[], Result], future: Future[Result]) -> None:
    try:
        future.set_result(job())
    except Exception as error:
        log.exception("a job on the worker failed")
        future.set_exception(error)
