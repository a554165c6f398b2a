"""Every part of a flow with its key path: prompts, actions, steps, in the order of the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ivrbox.flows.prompt import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivrbox.flows.lines import KeyPath

_Part = TypeVar("_Part", bound=Spec)


def parts(spec: Spec, kind: type[_Part]) -> Iterator[tuple[KeyPath, _Part]]:
    """All parts of this kind within a spec, at any depth: `(("steps", "menu", "on", "1"), ActionsSpec(...))`."""
    for path, part in _walk(spec, ()):
        if isinstance(part, kind):
            yield path, part


def _walk(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Spec]]:  # noqa: ANN401  # any field of a spec
    if isinstance(value, Spec):
        yield path, value
        for name, field in type(value).model_fields.items():
            yield from _walk(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _walk(item, (*path, index))
