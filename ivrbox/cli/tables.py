"""Tables whose words are to be read whole and pasted: a line that is too long for the screen is not cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement

if TYPE_CHECKING:
    from rich.table import Table

_WIDEST = 10_000


def print_whole(table: Table) -> None:
    """Print a table in the width that it needs, on a narrow screen and in a pipe as well."""
    console = Console()
    needed = Measurement.get(console, console.options.update(width=_WIDEST), table).maximum
    Console(width=max(console.width, needed)).print(table)
