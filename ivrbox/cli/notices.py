"""What a command tells on the side, on standard error: warnings of the configuration, hints after the first run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ivrbox.appliance.wiring import Box


def tell_warnings(box: Box) -> None:
    """Print what is not quite right with the configuration, and what the operator should do next."""
    for fault in box.warnings:
        click.echo(f"ivrbox: warning: {fault}", err=True)
    if box.hint:
        click.echo(f"ivrbox: {box.hint}", err=True)
