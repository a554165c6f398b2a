"""What a flow names must exist: steps, flows, functions, values, hours, sound files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.errors import Fault, Severity
from ivrbox.flows.actions import ActionsSpec
from ivrbox.flows.prompt import PromptSpec
from ivrbox.flows.template import BUILT_IN, values_in
from ivrbox.flows.walk import parts
from ivrbox.flows.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ivrbox.flows.lines import KeyPath
    from ivrbox.flows.spec import FlowSpec
    from ivrbox.flows.survey import Survey


def reference_faults(survey: Survey) -> Iterator[Fault]:
    """A fault for each thing that is named in a flow and does not exist."""
    for name in survey.flows:
        yield from _targets(survey, name)
        yield from _functions(survey, name)
        yield from _values(survey, name)
        yield from _hours(survey, name)
        yield from _sounds(survey, name)


def _targets(survey: Survey, name: str) -> Iterator[Fault]:
    flow, document = survey.flows[name], survey.documents[name]
    flows = [*survey.flows, *survey.broken]  # a flow with faults of its own does exist
    if flow.start is not None and flow.start not in flow.steps:
        yield document.fault(["start"], _unknown("step", flow.start, flow.steps))
    for path, actions in parts(flow, ActionsSpec):
        for key, kind, known in (
            ("goto", "step", flow.steps),
            ("return_to", "step", flow.steps),
            ("goto_flow", "flow", flows),
            ("call_flow", "flow", flows),
        ):
            target = getattr(actions, key)
            if target is not None and target not in known:
                yield document.fault((*path, key), _unknown(kind, target, known))


def _functions(survey: Survey, name: str) -> Iterator[Fault]:
    flow, document, source = survey.flows[name], survey.documents[name], survey.sources.get(name)
    if source is None and name in survey.broken:
        return  # its function file has faults of its own
    for path, function in named_functions(flow):
        if source is None:
            yield document.fault(path, f'names the function "{function}", but there is no functions/{name}.py')
        elif function not in source.names:
            known = did_you_mean(function, source.names)
            yield document.fault(path, f'there is no function "{function}" in {source.path.name}{known}')


def named_functions(flow: FlowSpec) -> Iterator[tuple[KeyPath, str]]:
    """Every function that a flow names, and where."""
    for name, step in flow.steps.items():
        if step.function is not None:
            yield ("steps", name, "function"), step.function
    for path, actions in parts(flow, ActionsSpec):
        if actions.do is not None:
            yield (*path, "do"), actions.do


def _values(survey: Survey, name: str) -> Iterator[Fault]:
    """Values live as long as the call, so that any flow may have saved them."""
    steps = (step for flow in survey.flows.values() for step in flow.steps.values())
    known = {*BUILT_IN, *(step.save_as for step in steps if step.save_as)}
    for path, prompt in parts(survey.flows[name], PromptSpec):
        for value in values_in(prompt.text):
            if value not in known:
                message = f"says {{{value}}}, which no step saves{did_you_mean(value, known)}"
                yield survey.documents[name].fault(path, message)


def _hours(survey: Survey, name: str) -> Iterator[Fault]:
    flow, document = survey.flows[name], survey.documents[name]
    for step_name, step in flow.steps.items():
        if step.when in ("open", "closed", "holiday") and flow.hours is None:
            message = f'"{step.when}" needs a table [hours] in this flow, which says when that is'
            yield document.fault(["steps", step_name, "when"], message)


def _sounds(survey: Survey, name: str) -> Iterator[Fault]:
    for path, prompt in parts(survey.flows[name], PromptSpec):
        if prompt.wav is None:
            continue
        file = survey.config / "prompts" / prompt.wav
        if not file.is_file():
            message = f"there is no prompts/{prompt.wav}{did_you_mean(prompt.wav, _sounds_in(survey))}"
        elif not _is_wav(file):
            message = f"prompts/{prompt.wav} is not a WAV file"
        else:
            continue
        fault = survey.documents[name].fault(path, message)
        # Where there is a text, it is spoken instead.
        yield Fault(fault.file, fault.line, fault.key, message, Severity.WARNING if prompt.text else Severity.ERROR)


def _is_wav(file: Path) -> bool:
    with file.open("rb") as sound:
        start = sound.read(12)
    return start[:4] in (b"RIFF", b"RF64") and start[8:] == b"WAVE"


def _sounds_in(survey: Survey) -> list[str]:
    return [file.name for file in (survey.config / "prompts").glob("*.wav")]


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    return f'there is no {kind} "{name}"{did_you_mean(name, known)}'
