"""What a call can take of a flow: its steps, and the branches that lead out of them. For coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.flows.actions import ActionsSpec
from ivrbox.flows.walk import parts
from ivrbox.flows.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ivrbox.flows.spec import FlowSpec


def branches_of(name: str, flow: FlowSpec) -> frozenset[str]:
    """Name all that can be taken of the flow `name`: `menu.hours` for a step, `menu.hours.on.1` for a branch."""
    return frozenset(_steps(name, flow) + [branch for branch, _ in _branches(name, flow)])


def branches_taken(name: str, flow: FlowSpec, performed: Iterable[ActionsSpec]) -> frozenset[str]:
    """Name those of the branches whose actions were performed; they are told apart by identity, not by their words."""
    known = {id(actions) for actions in performed}
    return frozenset(branch for branch, actions in _branches(name, flow) if id(actions) in known)


def _steps(name: str, flow: FlowSpec) -> list[str]:
    return [f"{name}.{step}" for step in flow.steps]


def _branches(name: str, flow: FlowSpec) -> list[tuple[str, ActionsSpec]]:
    return [(dotted([name, *_without("steps", path)]), actions) for path, actions in parts(flow, ActionsSpec)]


def _without(word: str, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return path[1:] if path[0] == word else path
