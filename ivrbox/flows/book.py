"""The flow book: every flow that a call may enter, read and found sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ivrbox.flows.prompt import PromptSpec
from ivrbox.flows.template import READ_OUT, pieces, values_in
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
        """All that can be said and is known now, so that it can be made into sound ahead of any call.

        A text with values comes as the pieces around them, with the words that read the values out.
        """
        languages = [None, *sorted(self.languages())]
        written = (spoken for flow in self.flows.values() for spoken in _spoken_in(flow, languages))
        said = (
            Spoken(text, None, name) for f in self.functions.values() for text in f.utterances for name in languages
        )
        return frozenset((*written, *said))

    def languages(self) -> frozenset[str]:
        """All the languages that a call may come to speak."""
        prompts = (prompt for flow in self.flows.values() for _, prompt in parts(flow, PromptSpec))
        flows = {flow.language for flow in self.flows.values() if flow.language}
        return frozenset(flows | {language for prompt in prompts for language in prompt.languages})

    def source_of(self, flow: str) -> Path | None:
        """The file with this flow's functions; None if it has none."""
        file = self.functions.get(flow)
        return file.path if file else None

    def defines(self, flow: str, function: str) -> bool:
        """Whether this flow's function file defines a function of this name."""
        file = self.functions.get(flow)
        return file is not None and function in file.names


def _spoken_in(flow: FlowSpec, languages: list[str | None]) -> Iterator[Spoken]:
    for path, prompt in parts(flow, PromptSpec):
        if not prompt.languages and prompt.words:
            own_language = path[-2:-1] == ("languages",)
            for language in [str(path[-1])] if own_language else languages:
                yield from _spoken(prompt, language)


def _spoken(prompt: PromptSpec, language: str | None) -> Iterator[Spoken]:
    if not values_in(prompt.text):
        yield Spoken(prompt.text, prompt.wav, language)
        return
    yield from (Spoken(piece, None, language) for piece in pieces(prompt.text) if isinstance(piece, str))
    yield from (Spoken(word, None, language) for word in READ_OUT)
