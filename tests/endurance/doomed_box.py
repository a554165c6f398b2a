"""A whole box that takes simulated calls until it is killed, life after life, on one data folder.

    python doomed_box.py CONFIG DATA

Reads one life a line from standard input, as JSON, and forks a child for it, since imports take longer than a life:

    {"seed": 7, "calls": 6, "deeds": 31}       killed at its 31st deed on the disk, by SIGKILL
    {"seed": 7, "calls": 6, "frames": 200}     killed in its 200th frame, by SIGKILL
    {"seed": 7, "calls": 6, "seconds": 0.07}   killed by the system's timer, wherever it then is

The child tells on standard output, a line each, what a box of this house promises: `booted` with all rows and files,
`gone` once a caller was told that the recording is gone, `filed` for each record. Then comes `died`, with the cause.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivrbox.appliance.attendant import Attendant
from ivrbox.appliance.functions import FunctionHost
from ivrbox.appliance.phone import NotHeard, Phone
from ivrbox.appliance.wiring import open_box
from ivrbox.lines.loopback import Loopback
from tests.conftest import Mumble

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.appliance.wiring import Box

DEEDS = {"open", "os.mkdir", "os.remove", "os.rename", "os.truncate", "os.utime", "shutil.rmtree"}
"""Audit events (Python's table of them) that change what is on a disk."""


class Reaper:
    """Counts, and kills at the given count."""

    def __init__(self, life: dict[str, Any]) -> None:
        self._deeds = life.get("deeds", 0)
        self._frames = life.get("frames", 0)
        if "seconds" in life:
            signal.setitimer(signal.ITIMER_REAL, life["seconds"])  # no handler: the system ends the process

    def watch(self) -> None:
        sys.addaudithook(lambda event, _: self.deed() if event in DEEDS else None)
        for name in ("fsync", "write", "ftruncate"):
            self._wrap(os, name, self.deed)
        self._wrap(Attendant, "tick", self.frame)

    def deed(self) -> None:
        self._deeds -= 1
        if self._deeds == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def frame(self) -> None:
        self._frames -= 1
        if self._frames == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @staticmethod
    def _wrap(owner: object, name: str, count: Callable[[], None]) -> None:
        original = getattr(owner, name)

        def counted(*arguments: object) -> object:
            count()
            return original(*arguments)

        setattr(owner, name, counted)


PIPE_WRITE = os.write


def tell(what: str, **facts: object) -> None:
    """A line for the test; not one of the deeds that are counted."""
    PIPE_WRITE(1, json.dumps({"what": what, **facts}).encode() + b"\n")


def live(config: Path, data: Path, life: dict[str, Any]) -> None:
    """One life of the box."""
    line, dice = Loopback(), random.Random(life["seed"])
    Reaper(life).watch()
    with open_box(config, data, line=line, voice=Mumble()) as box:
        box.staff.keeper.look_around().result()  # retention runs beside; rows and files are to be of one moment
        tell("booted", rows={record.id: record.to_json() for record in box.store.calls()}, files=files(data))
        phone = Phone(line, box.attendant)
        for _ in range(life["calls"]):
            call(box, phone, dice)
    tell("lived")


def files(data: Path) -> list[str]:
    return [str(path.relative_to(data)) for name in ("recordings", "messages") for path in (data / name).iterdir()]


def call(box: Box, phone: Phone, dice: random.Random) -> None:
    """A caller who opts out, hangs up, leaves a message or says nothing."""
    phone.rings()
    assert box.attendant.visit is not None
    call_id = box.attendant.visit.id
    with suppress(NotHeard):  # the box has hung up first
        behave(phone, dice, call_id)
    record = phone.waits_for_the_end()
    tell("filed", record=record.to_json())


def behave(phone: Phone, dice: random.Random, call_id: str) -> None:
    fate = dice.random()
    if fate < 0.2:
        phone.waits(dice.random())
        phone.hangs_up()
        return
    phone.hears("One.")
    phone.hears_out()
    if fate < 0.5:
        phone.presses("1")
        phone.hears("Gone for good.")
        tell("gone", id=call_id)
    elif fate < 0.8:
        phone.presses("2")
        phone.hears("Speak.")
        phone.waits(1 + dice.random())
        phone.hangs_up()


def main() -> None:
    """Live every life that is asked for."""
    config, data = map(Path, sys.argv[1:])
    setattr(FunctionHost, "warm", lambda _: None)  # noqa: B010 - the flow has no functions, so no child is needed
    for line in sys.stdin:
        child = os.fork()
        if not child:
            live(config, data, json.loads(line))
            os._exit(0)
        tell("died", status=os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main()
