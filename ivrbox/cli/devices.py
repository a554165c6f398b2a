"""`ivrbox devices`: what this machine has for a telephone line, by the names that settings use."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivrbox.lines.inventory import Shelf, take_inventory


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def devices(*, as_json: bool) -> None:
    """List sound cards, serial modems, GPIO chips and number pads, with what each can do."""
    found = take_inventory()
    if as_json:
        click.echo(json.dumps([asdict(shelf) for shelf in found], ensure_ascii=False, indent=2))
    else:
        Console().print(_table(found))


def _table(found: list[Shelf]) -> Table:
    table = Table("kind", "name", "can do")
    for shelf in found:
        for part in shelf.parts:
            table.add_row(shelf.kind, Text(part.name), Text(part.abilities))
        if not shelf.parts:
            table.add_row(shelf.kind, "none", Text(shelf.problem))
    return table
