"""Flows as a graph: every way that leads out of a step, and where to. For `check`, and for pictures.

ways(flow, step)  ->  Way("on.1", goto "hours"), Way("function", ...), Way("on_fail", ends)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ivrbox.flows.actions import ActionsSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ivrbox.flows.lines import KeyPath
    from ivrbox.flows.reach import FunctionReach
    from ivrbox.flows.spec import FlowSpec, StepSpec


class Leads(StrEnum):
    """Where a way leads that does not lead to a step."""

    STEP = "step"
    FLOW = "flow"
    AGAIN = "again"  # the step is asked again
    AWAY = "away"  # the flow is left, for the one that called it, the main one, or the call's end
    END = "end"  # the call ends, or is transferred


@dataclass(frozen=True)
class Way:
    """One way out of a step: the key that names it, and where it leads; `target` names the step or flow."""

    path: KeyPath
    leads: Leads
    target: str = ""
    actions: ActionsSpec | None = None


def ways(flow: FlowSpec, name: str, functions: Mapping[str, FunctionReach] | None = None) -> Iterator[Way]:
    """All the ways out of a step of a flow; `functions` are the flow's, as far as they can be seen through."""
    step = flow.steps[name]
    reach = functions or {}
    if step.otherwise is not None:
        yield from _ways_of(("otherwise",), step.otherwise, Leads.AWAY, reach)
    for table in ("menu", "on"):
        for branch, actions in getattr(step, table).items():
            yield from _ways_of((table, branch), actions, Leads.AGAIN, reach)
    if step.collects is not None and step.keys:
        for key, actions in flow.keys.items():
            yield from _ways_of(("keys", key), actions, Leads.AGAIN, reach)
    if step.function is not None:
        yield from _ways_of_function(("function",), step.function, reach)
    yield from _last_ways(step, reach)


def _last_ways(step: StepSpec, reach: Mapping[str, FunctionReach]) -> Iterator[Way]:
    """What follows where nothing else decides: `then`, and the failure path."""
    if step.then is not None:
        yield from _ways_of(("then",), step.then, Leads.AWAY, reach)
    elif step.function is None and not step.key_branches and not {"complete", "no_input"} <= set(step.on):
        yield Way(("then",), Leads.AWAY)
    if step.on_fail is not None:
        yield from _ways_of(("on_fail",), step.on_fail, Leads.END, reach)
    elif can_fail(step):
        yield Way(("on_fail",), Leads.END)


def can_fail(step: StepSpec) -> bool:
    """Whether the retries of a step can be spent: not if its branches catch silence and wrong keys alike."""
    if step.record_message is not None:
        return True
    return step.collects is not None and not {"no_input", "invalid"} <= set(step.on)


def _ways_of(
    path: KeyPath, actions: ActionsSpec, otherwise: Leads, reach: Mapping[str, FunctionReach]
) -> Iterator[Way]:
    if actions.do is not None:
        yield from _ways_of_function((*path, "do"), actions.do, reach)
    match actions:
        case ActionsSpec(goto=str(step)):
            yield Way(path, Leads.STEP, step, actions)
        case ActionsSpec(goto_flow=str(flow)):
            yield Way(path, Leads.FLOW, flow, actions)
        case ActionsSpec(call_flow=str(flow), return_to=str(step)):
            yield Way(path, Leads.FLOW, flow, actions)
            yield Way(path, Leads.STEP, step, actions)
        case ActionsSpec(transfer=str()) | ActionsSpec(hangup=True):
            yield Way(path, Leads.END, actions=actions)
        case ActionsSpec(exit_flow=True) | ActionsSpec(return_=True):
            yield Way(path, Leads.AWAY, actions=actions)
        case ActionsSpec(repeat=True) | ActionsSpec(retry=True):
            yield Way(path, Leads.AGAIN, actions=actions)
        case _:
            yield Way(path, otherwise, actions=actions)


def _ways_of_function(path: KeyPath, name: str, reach: Mapping[str, FunctionReach]) -> Iterator[Way]:
    """A function may do anything that can be read in it; one that cannot be read may also end the call."""
    found = reach.get(name)
    if found is None:
        yield Way(path, Leads.AWAY)
        return
    yield from (Way(path, Leads.STEP, step) for step in sorted(found.steps))
    yield from (Way(path, Leads.FLOW, flow) for flow in sorted(found.flows))
    if found.exits:
        yield Way(path, Leads.AWAY)
    if found.hangs_up:
        yield Way(path, Leads.END)
