"""A call told to a person: who said what at which second, and what is left of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from ivrbox.cdr import CallRecord, TurnRecord

STATE_STYLES = {
    "kept": "green",
    "discarded": "cyan",
    "off": "dim",
    "open": "yellow",
    "lost": "red",
    "damaged": "bold red",
}
"""How the states of a recording are coloured wherever they are shown."""


def tell(record: CallRecord, *, as_json: bool) -> None:
    """Print one call, as JSON for programs or as a page for people."""
    if as_json:
        click.echo(json.dumps(record.to_json(), ensure_ascii=False, indent=2))
    else:
        Console().print(page(record))


def page(record: CallRecord) -> RenderableType:
    """All about one call, as a page to read."""
    parts: list[RenderableType] = [Text.assemble("Call ", (record.id, "bold")), _facts(record), Text()]
    parts.append(conversation(record.turns))
    for title, lines in (("Survived", record.faults), ("Trace", record.trace)):
        if lines:
            parts += [Text(f"\n{title}", "bold"), Text("\n".join(f"  {line}" for line in lines))]
    return Group(*parts)


def conversation(turns: Iterable[TurnRecord]) -> Table:
    """The turns: at which second, who, what, and how an entry ended."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_column(style="dim", no_wrap=True)
    for turn in turns:
        at = "" if turn.at_s is None else f"{turn.at_s:.1f} s"
        who = Text("caller", "bold cyan") if turn.role == "user" else Text("box", "bold green")
        table.add_row(at, who, Text(turn.text or "(silence)"), turn.outcome or "")
    return table


def lasted(seconds: float) -> str:
    """A duration as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _facts(record: CallRecord) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    began = datetime.fromisoformat(record.started).strftime("%A, %d %B %Y, %H:%M:%S")
    table.add_row("began", f"{began}, lasted {lasted(record.duration_s)}")
    table.add_row("caller", Text(f"{record.caller or 'number not known'}, on {record.line}"))
    table.add_row("ended", Text(record.ended))
    table.add_row("path", Text(" → ".join(record.path) or "none"))
    table.add_row("recording", _recording(record))
    for message in record.messages:
        table.add_row("message", Text(f"{message.name} for {message.box}, {lasted(message.length_s)}, {message.state}"))
    return table


def _recording(record: CallRecord) -> Text:
    text = Text(record.recording, STATE_STYLES[record.recording])
    if record.recording_detail:
        text.append(f": {record.recording_detail}", "default")
    if record.receipt:
        receipt = record.receipt
        verified = "read back as zeros" if receipt.get("verified") else "NOT verified"
        text.append(f" at {receipt.get('at_s', 0):.1f} s: {receipt.get('method')}; {verified}", "default")
    return text
