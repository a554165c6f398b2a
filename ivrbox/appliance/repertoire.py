"""The flows that calls may enter, as they stand now: a changed flow serves the next call, a broken one never does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivrbox.dialog.interpreter import Dialog
from ivrbox.errors import ConfigError, Fault, FlowError
from ivrbox.flows.read import read_flows
from ivrbox.flows.spec import PromptSpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ivrbox.appliance.settings import Settings
    from ivrbox.flows.book import FlowBook
    from ivrbox.prompts import Shelves

log = logging.getLogger(__name__)

FOLDERS = {"flows": "*.toml", "functions": "*.py"}


class Repertoire:
    """Reads the flows, has their prompts spoken ahead, and makes a dialog for each call.

    `refresh` is for a worker: it reads files and may synthesize. What it finds wrong is logged, and the flows that
    served last go on serving.
    """

    def __init__(self, config: Path, settings: Settings, shelf: Shelves, flow: str | None = None) -> None:
        """Read the flows and put their prompts on the shelf; `flow` stands in for the one that calls enter.

        Raises:
            ConfigError: all that is wrong with them.
        """
        self._config = config
        self._settings = settings
        self._shelf = shelf
        self._entry = flow or settings.call.entry
        self._entry_key = "" if flow else "call.entry"
        self._apology = PromptSpec(text=settings.prompts.apology)
        self._goodbye = PromptSpec(text=settings.prompts.goodbye)
        self._seen = self._files()
        self.book = self._read()
        self.warnings = (*self.book.warnings, *self._speak_ahead(self.book))

    def new_dialog(self, entry: str | None = None) -> Dialog:
        """Make the dialog of one call, which keeps these flows for as long as it lasts.

        Raises:
            ConfigError: no such flow.
        """
        _expect_flow(self.book, entry or self._entry, "" if entry else self._entry_key)
        return Dialog(
            self.book,
            entry=entry or self._entry,
            main=self._settings.call.main,
            apology=self._apology,
            goodbye=self._goodbye,
            max_call_s=self._settings.call.max_minutes * 60,
        )

    def refresh(self) -> None:
        """Take up what has changed since the last look."""
        files = self._files()
        if files == self._seen:
            return
        self._seen = files
        try:
            book = self._read()
        except ConfigError as error:
            log.error("changed flows are not used, since they are broken; the last good ones serve on:\n%s", error)  # noqa: TRY400 - the faults are the message
            return
        for fault in (*book.warnings, *self._speak_ahead(book)):
            log.warning("%s", fault)
        self.book = book
        log.info("flows have changed and serve from the next call on: %s", ", ".join(book))

    def _read(self) -> FlowBook:
        book = read_flows(self._config)
        _expect_flow(book, self._entry, self._entry_key)
        if self._settings.call.main is not None:
            _expect_flow(book, self._settings.call.main, "call.main")
        return book

    def _speak_ahead(self, book: FlowBook) -> list[Fault]:
        own = [(prompt.text, prompt.wav, None) for prompt in (self._apology, self._goodbye)]
        return self._shelf.prepare([*book.prompts(), *own])

    def _files(self) -> Mapping[Path, tuple[int, int]]:
        """Every file that flows are made of, with what tells that it has changed."""
        found = {}
        for folder, pattern in FOLDERS.items():
            for path in (self._config / folder).glob(pattern):
                status = path.stat()
                found[path] = (status.st_mtime_ns, status.st_size)
        return found


def _expect_flow(book: FlowBook, name: str, key: str) -> None:
    """Refuse a flow that does not exist: `key` is where the settings name it, empty where they do not."""
    if name not in book:
        raise FlowError(
            [Fault("ivrbox.toml" if key else "", None, key, f"no flow is named {name!r}; there are {', '.join(book)}")]
        )
