"""Files that a command writes because it was asked to: refused before the work where they cannot be had."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ivrbox.cli.app import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator


class OutFile(click.Path):
    """The name of a file to write, in a folder that is there; given to the command as a `Path`."""

    def __init__(self) -> None:
        """Take any path; `convert` judges it."""
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ANN401 - click's signature
        """Look at the folder as well, which click does not.

        Raises:
            BadInput: no file can be written there.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if fault := _fault(path, given=bool(os.fspath(value))):
            raise BadInput(f"{'/'.join(param.opts) if param else 'output'}: {fault}")
        return path


def _fault(path: Path, *, given: bool) -> str:
    if not given:
        return "must be the name of a file, not empty"
    if path.is_dir():
        return f"{path}: is a directory; must be the name of a file"
    if not path.parent.is_dir():
        return f"{path}: cannot be written: there is no folder {path.parent}"
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return f"{path}: cannot be written: no right to"
    return ""


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Around the writing of such a file: a full medium is one message, too.

    Raises:
        BadInput: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise BadInput(f"{path}: cannot be written: {error.strerror or error}") from error
