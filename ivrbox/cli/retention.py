"""`ivrbox tidy`: lets go of recordings and messages that have stayed as long as the settings allow."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from ivrbox.appliance.retention import tidy as let_go
from ivrbox.appliance.settings import read_settings
from ivrbox.cdr import Store
from ivrbox.recordings import Archive

if TYPE_CHECKING:
    from ivrbox.cli.places import Places


@click.command
@click.pass_obj
def tidy(places: Places) -> None:
    """Shred recordings and messages that are older, more, or larger than [retention] in ivrbox.toml allows.

    The oldest go first, and each record tells why. A timer of systemd runs this every hour, beside the running box.
    """
    retention = read_settings(places.config).retention
    if not (places.data / "calls.db").exists():
        click.echo(f"Nothing was ever kept in {places.data}.")
        return
    recordings, messages = (Archive(places.data / folder, ()) for folder in ("recordings", "messages"))
    with closing(Store(places.data / "calls.db")) as store:
        gone = let_go(store, recordings, messages, retention)
        store.checkpoint()
    for words in gone:
        click.echo(words)
    if not gone:
        click.echo("Nothing is overdue.")
