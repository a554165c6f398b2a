"""What is said: languages that are missing, values that are none, secrets asked for as if they were none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ivrbox.flows.actions import ActionsSpec
from ivrbox.flows.prompt import PromptSpec
from ivrbox.flows.template import without_values
from ivrbox.flows.walk import parts
from ivrbox.flows.wording import did_you_mean, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivrbox.errors import Fault
    from ivrbox.flows.documents import Document
    from ivrbox.flows.spec import FlowSpec, StepSpec
    from ivrbox.flows.survey import Survey

_SECRET = re.compile(
    r"\b(card number|credit card|debit card|security code|pin|pin number|pin code|cvv|cvc|password|passcode|"
    r"social security number|account number|date of birth)\b",
    re.IGNORECASE,
)

_OTHER_SOUND = re.compile(r"\S+\.(mp3|ogg|opus|flac|m4a|aac|aiff?|gsm|au|sln)", re.IGNORECASE)


def word_faults(survey: Survey) -> Iterator[Fault]:
    """What is wrong with what is said."""
    spoken = {language for flow in survey.flows.values() for language in _spoken_in(flow)}
    for flow_name, flow in survey.flows.items():
        document = survey.documents[flow_name]
        yield from _languages(document, flow, spoken)
        yield from _braces(document, flow)
        yield from _other_sounds(document, flow)
        for name, step in flow.steps.items():
            yield from _secrets(document, name, step)
    yield from _half_secret_values(survey)


def _spoken_in(flow: FlowSpec) -> set[str]:
    return {language for _, prompt in parts(flow, PromptSpec) for language in prompt.languages}


def _languages(document: Document, flow: FlowSpec, spoken: set[str]) -> Iterator[Fault]:
    for path, actions in parts(flow, ActionsSpec):
        if actions.language is not None and actions.language not in spoken:
            message = f"no prompt is in {shown(actions.language)}{did_you_mean(actions.language, spoken)}"
            yield document.fault((*path, "language"), message)
    wanted = _spoken_in(flow)
    for path, prompt in parts(flow, PromptSpec):
        missing = sorted(wanted - set(prompt.languages))
        if prompt.languages and missing:
            yield document.warning(path, f"has no words in {listed(missing)}, as other prompts of this flow have")


def _braces(document: Document, flow: FlowSpec) -> Iterator[Fault]:
    for path, prompt in parts(flow, PromptSpec):
        if "{" in without_values(prompt.text):
            yield document.warning(path, "has a { that begins no value: a value is written {name}")


def _other_sounds(document: Document, flow: FlowSpec) -> Iterator[Fault]:
    for path, prompt in parts(flow, PromptSpec):
        if _OTHER_SOUND.fullmatch(prompt.text):
            yield document.warning(path, f"{shown(prompt.text)} is spoken as a text: sound files must be .wav")


def _secrets(document: Document, name: str, step: StepSpec) -> Iterator[Fault]:
    """A secret that is not said to be one stands in the records, and is heard in the recording."""
    if step.collects is None or step.collects.pii or step.prompt is None or step.key_branches:
        return
    asked = next(
        (found for _, prompt in parts(step.prompt, PromptSpec) if (found := _SECRET.search(prompt.text))), None
    )
    if asked is not None:
        yield document.warning(
            ["steps", name], f'asks for a "{asked[0]}" without pii = true: it will be in the records and the recording'
        )


def _half_secret_values(survey: Survey) -> Iterator[Fault]:
    """A name that is saved by a secret step and by another: what is said of it is masked only now and then."""
    places = [
        (flow_name, name, step.save_as, step.collects is not None and step.collects.pii)
        for flow_name, flow in survey.flows.items()
        for name, step in flow.steps.items()
        if step.save_as is not None
    ]
    secret = {value for _, _, value, pii in places if pii}
    for flow_name, name, value, pii in places:
        if value in secret and not pii:
            yield survey.documents[flow_name].warning(
                ["steps", name, "save_as"],
                f"{value} is secret elsewhere (pii = true), but not here: its digits will show",
            )
