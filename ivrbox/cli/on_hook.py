"""`ivrbox on-hook`: puts the line down, whatever state a process that is gone has left it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ivrbox.appliance.settings import read_settings
from ivrbox.lines.catalog import open_line

if TYPE_CHECKING:
    from ivrbox.cli.places import Places


@click.command("on-hook")
@click.pass_obj
def on_hook(places: Places) -> None:
    """Put the line that ivrbox.toml names on-hook; systemd does so after every end of `ivrbox run`.

    Not while a box is running: the line would be taken from under it, or be found in use.
    """
    line = read_settings(places.config).line
    with open_line(line.kind, {"name": line.name, **line.options}) as wire:
        wire.hang_up()
    click.echo(f"ivrbox: line {line.name} is on-hook", err=True)
