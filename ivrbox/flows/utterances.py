"""What authors' functions can be seen to say, found in their source, so that no call waits for its synthesis.

    return "text"     return {"utterance": "text"}     conv.say("text")

Only words that stand there as they are can be known ahead; an f-string is spoken when its call says it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def utterances(tree: ast.Module) -> frozenset[str]:
    """The constant texts that functions of this file return or say, without the empty one."""
    return frozenset(text for node in ast.walk(tree) for text in _said(node) if text)


def _said(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Return(value=ast.expr() as value):
            yield from _constants(value)
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "utterance":
                    yield from _constants(value)
        case ast.Call(func=ast.Attribute(attr="say"), args=[first, *_]):
            yield from _constants(first)


def _constants(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from (*_constants(value.body), *_constants(value.orelse))
