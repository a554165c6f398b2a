"""An author's file as running code, and the story of what went wrong in it."""

from __future__ import annotations

import difflib
import linecache
from dataclasses import dataclass
from traceback import TracebackException
from typing import TYPE_CHECKING, Any

from ivrbox.errors import FunctionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ivrbox.dialog.functions import FunctionRequest

_LONGEST_MESSAGE = 2000
_MOST_FRAMES = 20
_MOST_ERRORS = 5


@dataclass(frozen=True)
class _Loaded:
    source: bytes
    names: dict[str, Any]


class AuthorCode:
    """Function files by path, run once, and again when their content has changed."""

    def __init__(self, given: Mapping[str, object]) -> None:
        """Take the names that every file finds without an import."""
        self._given = given
        self._loaded: dict[Path, _Loaded] = {}

    def function(self, path: Path, name: str) -> Callable[..., object]:
        """The function of this name, as the file has it now.

        Raises:
            FunctionFailed: the file cannot be read, or has no such function.
            BaseException: whatever compiling and running the file raises.
        """
        names = self._names(path)
        found: Callable[..., object] | None = names.get(name)
        if callable(found):
            return found
        functions = [key for key, value in names.items() if callable(value) and key not in self._given]
        near = difflib.get_close_matches(name, functions, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(functions) or 'none'}"
        raise FunctionFailed(f"{path.name}: no function is named {name!r}; {hint}")

    def _names(self, path: Path) -> dict[str, Any]:
        try:
            source = path.read_bytes()
        except OSError as error:
            raise FunctionFailed(f"{path.name}: cannot be read: {error.strerror}") from None
        known = self._loaded.get(path)
        if known is None or known.source != source:
            known = _Loaded(source, self._run(path, source))
            self._loaded[path] = known
        return known.names

    def _run(self, path: Path, source: bytes) -> dict[str, Any]:
        # The lines of a traceback shall be those that ran, even if the file changes meanwhile.
        lines = source.decode("utf-8", "replace").splitlines(keepends=True)
        linecache.cache[str(path)] = (len(source), None, lines, str(path))
        names: dict[str, Any] = {"__name__": path.stem, "__file__": str(path), **self._given}
        exec(compile(source, str(path), "exec"), names)  # noqa: S102 - running authors' code is what this process is for
        return names


def story_of(error: BaseException, request: FunctionRequest, redact: Callable[[str], str]) -> str:
    """What went wrong, for the log: one line, then for each error in the chain the author's lines and its message.

    No value of a variable is in it; messages, which may quote one, go through `redact`.
    """
    path = str(request.source)
    if isinstance(error, FunctionFailed):
        return redact(str(error))
    last = TracebackException.from_exception(error, compact=True)
    message = _message(last, redact)
    headline = message.splitlines()[-1 if isinstance(error, SyntaxError) else 0]
    story = [f"{request.source.name}: {request.name} failed: {headline}"]
    for earlier in _chain(last)[:-1]:
        story += [*_lines_of(earlier, path), _message(earlier, redact), "which led to"]
    story += _lines_of(last, path)
    return "\n".join(story if message == headline else [*story, message])


def _chain(told: TracebackException) -> list[TracebackException]:
    """The last errors of the chain, the earliest first."""
    chain: list[TracebackException] = []
    link: TracebackException | None = told
    while link is not None and len(chain) < _MOST_ERRORS:
        chain.insert(0, link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return chain


def _lines_of(told: TracebackException, path: str) -> list[str]:
    frames = [frame for frame in told.stack if frame.filename == path][-_MOST_FRAMES:]
    return [f"  line {frame.lineno}, in {frame.name}: {frame.line}" for frame in frames]


def _message(told: TracebackException, redact: Callable[[str], str]) -> str:
    text = "".join(told.format_exception_only()).strip().removeprefix("ivrbox.errors.")
    return redact(text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} …")
