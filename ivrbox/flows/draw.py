"""A flow as boxes and arrows: what a picture of it shows, before anyone decides how it is drawn.

One box a step, one arrow for all the keys that lead the same way; where a branch destroys the recording, the arrow
says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ivrbox.flows.graph import Leads, ways
from ivrbox.flows.reach import reach_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ivrbox.flows.graph import Way
    from ivrbox.flows.reach import FunctionReach
    from ivrbox.flows.sources import Source
    from ivrbox.flows.spec import FlowSpec, StepSpec

LONGEST_PROMPT = 110
"""Characters of a prompt that a box has room for."""


class Look(StrEnum):
    """What kind of box it is."""

    STEP = "step"
    SECRET = "secret"  # noqa: S105 - a step whose digits are private
    MESSAGE = "message"
    FLOW = "flow"  # another flow
    AWAY = "away"  # leaves this flow
    END = "end"  # the call ends


@dataclass(frozen=True)
class Box:
    """One box: its id, what kind it is, a title, and lines of small print."""

    id: str
    look: Look
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrow:
    """One arrow between two boxes, with what leads along it; `destroys` the recording, or is taken on `failure`."""

    origin: str
    target: str
    labels: tuple[str, ...]
    destroys: bool = False
    is_failure: bool = False


@dataclass(frozen=True)
class Drawing:
    """A whole flow; the arrow from `start` points at the first step."""

    name: str
    start: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawing_of(name: str, flow: FlowSpec, source: Source | None = None) -> Drawing:
    """Lay a flow out as boxes and arrows; `source` is the file of its functions, if it has one."""
    functions = reach_of(source.tree) if source else {}
    arrows = [arrow for step in flow.steps for arrow in _arrows(flow, step, functions)]
    steps = [_box(step, spec, functions) for step, spec in flow.steps.items()]
    others = dict.fromkeys(arrow.target for arrow in arrows if arrow.target not in flow.steps)
    return Drawing(name, flow.first_step, (*steps, *map(_outer_box, others)), tuple(arrows))


def _box(name: str, spec: StepSpec, functions: Mapping[str, FunctionReach]) -> Box:
    look = Look.STEP
    if spec.record_message is not None:
        look = Look.MESSAGE
    elif spec.collects is not None and spec.collects.pii:
        look = Look.SECRET
    return Box(name, look, name, tuple(_small_print(spec, functions)))


def _small_print(spec: StepSpec, functions: Mapping[str, FunctionReach]) -> Iterator[str]:
    if spec.when is not None:
        yield f"when {spec.when}"
    if spec.prompt is not None and (words := _words(spec)):
        yield words if len(words) <= LONGEST_PROMPT else f"{words[: LONGEST_PROMPT - 1]}…"
    if spec.collects is not None:
        end = f", ends with {spec.collects.end_key}" if spec.collects.end_key else ""
        keys = "one key" if spec.digits == 1 else f"up to {spec.digits} keys"
        yield f"{keys}{end}{', private' if spec.collects.pii else ''}"
    if spec.record_message is not None:
        yield "takes a message"
    if spec.function is not None:
        reach = functions.get(spec.function)
        erases = " — may destroy the recording" if reach and reach.discards_at is not None else ""
        yield f"{spec.function}() decides{erases}"


def _words(spec: StepSpec) -> str:
    """The prompt's words, in its first language if it has several."""
    prompt = spec.prompt
    if prompt is None or not prompt.languages:
        return prompt.words if prompt else ""
    (_, words), *others = prompt.languages.items()
    also = f" (also {', '.join(language for language, _ in others)})" if others else ""
    return f"{words.words[: LONGEST_PROMPT - len(also)]}{also}"


def _arrows(flow: FlowSpec, step: str, functions: Mapping[str, FunctionReach]) -> Iterator[Arrow]:
    """The ways out of a step; those that lead the same way in the same manner share an arrow."""
    labels: dict[tuple[str, bool, bool], list[str]] = {}
    for way in ways(flow, step, functions):
        destroys = way.actions is not None and way.actions.discard_recording
        key = (_target(way, step), destroys, way.path[0] == "on_fail")
        labels.setdefault(key, []).append(_label(way))
    for (target, destroys, is_failure), names in labels.items():
        yield Arrow(step, target, tuple(dict.fromkeys(filter(None, names))), destroys, is_failure)


def _target(way: Way, step: str) -> str:
    match way.leads:
        case Leads.STEP:
            return way.target
        case Leads.FLOW:
            return f"flow {way.target}"
        case Leads.AGAIN:
            return step
        case Leads.AWAY:
            return "leaves the flow"
        case Leads.END:
            return "the call ends"


def _label(way: Way) -> str:
    *_, last = way.path
    if way.actions is not None and way.actions.call_flow is not None and way.leads is Leads.STEP:
        return f"after {way.actions.call_flow}"
    if way.path[0] == "then":
        return ""
    if way.path[0] == "on_fail":
        return "failed"
    if way.path[0] == "function" or last == "do":
        return "function"
    if way.actions is not None and way.actions.transfer is not None:
        return f"{last}: transfer to {way.actions.transfer}"
    return str(last).replace("_", " ")


def _outer_box(target: str) -> Box:
    if target.startswith("flow "):
        return Box(target, Look.FLOW, target.removeprefix("flow "))
    return Box(target, Look.END if target == "the call ends" else Look.AWAY, target)
