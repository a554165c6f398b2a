"""`ivrbox run`: the appliance. Answers call after call until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from typing import TYPE_CHECKING

import click

from ivrbox.appliance.notify import Supervisor
from ivrbox.appliance.outside import shown_outside
from ivrbox.appliance.wiring import open_box
from ivrbox.cli.logs import log_to_stderr
from ivrbox.cli.notices import tell_warnings
from ivrbox.cli.signals import endings
from ivrbox.errors import LineError, LineStuck

if TYPE_CHECKING:
    from ivrbox.appliance.wiring import Box
    from ivrbox.cli.places import Places

TRY_AGAIN_S = 20
"""Under a supervisor, a line that cannot be opened at start is tried again so often: its cable may be on its way."""

OPENING_S = 600
"""The longest that one try may take: flows are read, and prompts that are new are spoken."""


@click.command
@click.pass_obj
def run(places: Places) -> None:
    """Answer calls on the line that ivrbox.toml names, until SIGTERM, Ctrl-C, or the end of its terminal.

    The call in progress is then ended cleanly, with its record written. Under systemd, readiness is told when the line
    is open, the watchdog is fed while frames move, and a line that is missing is waited for.
    """
    stop = threading.Event()
    for number in endings():
        signal.signal(number, lambda *_: stop.set())
    supervisor = Supervisor.from_environment()
    while not stop.is_set():
        supervisor.still_starting(OPENING_S, "reading flows, speaking prompts, opening the line")
        try:
            _serve(places, supervisor, stop)
        except LineError as error:
            if not supervisor.is_there or supervisor.is_ready or isinstance(error, LineStuck):
                raise
            supervisor.still_starting(TRY_AGAIN_S + OPENING_S, f"{error}; trying again")
            click.echo(f"ivrbox: {error}; trying again in {TRY_AGAIN_S} s", err=True)
            stop.wait(TRY_AGAIN_S)
    supervisor.stopping()
    click.echo("ivrbox: stopped", err=True)


def _serve(places: Places, supervisor: Supervisor, stop: threading.Event) -> None:
    with open_box(places.config, places.data) as box, shown_outside(box, places.data):
        log_to_stderr(box.redactor, logging.INFO)
        tell_warnings(box)
        _tell_ready(box, supervisor)
        box.attendant.serve(stop, supervisor.frame)


def _tell_ready(box: Box, supervisor: Supervisor) -> None:
    status = f"line {box.settings.line.name} is open; waiting for calls"
    supervisor.ready(status)
    click.echo(f"ivrbox: {status}", err=True)
