"""All that stands in the files of flows and functions, sound or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivrbox.errors import Fault, Severity
from ivrbox.flows.book import FlowBook, FunctionFile
from ivrbox.flows.utterances import utterances

if TYPE_CHECKING:
    from pathlib import Path

    from ivrbox.flows.documents import Document
    from ivrbox.flows.sources import Source
    from ivrbox.flows.spec import FlowSpec


@dataclass
class Survey:
    """What `check` looks at, and what a book is made of."""

    config: Path
    flows: dict[str, FlowSpec] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)

    def errors(self) -> list[Fault]:
        """The faults that keep the files from being used."""
        return [fault for fault in self.faults if fault.severity is Severity.ERROR]

    def book(self) -> FlowBook:
        """The flows, for calls to enter; only to be asked for when there are no errors."""
        functions = {
            name: FunctionFile(source.path, source.names, utterances(source.tree))
            for name, source in self.sources.items()
        }
        return FlowBook(self.flows, functions, tuple(f for f in self.faults if f.severity is Severity.WARNING))
