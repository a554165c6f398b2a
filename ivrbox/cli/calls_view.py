"""`ivrbox calls`: the conversation records, as tables to read or as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import click
from rich.table import Table
from rich.text import Text

from ivrbox.cdr import Store
from ivrbox.cli.story import STATE_STYLES, lasted, tell
from ivrbox.cli.tables import print_whole
from ivrbox.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ivrbox.cdr import CallRecord

Result = TypeVar("Result")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="So many calls at most.")
@click.option("--since", type=click.DateTime(), help="Only calls that began then or later, in local time.")
@click.pass_context
def calls(context: click.Context, *, as_json: bool, limit: int, since: datetime | None) -> None:
    """List the newest calls; `ivrbox calls show ID` tells all about one."""
    if context.invoked_subcommand is not None:
        return
    earliest = since.astimezone().isoformat() if since else None
    found = _asked(lambda store: store.calls(limit=limit, since=earliest)) if _database().exists() else []
    if as_json:
        click.echo(json.dumps([record.to_json() for record in found], indent=2, ensure_ascii=False))
    elif found:
        print_whole(_list(found))
    else:
        click.echo(f"No call began since {since}." if since else "There are no calls yet.")


@calls.command()
@click.argument("call_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a page.")
def show(call_id: str, *, as_json: bool) -> None:
    """Tell all about call ID."""
    record = _asked(lambda store: store.call(call_id))
    tell(record, as_json=as_json)


def _database() -> Path:
    data: Path = click.get_current_context().obj.data
    return data / "calls.db"


def _asked(question: Callable[[Store], Result]) -> Result:
    if not _database().exists():
        raise UnknownName(f"{_database()} is not there: this box has had no calls yet")
    store = Store(_database())
    try:
        return question(store)
    finally:
        store.close()


def _list(records: list[CallRecord]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Call", no_wrap=True)
    table.add_column("Began", no_wrap=True)
    table.add_column("Lasted", justify="right", no_wrap=True)
    table.add_column("Caller", no_wrap=True)
    table.add_column("Recording", no_wrap=True)
    table.add_column("Ended", no_wrap=True)
    for record in records:
        state = Text(record.recording, STATE_STYLES[record.recording])
        caller = Text(record.caller) if record.caller else Text("not known", "dim")
        began = datetime.fromisoformat(record.started).strftime("%Y-%m-%d %H:%M")
        table.add_row(record.id, began, lasted(record.duration_s), caller, state, Text(record.ended))
    return table
