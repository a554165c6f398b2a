"""`ivrbox modem-sim`: a voice modem on a pseudo-terminal, with a caller who does as the script says."""

from __future__ import annotations

import json
import re
import select
import sys
from collections import deque
from io import UnsupportedOperation
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ivrbox.cli.app import BadInput
from ivrbox.cli.numbers import Number
from ivrbox.errors import IvrboxError, UnknownName
from ivrbox.lines.modem_profile import read_profile
from ivrbox.lines.modem_sim import SimModem
from ivrbox.lines.modem_sim_pty import PtyModem
from ivrbox.lines.modem_sim_spec import behaviour_of
from ivrbox.prompts.wavfile import read_wav, write_wav
from ivrbox.units import SAMPLE_RATE, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader

VERBS = """\
\b
  ring [NUMBER [NAME]]   call the box
  press DIGITS           press keys, 100 ms each
  say FILE.wav           speak
  hang-up                put the handset down
  wait SECONDS           let time pass; `wait answered`, `wait hung-up`
  unplug / plug          pull the modem's USB plug, and put it back
  save FILE.wav          write what the box has said in this call
  quit                   end the modem"""


class Script:
    """Does what its lines say, one after another, in the modem's time."""

    def __init__(self, modem: SimModem, lines: tuple[str, ...]) -> None:
        """Begin with these lines, in which a fault is the end; to those that are typed later, it is only told."""
        self._modem = modem
        self._far = modem.far
        self.lines = deque(lines)
        self._given = len(lines)
        self.has_quit = False
        self._is_due: Callable[[], bool] = lambda: True
        self._verbs: dict[str, Callable[[str], None]] = {
            "ring": self._ring,
            "press": lambda digits: self._far.presses(digits, ms=100, gap_ms=100),
            "say": lambda file: self._far.speaks(read_wav(Path(file)).at(SAMPLE_RATE).mono()),
            "hang-up": lambda _: self._far.hangs_up(),
            "wait": self._wait,
            "unplug": lambda _: self._far.cuts_wire(),
            "plug": lambda _: self._far.mends_wire(),
            "save": lambda file: write_wav(Path(file), modem.exchange.said.samples),
            "quit": lambda _: self._quit(),
        }

    @property
    def verbs(self) -> tuple[str, ...]:
        """What a line may begin with."""
        return tuple(self._verbs)

    def step(self) -> None:
        """Do all that is due."""
        while self.lines and self._is_due():
            self._is_due = lambda: True
            self._do(self.lines.popleft())

    def _do(self, line: str) -> None:
        self._given -= 1
        verb, _, rest = line.strip().partition(" ")
        if not verb:
            return
        try:
            self._known(verb)(rest.strip())
        except (IvrboxError, ValueError, OSError) as error:
            if self._given >= 0:
                raise BadInput(f"--do {line.strip()}: {error}") from error
            click.echo(f"modem-sim: {line.strip()}: {error}", err=True)

    def _known(self, verb: str) -> Callable[[str], None]:
        if verb not in self._verbs:
            raise UnknownName(f"no such verb; there are {', '.join(self._verbs)}")
        return self._verbs[verb]

    def _ring(self, caller: str) -> None:
        number, _, name = caller.partition(" ")
        self._far.rings(number or None, name or None)

    def _wait(self, what: str) -> None:
        exchange = self._modem.exchange
        if what == "answered":
            self._is_due = lambda: exchange.is_off_hook
        elif what == "hung-up":
            self._is_due = lambda: not exchange.is_off_hook
        else:
            until = self._modem.clock + seconds_to_samples(_seconds(what))
            self._is_due = lambda: self._modem.clock >= until

    def _quit(self) -> None:
        self.has_quit = True
        self.lines.clear()


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError(f"must be a number of seconds, answered or hung-up, not {text!r}")
    return float(text)


@click.command("modem-sim", epilog=f"What the caller does is read from --do and from standard input:\n\n{VERBS}")
@click.option("--profile", default="generic", show_default=True, help="Which modem: a name in hw/modems, or a path.")
@click.option("--profiles", type=click.Path(path_type=Path), help="Folder with profiles of your own.")
@click.option("--link", type=click.Path(path_type=Path), required=True, help="Name of the port, such as /tmp/ttyV0.")
@click.option("--do", "lines", multiple=True, metavar="VERB", help="What the caller does; may be repeated.")
@click.option("--habit", "habits", multiple=True, metavar="NAME=VALUE", help="Behave otherwise: stop_delay_ms=800.")
@click.option("--speed", type=Number(0.1, 100), default=1.0, help="How much faster than real its time runs.")
@click.option("--seed", type=int, default=0, help="Of the odd lengths in which its bytes come.")
def modem_sim(
    *,
    profile: str,
    profiles: Path | None,
    link: Path,
    lines: tuple[str, ...],
    habits: tuple[str, ...],
    speed: float,
    seed: int,
) -> None:
    """Be a voice modem: any program can open the port and use it."""
    spec = read_profile(profile, profiles)
    modem = SimModem(behaviour_of(spec, profile, **dict(map(_habit, habits))))
    script = Script(modem, lines)
    for line in lines:
        _check_verb(line, script.verbs)
    with PtyModem(modem, link, speed=speed, seed=seed) as port:
        click.echo(f"{spec.title}, simulated, on {link}", err=True)
        stdin = _Stdin()
        while not script.has_quit:
            port.step()
            script.lines += stdin.lines()
            script.step()


def _check_verb(line: str, verbs: tuple[str, ...]) -> None:
    verb = line.strip().partition(" ")[0]
    if verb not in verbs:
        raise click.BadParameter(f"{line!r}: no such verb; there are {', '.join(verbs)}", param_hint="--do")


def _habit(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r}: must be NAME=VALUE", param_hint="--habit")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


class _Stdin:
    """Lines of standard input as they come; its end ends nothing."""

    def __init__(self) -> None:
        self._half = b""
        self._has_ended = False

    def lines(self) -> list[str]:
        if self._has_ended or not self._is_ready():
            return []
        data = cast("BufferedReader", sys.stdin.buffer).read1(4096)
        self._has_ended = not data
        *whole, self._half = (self._half + data).split(b"\n")
        return [line.decode(errors="replace") for line in whole]

    def _is_ready(self) -> bool:
        """Whether reading would not wait; a stream without a descriptor is in memory, and never does."""
        try:
            return bool(select.select([sys.stdin.buffer], [], [], 0)[0])
        except UnsupportedOperation:
            return True
