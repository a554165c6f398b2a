"""`ivrbox keypad`: a number pad or a 4x4 matrix becomes a test telephone, heard through a sound card."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from ivrbox.cli.numbers import Number
from ivrbox.dsp import tones
from ivrbox.errors import LineError
from ivrbox.lines.countries import country as country_of
from ivrbox.lines.keypad import BUSY_S, MatrixPad, NumberPad, ToneKeyboard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ivrbox.lines.keypad import Pad
    from ivrbox.lines.sound_output import SoundOutput


@click.command
@click.option("--output", default="default", show_default=True, help="Sound card to play into, by name.")
@click.option("--pad", help="Number pad, e.g. /dev/input/by-id/...-event-kbd.")
@click.option("--rows", help="Pins of a 4x4 matrix: its four rows, e.g. 5,6,13,19.")
@click.option("--columns", help="Pins of its columns, e.g. 12,16,20,21.")
@click.option("--country", default="us", show_default=True, help="Whose busy tone the key - (hang up) plays.")
@click.option("--seconds", type=Number(min=0, min_open=True), help="Stop after so long; without it, at Ctrl-C.")
def keypad(
    *, output: str, pad: str | None, rows: str | None, columns: str | None, country: str, seconds: float | None
) -> None:
    """Play a key's tone while it is held: with a loop cable the box hears a telephone. See hw/loopback.md."""
    keyboard = ToneKeyboard(_busy(country))
    with closing(_pad(pad, rows, columns)) as keys, closing(_card(output)) as card:
        click.echo(f"ivrbox: keys sound on {output}; - hangs up, Ctrl-C ends", err=True)
        _play(keys, keyboard, card, None if seconds is None else round(50 * seconds))


def _play(keys: Pad, keyboard: ToneKeyboard, card: SoundOutput, frames: int | None) -> None:
    played = 0
    while frames is None or played < frames:
        for move in keys.poll():
            keyboard.take(move)
        card.write(keyboard.next_frame())
        played += 1


def _pad(pad: str | None, rows: str | None, columns: str | None) -> Pad:
    if pad:
        return NumberPad(pad)
    if rows and columns:
        return MatrixPad(rows.split(","), columns.split(","))
    raise LineError("keypad: name a --pad, or the --rows and --columns of a matrix; `ivrbox devices` lists pads")


def _card(output: str) -> SoundOutput:
    from ivrbox.lines.sound_output import SoundOutput  # noqa: PLC0415 - needs PyAudio, which help does not

    return SoundOutput(output)


def _busy(code: str) -> NDArray[np.int16]:
    busy = next(tone for tone in country_of(code, "--country").tones if tone.sign == "busy_tone")
    return tones.busy(BUSY_S, hertz=busy.hertz, dbm0=-15.0, cadence_s=[ms / 1000 for ms in busy.cadence_ms])
