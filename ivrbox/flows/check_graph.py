"""Flows as a graph: steps that no call reaches, and loops that no call leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ivrbox.flows.graph import Leads, ways
from ivrbox.flows.reach import reach_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ivrbox.errors import Fault
    from ivrbox.flows.reach import FunctionReach
    from ivrbox.flows.spec import FlowSpec
    from ivrbox.flows.survey import Survey

Place: TypeAlias = tuple[str, str]
"""A step of a flow."""

_OUT: Place = ("", "")
"""Where a call is out of all loops: at its end, or in the hands of whoever called the flow."""


def graph_faults(survey: Survey) -> Iterator[Fault]:
    """What is wrong with the way through the flows, as far as they have no errors: one fault need not be told twice."""
    flows = _sound(survey)
    reaches = {name: reach_of(survey.sources[name].tree) for name in flows if name in survey.sources}
    edges = {
        (name, step): set(_edges(flows, name, step, reaches.get(name)))
        for name, flow in flows.items()
        for step in flow.steps
    }
    yield from _unreached(survey, edges, reaches)
    yield from _loops(survey, edges)


def _sound(survey: Survey) -> dict[str, FlowSpec]:
    wrong = {fault.file for fault in survey.errors()}
    return {
        name: flow
        for name, flow in survey.flows.items()
        if survey.documents[name].name not in wrong and name not in survey.broken
    }


def _edges(
    flows: Mapping[str, FlowSpec], name: str, step: str, functions: Mapping[str, FunctionReach] | None
) -> Iterator[Place]:
    for way in ways(flows[name], step, functions):
        if way.leads is Leads.STEP:
            yield name, way.target
        elif way.leads is Leads.FLOW and way.target in flows:
            yield way.target, flows[way.target].first_step
        elif way.leads is Leads.AGAIN:
            yield name, step
        else:
            yield _OUT


def _unreached(
    survey: Survey, edges: Mapping[Place, set[Place]], reaches: Mapping[str, Mapping[str, FunctionReach]]
) -> Iterator[Fault]:
    """Any flow may be the one that calls enter, at its first step."""
    starts = {(name, survey.flows[name].first_step) for name, _ in edges}
    reached = starts | _reachable(edges, starts)
    for flow, step in edges:
        goes_anywhere = any(function.goes_anywhere for function in reaches.get(flow, {}).values())
        if (flow, step) not in reached and not goes_anywhere:
            yield survey.documents[flow].warning(["steps", step], "is never reached: nothing leads to it")


def _loops(survey: Survey, edges: Mapping[Place, set[Place]]) -> Iterator[Fault]:
    onward = {place: _reachable(edges, [place]) for place in edges}
    stuck = [place for place in edges if _OUT not in onward[place]]
    for place in stuck:
        ring = [other for other in stuck if other in onward[place] and place in onward[other]]
        is_last = all(other in ring for other in onward[place])
        if is_last and place in ring[:1]:  # each ring once
            yield _loop(survey, ring)


def _loop(survey: Survey, ring: list[Place]) -> Fault:
    flow, step = ring[0]
    document, path = survey.documents[flow], ["steps", step]
    names = ", ".join(name if place == flow else f"{place}.{name}" for place, name in ring)
    listens = any(survey.flows[place].steps[name].collects is not None for place, name in ring)
    if listens:
        return document.warning(path, f"is a loop without an exit ({names}): callers get out by hanging up only")
    return document.fault(path, f"is a loop without an exit ({names}), and none of its steps listens")


def _reachable(edges: Mapping[Place, set[Place]], starts: Iterable[Place]) -> set[Place]:
    """All that the starts lead to; a start itself only if something leads back to it."""
    found: set[Place] = set()
    waiting = [target for start in starts for target in edges[start]]
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += edges.get(place, ())  # none for a place that a function names in vain
    return found
