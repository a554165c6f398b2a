"""`ivrbox line-test`: how good the line of this box is, in figures and in plain words; and a level meter."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from ivrbox.appliance.settings import read_settings
from ivrbox.cli.numbers import Number
from ivrbox.cli.signals import ended_in_order
from ivrbox.dsp.level import level_dbm0
from ivrbox.dsp.line_check import LineCheck, check_line, probes
from ivrbox.errors import LineError
from ivrbox.lines.catalog import open_line
from ivrbox.lines.line import RemoteHungUp
from ivrbox.units import FRAME_SAMPLES, FULL_SCALE, seconds_to_frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ivrbox.cli.places import Places
    from ivrbox.lines.line import Line

    Samples = NDArray[np.int16]

QUIET_S = 5.0
"""Long enough to know a dial tone for what it is, and not for noise."""

SETTLE_S = 1.0
METER_FLOOR_DBM0 = -60
METER_FRAMES = 5
_KIND = "usb_audio"


@click.command("line-test")
@click.option("--device", help="Sound card, by name, instead of the line that ivrbox.toml names.")
@click.option(
    "--meter",
    type=Number(min=0, min_open=True),
    metavar="SECONDS",
    help="Only show the level that is heard, for setting gains.",
)
@click.pass_obj
def line_test(places: Places, device: str | None, meter: float | None) -> None:
    """Go off-hook and measure noise floor, echo of our own tones, and clipping; say what to do about them.

    Do it with somebody on the line who keeps quiet, or with the line in a call to a number that is silent.
    """
    with ended_in_order(), _off_hook(places, device) as line:
        if meter is not None:
            _show_level(line, meter)
            return
        _print(_measure(line))
        if line.troubles:
            click.echo(f"while this was measured: {line.troubles}; what is lost counts as silence, so measure again")


@contextmanager
def _off_hook(places: Places, device: str | None) -> Iterator[Line]:
    with open_line(_KIND, _options(places, device)) as line:
        line.answer()
        _hear(line, np.zeros(seconds_to_frames(SETTLE_S) * FRAME_SAMPLES, np.int16))
        yield line


def _options(places: Places, device: str | None) -> dict[str, Any]:
    if device is not None:
        return {"device": device}
    spec = read_settings(places.config).line
    if spec.kind != _KIND:
        raise LineError(f"ivrbox.toml: line.kind: must be {_KIND} for this test, not {spec.kind}; or name a --device")
    return {"name": spec.name, **spec.options}


def _measure(line: Line) -> LineCheck:
    quiet = _hear(line, np.zeros(seconds_to_frames(QUIET_S) * FRAME_SAMPLES, np.int16), somebody=True)
    return check_line(quiet, [_hear(line, probe) for probe in probes()])


def _hear(line: Line, said: Samples, *, somebody: bool = False) -> Samples:
    """What is heard while this is said; with `somebody`, an exchange that says that nobody is there is an error."""
    heard = [line.exchange(frame) for frame in said.reshape(-1, FRAME_SAMPLES)]
    endings = (event for each in heard for event in each.events if isinstance(event, RemoteHungUp))
    if somebody and (ending := next(endings, None)):
        raise LineError(
            f"line {line.name}: nobody is at its other end: {ending.evidence or ending.reason}; "
            "measure in a call, with somebody who keeps quiet"
        )
    return np.concatenate([each.frame for each in heard])


def _print(check: LineCheck) -> None:
    click.echo(f"noise floor  {check.noise_dbm0:6.1f} dBm0")
    for hertz, loss in check.loss_db.items():
        click.echo(f"echo {hertz:4} Hz {loss:6.1f} dB down")
    click.echo(f"clipping     {100 * check.clipped:6.2f} %")
    for words in check.verdict:
        click.echo(words)


def _show_level(line: Line, seconds: float) -> None:
    silence = np.zeros(METER_FRAMES * FRAME_SAMPLES, np.int16)
    for _ in range(max(1, seconds_to_frames(seconds) // METER_FRAMES)):
        click.echo(meter_line(_hear(line, silence)))


def meter_line(heard: Samples) -> str:
    """One line of the meter: level, a bar from -60 dBm0 to full scale, and a warning where it clips."""
    level = level_dbm0(heard)
    bar = "#" * max(0, round(max(level, METER_FLOOR_DBM0) - METER_FLOOR_DBM0))
    clips = "  CLIPS" if int(np.abs(heard.astype(np.int32)).max()) >= FULL_SCALE else ""
    return f"{max(level, -99):6.1f} dBm0 |{bar:<63}|{clips}"
