"""`ivrbox decode`: what the ear hears in a sound file, and why it refused what it did not take."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivrbox.cli.app import BadInput
from ivrbox.cli.outputs import OutFile, written
from ivrbox.cli.tables import print_whole
from ivrbox.dsp.dtmf import find_keys, trace_keys
from ivrbox.prompts.wavfile import read_wav
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.dsp.dtmf import Candidate, KeyUp
    from ivrbox.prompts.wavfile import Sound


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--trace", is_flag=True, help="Every candidate, with the reason why it was refused.")
@click.option("--plot", type=OutFile(), metavar="OUT.png", help="Draw spectrogram, keys and refusals.")
@click.option(
    "--channel",
    type=click.Choice(["left", "right", "mix"]),
    default="left",
    show_default=True,
    help="Of a stereo file; in the box's recordings the caller is on the left.",
)
def decode(file: Path, *, as_json: bool, trace: bool, plot: Path | None, channel: str) -> None:
    """List the keys that are heard in FILE, a WAV file of any rate."""
    samples = _heard(read_wav(file), channel)
    candidates = trace_keys(samples) if trace or plot is not None else []
    if plot is not None:
        _draw(plot, samples, candidates, file.name)
    keys = [] if trace else find_keys(samples)
    if as_json:
        click.echo(_as_json(candidates if trace else keys))
    elif trace:
        _print(_trace_table(candidates), candidates, f"{file.name}: no candidates")
    else:
        _print(_key_table(keys), keys, f"{file.name}: no keys in {len(samples) / SAMPLE_RATE:.1f} s")


def _heard(sound: Sound, channel: str) -> NDArray[np.int16]:
    sound = sound.at(SAMPLE_RATE)
    if channel == "mix" or sound.samples.ndim == 1:
        return sound.mono()
    return sound.samples[:, 0 if channel == "left" else 1].copy()


def _as_json(found: Sequence[KeyUp | Candidate]) -> str:
    return json.dumps([_finite(asdict(each)) for each in found], indent=2)


def _finite(figures: dict[str, object]) -> dict[str, object]:
    """JSON knows no infinity: the signal-to-noise ratio of a synthetic key is null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in figures.items()
    }


def _print(table: Table, found: Sequence[KeyUp | Candidate], otherwise: str) -> None:
    if not found:
        click.echo(otherwise)
        return
    print_whole(table)
    Console().print(Text("keys heard: ").append(_dialled(found) or "none", style="bold green"))


def _dialled(found: Sequence[KeyUp | Candidate]) -> str:
    return "".join(each.digit for each in found if getattr(each, "accepted", True))


def _key_table(keys: Sequence[KeyUp]) -> Table:
    table = _table("key", "onset s", "length ms", "row dBm0", "col dBm0", "twist dB", "S/N dB")
    for key in keys:
        table.add_row(Text(key.digit, style="bold green"), *_figures(key))
    return table


def _trace_table(candidates: Sequence[Candidate]) -> Table:
    table = _table("key", "onset s", "ms", "row dBm0", "col dBm0", "twist", "S/N", "row %", "col %")
    table.add_column("verdict", no_wrap=True)
    table.padding = (0, 1, 0, 0)  # so that a line fits into 80 columns
    for each in candidates:
        style, verdict = ("bold green", "taken") if each.accepted else ("yellow", each.reason)
        off = (f"{100 * deviation:+.2f}" for deviation in (each.row_deviation, each.col_deviation))
        table.add_row(Text(each.digit, style=style), *_figures(each), *off, Text(verdict, style=style))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column(first, justify="center")
    for name in others:
        table.add_column(name, justify="right")
    return table


def _figures(each: KeyUp | Candidate) -> tuple[str, ...]:
    return (
        f"{each.onset_s:.3f}",
        f"{1000 * each.length_s:.0f}",
        f"{each.row_dbm0:.1f}",
        f"{each.col_dbm0:.1f}",
        f"{each.twist_db:+.1f}",
        f"{each.snr_db:.1f}",
    )


def _draw(path: Path, samples: NDArray[np.int16], candidates: Sequence[Candidate], title: str) -> None:
    try:
        from ivrbox.cli.keyplot import draw_keys  # noqa: PLC0415 - matplotlib is an extra, and slow to import
    except ImportError as error:
        raise BadInput(
            f"--plot needs matplotlib, which is not installed: pip install 'ivrbox[plot]' ({error})"
        ) from error
    try:
        with written(path):
            draw_keys(path, samples, candidates, title)
    except ValueError as error:
        raise BadInput(f"{path}: cannot be written: {error}") from error
