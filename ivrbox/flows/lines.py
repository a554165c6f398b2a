"""On which line each key of a TOML text stands; the text is known to be valid, so this scanner need not complain."""

from __future__ import annotations

import re
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|'
    r"'''.*?'''(?:'{0,2})|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]*")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}


def line_numbers(text: str) -> dict[KeyPath, int]:
    """Key path to line number, from 1; a table's header counts as the place of the table."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.lines: dict[KeyPath, int] = {}
        self._counted = 0
        self._line = 1
        self._lengths: dict[KeyPath, int] = {}  # of arrays of tables

    def document(self) -> None:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self.place < len(self.text):
            table = self._header() if self._at("[") else self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> KeyPath:
        line = self._line_here()
        brackets = 2 if self.text.startswith("[[", self.place) else 1
        self.place += brackets
        path = self._inside(self._key(), line)
        self.place += brackets
        if brackets == 2:  # noqa: PLR2004  # [[array of tables]]
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            self.lines.setdefault(path, line)
            path = (*path, index)
        self.lines.setdefault(path, line)
        return path

    def _inside(self, key: KeyPath, line: int) -> KeyPath:
        """The path with the index of the newest table wherever it leads through an array of tables."""
        path: KeyPath = ()
        for part in key[:-1]:
            path = (*path, part)
            self.lines.setdefault(path, line)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return (*path, *key[-1:])

    def _pair(self, table: KeyPath) -> KeyPath:
        line = self._line_here()
        path = table
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(path, line)
        self.place += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)
        return table

    def _key(self) -> KeyPath:
        parts = [self._part()]
        while self._at("."):
            self.place += 1
            parts.append(self._part())
        return tuple(parts)

    def _part(self) -> str:
        self._skip(_SPACE)
        written = self._skip(_BARE_KEY) or self._skip(_STRING)
        self._skip(_SPACE)
        if written.startswith('"'):
            return _ESCAPE.sub(_unescape, written[1:-1])
        return written.strip("'")

    def _value(self, path: KeyPath) -> None:
        if self._at("["):
            self._array(path)
        elif self._at("{"):
            self._inline_table(path)
        elif not self._skip(_STRING):
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        index = 0
        self._step_over()
        while not self._at("]") and self.place < len(self.text):
            self.lines[(*path, index)] = self._line_here()
            self._value((*path, index))
            index += 1
            self._comma()
        self.place += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._step_over()
        while not self._at("}") and self.place < len(self.text):
            self._pair(path)
            self._comma()
        self.place += 1

    def _comma(self) -> None:
        self._skip(_BLANK)
        if self._at(","):
            self._step_over()

    def _step_over(self) -> None:
        self.place += 1
        self._skip(_BLANK)

    def _at(self, mark: str) -> bool:
        return self.text.startswith(mark, self.place)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.place)
        if found is None:
            return ""
        self.place = found.end()
        return found.group()

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted, self.place)
        self._counted = self.place
        return self._line


def _unescape(found: re.Match[str]) -> str:
    code = found.group(1) or found.group(2) or found.group(3)
    return chr(int(code, 16)) if code else _ESCAPED.get(found.group(4), found.group(4))
