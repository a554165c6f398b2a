"""`ivrbox calls`: the conversation records, as tables to read or as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivrbox.cdr import Store
from ivrbox.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ivrbox.cdr import CallRecord, TurnRecord

Result = TypeVar("Result")

_STATE_STYLES = {
    "kept": "green",
    "discarded": "cyan",
    "off": "dim",
    "open": "yellow",
    "lost": "red",
    "damaged": "bold red",
}


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
        Console().print(_list(found))
    else:
        click.echo("There are no calls yet.")


@calls.command()
@click.argument("call_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a page.")
def show(call_id: str, *, as_json: bool) -> None:
    """Tell all about call ID."""
    record = _asked(lambda store: store.call(call_id))
    if as_json:
        click.echo(json.dumps(record.to_json(), indent=2, ensure_ascii=False))
    else:
        _print_page(record, Console())


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
    table.add_column("Ended")
    for record in records:
        state = Text(record.recording, _STATE_STYLES[record.recording])
        caller = Text(record.caller) if record.caller else Text("not known", "dim")
        began = datetime.fromisoformat(record.started).strftime("%Y-%m-%d %H:%M")
        table.add_row(record.id, began, _lasted(record.duration_s), caller, state, Text(record.ended))
    return table


def _print_page(record: CallRecord, console: Console) -> None:
    console.print(Text.assemble("Call ", (record.id, "bold")))
    console.print(_facts(record))
    console.print()
    console.print(_conversation(record.turns))
    for title, lines in (("Survived", record.faults), ("Trace", record.trace)):
        if lines:
            console.print(Text(f"\n{title}", "bold"))
            console.print(Text("\n".join(f"  {line}" for line in lines)))


def _facts(record: CallRecord) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    began = datetime.fromisoformat(record.started).strftime("%A, %d %B %Y, %H:%M:%S")
    table.add_row("began", f"{began}, lasted {_lasted(record.duration_s)}")
    table.add_row("caller", Text(f"{record.caller or 'number not known'}, on {record.line}"))
    table.add_row("ended", Text(record.ended))
    table.add_row("path", Text(" → ".join(record.path) or "none"))
    table.add_row("recording", _recording(record))
    return table


def _recording(record: CallRecord) -> Text:
    text = Text(record.recording, _STATE_STYLES[record.recording])
    if record.recording_detail:
        text.append(f": {record.recording_detail}", "default")
    if record.receipt:
        receipt = record.receipt
        verified = "read back as zeros" if receipt.get("verified") else "NOT verified"
        text.append(f" at {receipt.get('at_s', 0):.1f} s: {receipt.get('method')}; {verified}", "default")
    return text


def _conversation(turns: tuple[TurnRecord, ...]) -> Table:
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


def _lasted(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
