"""`ivrbox call`: a whole call from a sound file, faster than real time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivrbox.appliance.wiring import open_box
from ivrbox.cli.logs import log_to_stderr
from ivrbox.cli.notices import tell_warnings
from ivrbox.cli.outputs import OutFile, written
from ivrbox.cli.story import tell
from ivrbox.errors import StoreError
from ivrbox.lines.tape import Tape
from ivrbox.prompts.wavfile import read_wav, write_wav
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from ivrbox.appliance.wiring import Box
    from ivrbox.cdr import CallRecord
    from ivrbox.cli.places import Places


@click.command
@click.option("--tape", "tape_file", type=click.Path(path_type=Path), required=True, help="WAV file: the caller.")
@click.option("--flow", help="Enter this flow instead of the one in ivrbox.toml.")
@click.option("--caller", help="The number that is calling.")
@click.option("--said", type=OutFile(), help="Write what the box says to this WAV file.")
@click.option("--json", "as_json", is_flag=True, help="Print the conversation record as JSON.")
@click.pass_obj
def call(
    places: Places, tape_file: Path, flow: str | None, caller: str | None, said: Path | None, *, as_json: bool
) -> None:
    """Run a whole call whose caller is a sound file: any rate, mono or stereo, 8, 16, 24 or 32 bit."""
    tape = Tape(read_wav(tape_file).at(SAMPLE_RATE).mono(), caller=caller)
    with open_box(places.config, places.data, line=tape, flow=flow) as box:
        log_to_stderr(box.redactor)
        tell_warnings(box)
        record = one_call(box)
        trouble = box.shelving.ledger.trouble
    tell(record, as_json=as_json)
    if said is not None:
        with written(said):
            write_wav(said, tape.said)
    if trouble:
        raise StoreError(f"the call went well, but its record is not stored: {trouble}")


def one_call(box: Box) -> CallRecord:
    """Turn the crank until a call has ended; give its record."""
    while (filed := box.attendant.last_filed) is None:
        box.attendant.tick()
    return filed.result()
