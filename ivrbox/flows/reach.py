"""What authors' functions can be seen to do, read from their source: where they go, whether they erase or read back."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOVES = {"goto_step", "goto_flow"}


@dataclass(frozen=True)
class Named:
    """A step or flow that a function names in so many words, and the line where it does."""

    kind: str
    target: str
    line: int


@dataclass(frozen=True)
class FunctionReach:
    """What one function may do, as far as its source tells."""

    line: int
    fewest: int  # parameters that it must be given
    most: int | None  # parameters that it can take; None: any number
    named: tuple[Named, ...]
    goes_anywhere: bool  # it computes where to go
    exits: bool
    hangs_up: bool
    discards_at: int | None  # the line
    reads_back_at: int | None  # the line where what was keyed becomes part of what is said

    def takes(self, arguments: int) -> bool:
        """Whether it can be called with so many arguments."""
        return self.fewest <= arguments and (self.most is None or arguments <= self.most)

    @property
    def steps(self) -> frozenset[str]:
        """The steps that it names."""
        return frozenset(named.target for named in self.named if named.kind == "goto_step")

    @property
    def flows(self) -> frozenset[str]:
        """The flows that it names."""
        return frozenset(named.target for named in self.named if named.kind == "goto_flow")


def reach_of(tree: ast.Module) -> dict[str, FunctionReach]:
    """Every function at the top of a file; what it calls within the file counts as its own."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {name: _reach(node, functions) for name, node in functions.items()}


def _reach(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> FunctionReach:
    nodes = [node for body in _called(function, functions) for node in ast.walk(body)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    moves = [call for call in calls if _method(call) in _MOVES]
    named = tuple(sorted(_named(moves), key=lambda move: move.line))
    return FunctionReach(
        line=function.lineno,
        fewest=_positional(function.args) - len(function.args.defaults),
        most=None if function.args.vararg else _positional(function.args),
        named=named,
        goes_anywhere=len(named) < len(moves),
        exits=any(_method(call) == "exit_flow" for call in calls),
        hangs_up=any(_method(call) == "hangup" for call in calls)
        or any(isinstance(node, ast.Constant) and node.value == "hangup" for node in nodes),
        discards_at=next((call.lineno for call in calls if _method(call) == "discard_recording"), None),
        reads_back_at=next(_read_back(nodes), None),
    )


def _called(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The function, and all of its file that it calls by name, directly or through others."""
    found = [function]
    for body in found:
        names = {node.id for node in ast.walk(body) if isinstance(node, ast.Name)}
        found += [called for name, called in functions.items() if name in names and called not in found]
    return found


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _named(moves: list[ast.Call]) -> Iterator[Named]:
    for call in moves:
        match call.args:
            case [ast.Constant(value=str(target))]:
                yield Named(_method(call), target, call.lineno)


def _positional(arguments: ast.arguments) -> int:
    return len(arguments.posonlyargs) + len(arguments.args)


def _read_back(nodes: list[ast.AST]) -> Iterator[int]:
    """Lines where a text is put together from what was keyed: `f"... {conv.history[-1].text}"`."""
    for node in nodes:
        if isinstance(node, ast.FormattedValue) and any(_is_keyed(part) for part in ast.walk(node.value)):
            yield node.value.lineno


def _is_keyed(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("text", "values")
