"""Steps taken one by one: what a silent or mistaken caller hears, what can never happen, what leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.flows.template import values_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivrbox.errors import Fault
    from ivrbox.flows.digits import DigitSpec
    from ivrbox.flows.documents import Document
    from ivrbox.flows.spec import StepSpec
    from ivrbox.flows.survey import Survey


GOOD_OUTCOMES = {"complete", "end_key", "timeout_partial"}


def step_faults(survey: Survey) -> Iterator[Fault]:
    """What is wrong with single steps."""
    for flow_name, flow in survey.flows.items():
        document = survey.documents[flow_name]
        for name, step in flow.steps.items():
            yield from _leads_nowhere(document, name, step)
            if step.collects is not None:
                yield from _no_path(document, name, step, step.collects)
                yield from _never_happens(document, name, step, step.collects)
            yield from _reads_nothing_back(document, name, step)


def _leads_nowhere(document: Document, name: str, step: StepSpec) -> Iterator[Fault]:
    taken = step.key_branches or GOOD_OUTCOMES & set(step.on)
    if step.then is None and step.function is None and not taken:
        what = "what is keyed here" if step.collects else "this step"
        yield document.warning(
            ["steps", name], f"{what} leads nowhere: say what follows with then (exit_flow = true leaves the flow)"
        )


def _no_path(document: Document, name: str, step: StepSpec, spec: DigitSpec) -> Iterator[Fault]:
    """Callers who press nothing, or something wrong, should hear more than the same prompt again."""
    if step.function is not None or step.on_fail is not None:
        return
    if not step.no_input and "no_input" not in step.on:
        yield document.warning(
            ["steps", name], "has no path for silence: set no_input, on.no_input or on_fail, or it only asks again"
        )
    if can_be_wrong(step, spec) and not step.invalid and not {"invalid", "too_short"} & set(step.on):
        yield document.warning(
            ["steps", name], "has no path for wrong keys: set invalid, on.invalid or on_fail, or it only asks again"
        )


def can_be_wrong(step: StepSpec, spec: DigitSpec) -> bool:
    """Whether anything that is keyed can be held wrong."""
    only_branches = step.key_branches and not step.then and not step.function
    return bool(only_branches or spec.pattern or spec.min_digits > 1)


def _never_happens(document: Document, name: str, step: StepSpec, spec: DigitSpec) -> Iterator[Fault]:
    impossible = {
        "end_key": None if spec.end_key else "there is no end_key",
        "cancelled": None if spec.cancel_key else "there is no cancel_key",
        "too_short": None if spec.min_digits > 1 else "min_digits is not above 1",
        "timeout_partial": None if step.digits > 1 else "one digit is a whole entry",
        "invalid": None if can_be_wrong(step, spec) else "anything is taken here",
    }
    for outcome, reason in impossible.items():
        if outcome in step.on and reason is not None:
            yield document.warning(["steps", name, "on", outcome], f"can never happen: {reason}")
    for prompts in ("no_input", "invalid"):
        if getattr(step, prompts) and spec.retries == 0:
            yield document.warning(["steps", name, prompts], "is never said: retries is 0")


def _reads_nothing_back(document: Document, name: str, step: StepSpec) -> Iterator[Fault]:
    if step.confirm is None:
        return
    prompt = step.confirm.prompt
    texts = [spoken.text for spoken in prompt.languages.values()] or [prompt.text]
    if any("digits" not in values_in(text) for text in texts):
        yield document.warning(["steps", name, "confirm"], "reads nothing back: say {digits} in it")
