"""`ivrbox status`: how the running box is, for people and machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ivrbox.appliance.metrics import prometheus
from ivrbox.appliance.status_socket import NAME, ask
from ivrbox.cli.places import INSTALLED_DATA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivrbox.cli.places import Places

INSTALLED_RUNTIME = Path("/run/ivrbox")

TROUBLED = 1
"""Exit code while the box runs but its line is lost, or its records cannot be written."""

_STATES = {
    "idle": ("waiting for calls", "green"),
    "ringing": ("ringing", "bold yellow"),
    "in_call": ("in a call", "bold green"),
    "lost": ("LOST", "bold red"),
}
_FAULTS_SHOWN = 5


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
@click.option("--prometheus", "as_metrics", is_flag=True, help="Print it as Prometheus metrics.")
@click.pass_obj
def status(places: Places, *, as_json: bool, as_metrics: bool) -> None:
    """Tell how the running box is: line, calls of today, disk, last faults.

    Exit with 1 while its line is lost or its records cannot be written, with 2 if no box is running.
    """
    told = ask(_socket(places.data))
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif as_metrics:
        click.echo(prometheus(told), nl=False)
    else:
        Console().print(page(told))
    if told["line"]["state"] == "lost" or told["records"]["trouble"]:
        raise click.exceptions.Exit(TROUBLED)


def page(told: Mapping[str, Any]) -> Group:
    """The state of a box as a person reads it."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    line, calls, disk, records = told["line"], told["calls"], told["disk"], told["records"]
    words, style = _STATES[line["state"]]
    about = f" since {_span(line['since_s'])}" + "".join(f": {line[key]}" for key in ("call", "why") if line[key])
    table.add_row("line", Text.assemble(f"{line['name']} ({line['kind']}): ", (words, style), about))
    table.add_row("calls", f"{calls['today']} today, {calls['total']} since the start{_counts(calls['ended'])}")
    if calls["recordings"]:
        table.add_row("recordings", ", ".join(f"{number} {state}" for state, number in calls["recordings"].items()))
    size = _size(disk["recordings_bytes"])
    table.add_row("kept", f"{disk['recordings']} recordings ({size}), {disk['messages']} messages")
    table.add_row("disk", f"{_size(disk['free'])} free of {_size(disk['total'])}")
    if disk["refusal"]:
        table.add_row("", Text(disk["refusal"], "bold red"))
    if records["waiting"] or records["lost"]:
        waiting = f"{records['waiting']} writes wait, {records['lost']} are lost {records['trouble']}"
        table.add_row("records", Text(waiting, "bold red"))
    up = f"{_span(told['uptime_s'])}, version {told['version']}, {_size(told['process']['resident_bytes'])} in memory"
    table.add_row("up", up)
    return Group(table, *_faults(told["faults"]))


def _faults(faults: Mapping[str, Any]) -> list[Text]:
    if not faults["newest"]:
        return []
    head = Text(f"\n{faults['error']} errors, {faults['warning']} warnings; the newest:", "dim")
    styles = {"error": "red", "warning": "yellow"}
    newest = faults["newest"][:_FAULTS_SHOWN]
    return [head, *(Text(f"  {fault['at']}  {fault['text']}", styles[fault["level"]]) for fault in newest)]


def _socket(data: Path) -> Path:
    installed = INSTALLED_RUNTIME / NAME
    return installed if data == INSTALLED_DATA and installed.exists() else data / NAME


def _counts(ended: Mapping[str, int]) -> str:
    return "".join(f", {number} {reason}" for reason, number in ended.items())


def _span(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _size(number: float) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"  # noqa: PLR2004 - a gigabyte
