"""Flows and their functions together: names that do not exist, wishes that come too late, secrets read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.errors import Fault
from ivrbox.flows.reach import reach_of
from ivrbox.flows.references import named_functions
from ivrbox.flows.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ivrbox.flows.reach import FunctionReach
    from ivrbox.flows.survey import Survey


def function_faults(survey: Survey) -> Iterator[Fault]:
    """What can be seen to be wrong with functions, without running them."""
    for path, users in _users(survey).items():
        functions = reach_of(survey.sources[users[0]].tree)
        yield from _arguments(survey, path, users, functions)
        yield from _unknown_targets(survey, path, users, functions)
        yield from _too_late(path, functions)
        yield from _read_back(survey, users, functions)


def _users(survey: Survey) -> dict[Path, list[str]]:
    """Function files, and the flows that use each."""
    users: dict[Path, list[str]] = {}
    for flow, source in survey.sources.items():
        users.setdefault(source.path, []).append(flow)
    return users


def _arguments(survey: Survey, path: Path, users: list[str], functions: Mapping[str, FunctionReach]) -> Iterator[Fault]:
    wanted = {name: ["conv", "flow"] for flow in users for _, name in named_functions(survey.flows[flow])}
    wanted |= {"start_function": ["conv"], "end_function": ["conv"]}
    for name, arguments in wanted.items():
        function = functions.get(name)
        if function is not None and not function.takes(len(arguments)):
            yield Fault(path.name, function.line, name, f"must take {' and '.join(arguments)}, nothing more or less")


def _unknown_targets(
    survey: Survey, path: Path, users: list[str], functions: Mapping[str, FunctionReach]
) -> Iterator[Fault]:
    known = {
        "goto_step": [step for flow in users for step in survey.flows[flow].steps],
        "goto_flow": [*survey.flows, *survey.broken],
    }
    for name, function in functions.items():
        for move in function.named:
            if move.target not in known[move.kind]:
                what = move.kind.removeprefix("goto_")
                near = did_you_mean(move.target, known[move.kind])
                yield Fault(path.name, move.line, name, f'there is no {what} "{move.target}"{near}')


def _too_late(path: Path, functions: Mapping[str, FunctionReach]) -> Iterator[Fault]:
    end = functions.get("end_function")
    if end is not None and end.discards_at is not None:
        yield Fault(
            path.name,
            end.discards_at,
            "end_function",
            "discard_recording() comes too late here and raises: after hang-up nobody can opt out any more",
        )


def _read_back(survey: Survey, users: list[str], functions: Mapping[str, FunctionReach]) -> Iterator[Fault]:
    """Whole secrets are masked when a function says them; a part of one would be heard in the recording."""
    for flow in users:
        for name, step in survey.flows[flow].steps.items():
            function = functions.get(step.function or "")
            if step.collects is not None and step.collects.pii and function and function.reads_back_at is not None:
                yield survey.documents[flow].warning(
                    ["steps", name, "function"],
                    f"{step.function} may say parts of a secret (line {function.reads_back_at}), which no mask hides: "
                    "only whole entries, or four digits of one in a row, are kept out of the recording",
                )
