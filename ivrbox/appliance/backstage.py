"""Behind the call: author's functions in their child process, speech and records on the workers, and their news."""

from __future__ import annotations

import queue
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from ivrbox.appliance.functions import DiscardAsked, Raised, Returned
from ivrbox.calls.backstage import ClipMade, DiscardWanted, DiscardWritten, FunctionAnswered, FunctionBroke

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from ivrbox.appliance.functions import FunctionHost
    from ivrbox.appliance.functions import News as HostNews
    from ivrbox.appliance.worker import Worker
    from ivrbox.calls.backstage import News
    from ivrbox.dialog.functions import FunctionRequest
    from ivrbox.errors import IvrboxError
    from ivrbox.prompts.clip import Clip
    from ivrbox.prompts.shelves import Shelves
    from ivrbox.recordings import Receipt

Result = TypeVar("Result")

DISCARD_PATIENCE_FRAMES = 100
"""A caller waits 2 s, not longer, for a medium to note that nothing of the call was ever put on it."""


class Helpers:
    """The `Backstage` of one call; the host, the shelf and the speaking worker outlive it and serve the next."""

    def __init__(
        self,
        host: FunctionHost,
        shelf: Shelves,
        speaker: Worker,
        write_discard: Callable[[Receipt], Future[None]],
    ) -> None:
        """Take the helpers; nothing is under way yet."""
        self._host = host
        self._shelf = shelf
        self._speaker = speaker
        self._write_discard = write_discard
        self._tickets = count()
        self._done: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._under_way = 0
        self._function_runs = False
        self._patience: int | None = None

    def run(self, request: FunctionRequest) -> None:
        """Start an author's function in the child process."""
        self._function_runs = True
        self._host.submit(request)

    def answer_discard(self, error: IvrboxError | None) -> None:
        """Let the function that waits in `discard_recording()` go on, or have it raise."""
        self._host.answer_discard(error)

    def write_discard(self, receipt: Receipt) -> None:
        """Have the keeper write that the recording is gone; the call goes on as soon as it is, or after 2 s."""
        self._patience = DISCARD_PATIENCE_FRAMES
        self._expect(self._write_discard(receipt), lambda _: DiscardWritten())

    def ready(self, text: str, wav: str | None, language: str | None) -> Clip | None:
        """Look a clip up in memory."""
        return self._shelf.ready(text, wav, language)

    def make(self, text: str, wav: str | None, language: str | None, *, secret: bool) -> int:
        """Have the worker speak a text."""
        ticket = next(self._tickets)
        spoken = self._speaker.submit(lambda: self._shelf.make(text, wav, language, secret=secret))
        self._expect(spoken, lambda future: ClipMade(ticket, None if future.exception() else future.result()))
        return ticket

    def news(self) -> list[News]:
        """Look, without waiting, at the child and the workers; to be asked once a frame."""
        return [*self._function_news(wait=False), *self._finished(), *self._out_of_patience()]

    def wait(self) -> list[News]:
        """Wait for the workers first, then for the function, which may be waiting for them: the same on every run."""
        if self._under_way:
            self._under_way -= 1
            return [self._done.get()]
        return self._function_news(wait=True)

    def _expect(self, future: Future[Result], as_news: Callable[[Future[Result]], News]) -> None:
        self._under_way += 1
        future.add_done_callback(lambda done: self._done.put(as_news(done)))

    def _finished(self) -> list[News]:
        news: list[News] = []
        while not self._done.empty():
            news.append(self._done.get())
            self._under_way -= 1
        return news

    def _out_of_patience(self) -> list[News]:
        """The sound is gone whether or not the row says so already: on a medium that hangs, the call goes on."""
        if self._patience is None:
            return []
        self._patience -= 1
        if self._patience:
            return []
        self._patience = None
        return [DiscardWritten()]

    def _function_news(self, *, wait: bool) -> list[News]:
        news = self._host.poll(wait=wait) if self._function_runs else None
        return [] if news is None else [self._translated(news)]

    def _translated(self, news: HostNews) -> News:
        match news:
            case DiscardAsked():
                return DiscardWanted()
            case Returned(reply):
                self._function_runs = False
                return FunctionAnswered(reply)
            case Raised(error):
                self._function_runs = False
                return FunctionBroke(error)
