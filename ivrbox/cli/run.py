"""`ivrbox run`: the appliance. Answers call after call until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from typing import TYPE_CHECKING

import click

from ivrbox.appliance.wiring import open_box
from ivrbox.cli.logs import log_to_stderr
from ivrbox.cli.notices import tell_warnings

if TYPE_CHECKING:
    from ivrbox.cli.places import Places


@click.command
@click.pass_obj
def run(places: Places) -> None:
    """Answer calls on the line that ivrbox.toml names, until SIGTERM or Ctrl-C.

    The call in progress is then ended cleanly, with its record written.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_box(places.config, places.data) as box:
        log_to_stderr(box.redactor, logging.INFO)
        tell_warnings(box)
        click.echo(f"ivrbox: line {box.settings.line.name} is open; waiting for calls", err=True)
        box.attendant.serve(stop)
    click.echo("ivrbox: stopped", err=True)
