"""A call as a time line: what was said, heard and keyed at which second; to see why a scenario failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ivrbox.appliance.rehearsal import Verdict


def timeline(verdict: Verdict) -> Table:
    """The caller's deeds and the box's turns, in the order of their seconds."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rows = [(deed.at_s, "caller", Text(deed.what)) for deed in verdict.deeds]
    for turn in verdict.record.turns if verdict.record else ():
        if turn.role == "agent":
            rows.append((turn.at_s or 0.0, "box", Text(f"says {turn.text!r}")))
        else:
            rows.append((turn.at_s or 0.0, "box", Text(f"hears {turn.text!r}: {turn.outcome}", style="cyan")))
    for at_s, who, what in sorted(rows, key=lambda row: row[0]):
        table.add_row(f"{at_s:.3f} s", who, what)
    if verdict.record is not None:
        table.add_row(f"{verdict.record.duration_s:.3f} s", "box", f"call ends: {verdict.record.ended}")
    return table
