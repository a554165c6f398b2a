"""A configuration directory to write flows, functions and sounds into."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def configure(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write files (`{"flows/a.toml": "...", "functions/a.py": "..."}`) and give the directory they stand in."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"), "utf-8")
        return tmp_path

    return write
