"""`ivrbox draw`: a flow as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivrbox.cli.app import BadInput
from ivrbox.cli.flowchart import as_graph, as_mermaid
from ivrbox.cli.outputs import OutFile, written
from ivrbox.errors import ConfigError, Fault, UnknownName
from ivrbox.flows.draw import drawing_of
from ivrbox.flows.read import read_flows
from ivrbox.flows.sources import read_source

if TYPE_CHECKING:
    from ivrbox.cli.places import Places
    from ivrbox.flows.draw import Drawing

FORMATS = ("svg", "png", "mmd")


@click.command
@click.argument("flow")
@click.option("-o", "--output", type=OutFile(), help="Where to; FLOW.svg if left out.")
@click.pass_obj
def draw(places: Places, flow: str, output: Path | None) -> None:
    """Draw FLOW: its steps, keys, outcomes and functions, and where the recording is destroyed.

    The ending of the output file decides: .svg and .png go through Graphviz, .mmd is Mermaid text.
    """
    book = read_flows(places.config)
    if flow not in book:
        raise UnknownName(f"no flow is named {flow!r}; there are {', '.join(book)}")
    source = book.source_of(flow)
    drawing = drawing_of(flow, book[flow], read_source(source) if source else None)
    target = output or Path(f"{flow}.svg")
    kind = target.suffix.removeprefix(".")
    if kind not in FORMATS:
        raise ConfigError([Fault(str(target), None, "", "must end in .svg, .png or .mmd")])
    picture = as_mermaid(drawing).encode() if kind == "mmd" else _render(drawing, kind)
    with written(target):
        target.write_bytes(picture)
    click.echo(f"drawn: {target}")


def _render(drawing: Drawing, kind: str) -> bytes:
    try:
        picture: bytes = as_graph(drawing).pipe(format=kind)
    except ImportError:
        raise BadInput(
            "pictures need the extra `draw`: pip install 'ivrbox[draw]' (docs/install.md); .mmd does not"
        ) from None
    except OSError as error:
        raise BadInput("pictures need Graphviz: apt-get install graphviz; .mmd does not") from error
    return picture
