"""Keys that mean two things at once, or cannot be meant at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivrbox.errors import Fault
    from ivrbox.flows.documents import Document
    from ivrbox.flows.spec import FlowSpec, StepSpec
    from ivrbox.flows.survey import Survey


def key_faults(survey: Survey) -> Iterator[Fault]:
    """What is wrong with keys, in steps and in the flow as a whole."""
    for flow_name, flow in survey.flows.items():
        document = survey.documents[flow_name]
        for name, step in flow.steps.items():
            yield from _unmatchable(document, name, step)
            yield from _prefixes(document, name, step)
            yield from _end_keys(document, name, step)
        yield from _opt_out(document, flow)


def _unmatchable(document: Document, name: str, step: StepSpec) -> Iterator[Fault]:
    spec = step.collects
    for keys in step.key_branches:
        if len(keys) > step.digits:
            yield document.fault(_branch(name, step, keys), f"can never match: only {step.digits} keys are taken here")
        elif spec is not None and len(keys) < spec.min_digits:
            yield document.fault(_branch(name, step, keys), f"can never match: min_digits is {spec.min_digits}")


def _prefixes(document: Document, name: str, step: StepSpec) -> Iterator[Fault]:
    """Rule 8: of `1` and `12` the inter-digit timer decides."""
    spec = step.collects
    for keys in step.key_branches:
        longer = [other for other in step.key_branches if other.startswith(keys) and other != keys]
        if longer and spec is not None:
            wait = f"{spec.inter_digit_timeout:g} s"
            yield document.warning(
                _branch(name, step, keys),
                f"is the beginning of {longer[0]}: who presses {keys} waits {wait} to be heard",
            )


def _end_keys(document: Document, name: str, step: StepSpec) -> Iterator[Fault]:
    spec = step.collects
    if spec is None:
        return
    for setting, key in (("end_key", spec.end_key), ("cancel_key", spec.cancel_key)):
        for keys in step.key_branches:
            if key is not None and key in keys:
                yield document.fault(
                    _branch(name, step, keys), f"can never be chosen: {key} is the {setting} of this step"
                )


def _opt_out(document: Document, flow: FlowSpec) -> Iterator[Fault]:
    """The opt-out key is honoured at any moment of the call, so that no step may need it for something else."""
    if flow.opt_out is None:
        return
    key, place = flow.opt_out.key, ["opt_out", "key"]
    if key in flow.keys:
        yield document.fault(place, f"{key} is in keys as well: a key can have one meaning only")
    for name, step in flow.steps.items():
        if key in _used_by(step):
            yield document.fault(place, f"{key} has a meaning of its own in steps.{name}, where it could not opt out")
        elif key.isdigit() and step.digits > 1 and step.collects is not None:
            yield document.fault(
                place, f"{key} is a digit of the entry in steps.{name}, where it could not opt out: take * or #"
            )


def _used_by(step: StepSpec) -> set[str]:
    used = set("".join(step.key_branches))
    if step.collects is not None:
        used |= {step.collects.end_key or "", step.collects.cancel_key or ""}
    if step.confirm is not None:
        used |= {step.confirm.yes, step.confirm.no}
    if step.record_message is not None and step.record_message.review is not None:
        review = step.record_message.review
        used |= {review.keep, review.again, review.discard}
    return used


def _branch(name: str, step: StepSpec, keys: str) -> list[str]:
    return ["steps", name, "menu" if keys in step.menu else "on", keys]
