"""Files of authors' functions, looked at without ever running them: do they compile, and which functions are there."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivrbox.errors import Fault, FlowError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A function file: its path, its tree, and the names that its top level binds."""

    path: Path
    tree: ast.Module
    names: frozenset[str]


def read_source(path: Path) -> Source:
    """Parse a function file.

    Raises:
        FlowError: it is not there, or cannot be compiled; with the line.
    """
    try:
        text = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an author's `"\d"` is not ours to complain about
            tree = ast.parse(text, path.name)
            compile(tree, path.name, "exec")  # finds what the parser lets pass: a `return` outside of a function
    except SyntaxError as error:
        raise FlowError([Fault(path.name, error.lineno, "", f"cannot be compiled: {error.msg}")]) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise FlowError([Fault(path.name, None, "", f"cannot be compiled: {error or type(error).__name__}")]) from None
    except OSError as error:
        raise FlowError([Fault(path.name, None, "", f"cannot be read: {error.strerror or error}")]) from None
    return Source(path, tree, frozenset(_bound(tree.body)))


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
        else:
            # Names bound in a branch or by assignment may be functions, too; a doubt is decided in the author's favour.
            for node in ast.walk(statement):
                if isinstance(node, ast.FunctionDef):
                    yield node.name
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id
