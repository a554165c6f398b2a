"""The flow book: every flow that a call may enter, read and found sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ivrbox.flows.spec import PromptSpec
from ivrbox.flows.walk import parts

if TYPE_CHECKING:
    from pathlib import Path

    from ivrbox.errors import Fault
    from ivrbox.flows.spec import FlowSpec


class Spoken(NamedTuple):
    """A prompt that is known before any call: its text, its file in `config/prompts`, its language if it has one."""

    text: str
    wav: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class FunctionFile:
    """A file of an author's functions: where it is, the names that it defines, and what they can be seen to say."""

    path: Path
    names: frozenset[str]
    utterances: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FlowBook(Mapping[str, "FlowSpec"]):
    """Name to flow, and what else was read with them. `warnings` are faults that stop nothing."""

    flows: Mapping[str, FlowSpec]
    functions: Mapping[str, FunctionFile] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()

    def __getitem__(self, name: str) -> FlowSpec:
        """The flow of this name; KeyError if there is none."""
        return self.flows[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in the order of the files."""
        return iter(self.flows)

    def __len__(self) -> int:
        """How many flows there are."""
        return len(self.flows)

    def prompts(self) -> frozenset[Spoken]:
        """All that can be said and is known now, so that it can be made into sound ahead of any call."""
        written = (
            Spoken(prompt.text, prompt.wav)
            for flow in self.flows.values()
            for _, prompt in parts(flow, PromptSpec)
            if prompt.words
        )
        said = (Spoken(text) for file in self.functions.values() for text in file.utterances)
        return frozenset((*written, *said))

    def source_of(self, flow: str) -> Path | None:
        """The file with this flow's functions; None if it has none."""
        file = self.functions.get(flow)
        return file.path if file else None

    def defines(self, flow: str, function: str) -> bool:
        """Whether this flow's function file defines a function of this name."""
        file = self.functions.get(flow)
        return file is not None and function in file.names
