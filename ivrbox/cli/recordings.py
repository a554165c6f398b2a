"""`ivrbox recordings`: what is kept, its way out to the operator, and its end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.table import Table

from ivrbox.cdr import Store
from ivrbox.cli.outputs import OutFile
from ivrbox.cli.tables import print_whole
from ivrbox.errors import SealError, UnknownName
from ivrbox.recordings import Archive, KeptFile
from ivrbox.recordings.keys import IDENTITY_FILE, make_operator_pair


@click.group()
def recordings() -> None:
    """Recordings that are kept: list, export, shred; and the keys that they are sealed to."""


@recordings.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def list_(*, as_json: bool) -> None:
    """List the recordings that are kept, oldest first."""
    kept = _archive().files() if _folder().is_dir() else []
    if as_json:
        click.echo(json.dumps([_as_json(file) for file in kept], indent=2))
    elif kept:
        print_whole(_table(kept))
    else:
        click.echo(f"No recordings are kept in {_folder()}.")


@recordings.command()
@click.argument("call_id", metavar="ID")
@click.argument("out", metavar="OUT.wav", type=OutFile())
@click.option(
    "--identity", type=click.Path(path_type=Path, dir_okay=False), help="The age identity file that opens it."
)
def export(call_id: str, out: Path, identity: Path | None) -> None:
    """Open the recording of call ID and write it as a stereo WAV: caller left, box right."""
    _archive().export(call_id, out, identity or _identity_left_here())
    click.echo(f"{out}: caller left, box right. This copy is in the clear: mind where it goes.")


@recordings.command()
@click.argument("call_id", metavar="ID")
def shred(call_id: str) -> None:
    """Overwrite and remove the recording of call ID. See docs/privacy.md on what a medium may still remember."""
    archive = _archive()
    archive.expect(call_id)
    _note_shredded(call_id)
    archive.shred(call_id)
    click.echo(f"{call_id}: shredded.")


@recordings.command()
@click.option("--identity", type=click.Path(path_type=Path, dir_okay=False), help="Where to write the opening half.")
def keygen(identity: Path | None) -> None:
    """Make the key pair that recordings are sealed to, the opening half best onto a medium that leaves the box."""
    identity = identity or _data() / "keys" / IDENTITY_FILE
    recipient = make_operator_pair(_data() / "keys", identity)
    click.echo(f"Recordings will be sealed to {recipient}.")
    click.echo(f"Keep {identity} off this box: who holds it can listen, and without it nobody can.")


def _data() -> Path:
    data: Path = click.get_current_context().obj.data
    return data


def _folder() -> Path:
    return _data() / "recordings"


def _archive() -> Archive:
    if not _folder().is_dir():
        raise UnknownName(f"{_folder()} is not there: this box has kept no recordings yet")
    return Archive(_folder(), ())


def _identity_left_here() -> Path:
    path = _data() / "keys" / IDENTITY_FILE
    if not path.exists():
        raise SealError(f"{path} is not there, as it should be: name yours with --identity FILE")
    return path


def _note_shredded(call_id: str) -> None:
    """The row goes first: a cut after it leaves a file that nobody promises, which the sweep at boot removes."""
    database = _data() / "calls.db"
    if not database.exists():
        return
    store = Store(database)
    try:
        store.call(call_id)
        store.set_recording(
            call_id, "discarded", f"shredded by hand at {datetime.now(UTC).isoformat(timespec='seconds')}"
        )
    except UnknownName:
        click.echo(f"{call_id}: there is no record of this call; its recording is shredded all the same.", err=True)
    finally:
        store.close()


def _sealed_at(file: KeptFile) -> datetime:
    return datetime.fromtimestamp(file.sealed_at, UTC)


def _as_json(file: KeptFile) -> dict[str, str | int]:
    return {"id": file.call_id, "bytes": file.bytes, "sealed": _sealed_at(file).isoformat(timespec="seconds")}


def _table(kept: list[KeptFile]) -> Table:
    total = sum(file.bytes for file in kept) / 1e6
    table = Table(title=f"{len(kept)} kept, {total:.1f} MB", title_justify="left", box=None, header_style="bold")
    table.add_column("Call")
    table.add_column("Sealed", style="dim")
    table.add_column("Size", justify="right")
    for file in kept:
        sealed = _sealed_at(file).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(file.call_id, sealed, f"{file.bytes / 1e6:.2f} MB")
    return table
