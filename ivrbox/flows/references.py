"""What a flow names must exist: steps, flows, functions, sound files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.errors import Fault, Severity
from ivrbox.flows.actions import ActionsSpec
from ivrbox.flows.prompt import PromptSpec
from ivrbox.flows.walk import parts
from ivrbox.flows.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ivrbox.flows.lines import KeyPath
    from ivrbox.flows.read import Survey
    from ivrbox.flows.spec import StepSpec


def reference_faults(survey: Survey) -> Iterator[Fault]:
    """A fault for each thing that is named in a flow and does not exist."""
    for name in survey.flows:
        yield from _targets(survey, name)
        yield from _functions(survey, name)
        yield from _sounds(survey, name)


def _targets(survey: Survey, name: str) -> Iterator[Fault]:
    flow, document = survey.flows[name], survey.documents[name]
    flows = [*survey.documents, *survey.broken]  # a flow with faults of its own does exist
    if flow.start is not None and flow.start not in flow.steps:
        yield document.fault(["start"], _unknown("step", flow.start, flow.steps))
    for path, actions in parts(flow, ActionsSpec):
        if actions.goto is not None and actions.goto not in flow.steps:
            yield document.fault((*path, "goto"), _unknown("step", actions.goto, flow.steps))
        if actions.goto_flow is not None and actions.goto_flow not in flows:
            yield document.fault((*path, "goto_flow"), _unknown("flow", actions.goto_flow, flows))


def _functions(survey: Survey, name: str) -> Iterator[Fault]:
    flow, document, source = survey.flows[name], survey.documents[name], survey.sources.get(name)
    if source is None and name in survey.broken:
        return  # its function file has faults of its own
    for path, function in _named_functions(flow.steps):
        if source is None:
            yield document.fault(path, f'names the function "{function}", but there is no functions/{name}.py')
        elif function not in source.names:
            yield document.fault(
                path, f'there is no function "{function}" in {source.path.name}{did_you_mean(function, source.names)}'
            )


def _named_functions(steps: dict[str, StepSpec]) -> Iterator[tuple[KeyPath, str]]:
    for step_name, step in steps.items():
        if step.function is not None:
            yield ("steps", step_name, "function"), step.function
        for path, actions in parts(step, ActionsSpec):
            if actions.do is not None:
                yield ("steps", step_name, *path, "do"), actions.do


def _sounds(survey: Survey, name: str) -> Iterator[Fault]:
    for path, prompt in parts(survey.flows[name], PromptSpec):
        if prompt.wav is None:
            continue
        file = survey.config / "prompts" / prompt.wav
        place = survey.documents[name]
        if not file.is_file():
            fault = place.fault(path, f"there is no prompts/{prompt.wav}{did_you_mean(prompt.wav, _sounds_in(survey))}")
        elif not _is_wav(file.read_bytes()[:12]):
            fault = place.fault(path, f"prompts/{prompt.wav} is not a WAV file")
        else:
            continue
        # Where there is a text, it is spoken instead.
        severity = Severity.WARNING if prompt.text else Severity.ERROR
        yield Fault(fault.file, fault.line, fault.key, fault.message, severity)


def _is_wav(start: bytes) -> bool:
    return start[:4] in (b"RIFF", b"RF64") and start[8:12] == b"WAVE"


def _sounds_in(survey: Survey) -> list[str]:
    return [file.name for file in (survey.config / "prompts").glob("*.wav")]


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    return f'there is no {kind} "{name}"{did_you_mean(name, known)}'
