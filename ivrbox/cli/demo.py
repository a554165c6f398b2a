"""`ivrbox demo`: a call on the loopback line, with you as the caller at a terminal, or with a scripted one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console

from ivrbox.appliance.phone import Phone
from ivrbox.appliance.wiring import open_box
from ivrbox.cli.logs import log_to_stderr
from ivrbox.cli.notices import tell_warnings
from ivrbox.cli.story import page
from ivrbox.cli.telephone import telephone
from ivrbox.lines.loopback import Loopback

if TYPE_CHECKING:
    from ivrbox.appliance.wiring import Box
    from ivrbox.cdr import CallRecord
    from ivrbox.cli.places import Places

SCRIPT = "11"
"""What the scripted caller keys, one key a prompt: out of the recording first, then the menu's first entry."""

CALLER = "555 0100"  # a number that no exchange gives out


@click.command
@click.option("--flow", help="Enter this flow instead of the one in ivrbox.toml.")
@click.option("--json", "as_json", is_flag=True, help="Print the conversation record as JSON; the caller is scripted.")
@click.pass_obj
def demo(places: Places, flow: str | None, *, as_json: bool) -> None:
    """Answer a call without any hardware.

    At a terminal it is a telephone to play with: 0-9 * # are its keys. Without a terminal a scripted caller opts out
    of being recorded and reaches the menu.
    """
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not as_json
    line = Loopback(realtime=at_terminal)
    with open_box(places.config, places.data, line=line, flow=flow) as box:
        log_to_stderr(box.redactor)
        tell_warnings(box)
        record = telephone(line, box) if at_terminal else scripted_call(line, box)
        if as_json:
            click.echo(json.dumps(record.to_json(), ensure_ascii=False, indent=2))
        else:
            _tell(record, box)


def scripted_call(line: Loopback, box: Box) -> CallRecord:
    """Let each prompt finish, then press the script's next key; when it is used up, stay until the box says goodbye."""
    phone = Phone(line, box.attendant)
    phone.rings(caller=CALLER)
    for digit in SCRIPT:
        phone.listens()
        if phone.is_connected:
            phone.presses(digit)
            phone.waits(0.2)
    return phone.waits_for_the_end()


def _tell(record: CallRecord, box: Box) -> None:
    console = Console()
    console.print(page(record))
    kept = box.archive.path(record.id)
    left = f"The recording is sealed in {kept}." if kept.exists() else "No file of this call's sound exists."
    console.print(left, soft_wrap=True)
