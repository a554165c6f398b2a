"""Runs of a voice modem program that nobody here wrote, Debian's mgetty-voice, against the simulated modem.

The program spends five seconds of its own on finding out which modem it has. So all its runs begin together, with the
first test of this folder, each on a modem of its own, whose time runs four times faster than the wall's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.dsp import tones
from ivrbox.lines.far_end import FarState
from ivrbox.lines.modem_formats import Coding, encode
from ivrbox.lines.modem_profile import read_profile
from ivrbox.lines.modem_sim import SimModem
from ivrbox.lines.modem_sim_pty import PtyModem
from ivrbox.lines.modem_sim_spec import behaviour_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

SPEED = 4.0
LIMIT_S = 30
VGETTY = "/usr/sbin/vgetty"
HEADER = bytes.fromhex("524d443156323533 6d6f64656d000000 0000000000001f40 0800000000000000")
"""Of an .rmd file: RMD1, the driver `V253modem`, 8000 Hz, 8 bits; samples as the modem has them follow."""

SPEECH = tones.keys("159", ms=120, gap_ms=80, row_dbm0=-8)


class Session:
    """One run of a program on a simulated modem: what it printed, and what the modem and its far end saw."""

    def __init__(self, number: int) -> None:
        self.modem = SimModem(behaviour_of(read_profile("generic"), "generic"))
        self.port = f"ttyIvr{os.getpid()}x{number}"
        self.printed = ""
        self.file = Path("/dev/null")

    def called_in_that_moment(self, samples: np.ndarray) -> None:
        """Somebody calls just as the program goes off-hook (glare): it finds a caller there, who says this."""
        off_hook, far = self.modem.exchange.off_hook, self.modem.far

        def meet() -> None:
            if far.state is FarState.AWAY:
                far.rings()
                far.speaks(samples)
            off_hook()

        self.modem.exchange.off_hook = meet  # type: ignore[method-assign]

    def run(self, *command: str, meanwhile: Callable[[], None] = lambda: None) -> Session:
        """Run the program to its end; `meanwhile` is called all the time."""
        link = Path("/dev") / self.port
        with PtyModem(self.modem, link, speed=SPEED) as port:
            program = subprocess.Popen([*command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            limit = self.modem.clock + LIMIT_S * SPEED * 8000
            while program.poll() is None and self.modem.clock < limit:
                meanwhile()
                port.step()
            program.kill()
            self.printed = program.communicate()[0]
        for lock in (Path("/var/lock"), Path("/run/lock")):
            (lock / f"LCK..{self.port}").unlink(missing_ok=True)
        return self


def _diagnostics() -> Session:
    session = Session(0)
    return session.run("vm", "diagnostics", session.port)


def _record(file: Path) -> Session:
    session = Session(1)
    session.file = file
    session.called_in_that_moment(np.tile(SPEECH, 10))
    return session.run("vm", "record", "-t", "-L", "1", "-l", session.port, str(file))


def _digits() -> Session:
    session = Session(2)
    pause = np.zeros(8000, dtype=np.int16)
    session.called_in_that_moment(np.concatenate([pause, tones.keys("2580#", ms=150, gap_ms=150, row_dbm0=-12)]))
    return session.run("vm", "record", "-R", "-t", "-L", "3", "-l", session.port, "/dev/null")


def _play(file: Path) -> Session:
    session = Session(3)
    file.write_bytes(HEADER + encode(np.tile(SPEECH, 3), Coding.UNSIGNED8))
    session.called_in_that_moment(np.zeros(0, dtype=np.int16))
    return session.run("vm", "play", "-t", "-l", session.port, str(file))


def _beep() -> Session:
    session = Session(4)
    return session.run("vm", "beep", "-t", "-l", session.port, "1000", "500")


def _answer() -> Session:
    """A caller rings once vgetty waits, speaks after the beep, and hangs up."""
    session = Session(5)
    far = session.modem.far
    words = [tones.sines([(300, -10)], 4000)] * 4  # no keys: they would end the message

    def caller_does() -> None:
        is_set_up = session.modem._commands._registers["+VDR"] == "1,15"
        if far.state is FarState.AWAY and is_set_up and session.modem.clock - session.modem.last_input > 5 * 8000:
            far.rings("5550199", "Ada")
        elif far.state is FarState.TALKING and session.modem._stream == "record" and not far.pending:
            if words:
                far.speaks(words.pop())
            else:
                far.hangs_up()

    return session.run(VGETTY, "-n", "2", session.port, meanwhile=caller_does)


@pytest.fixture(scope="session", autouse=True)
def _begun(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Session]]]:
    """All runs, begun at once; none, where no test of this session looks at them or they cannot be had."""
    wanted = any("voice_programs" in getattr(item, "fixturenames", ()) for item in request.session.items)
    if not wanted or _what_is_missing():
        yield {}
        return
    folder = tmp_path_factory.mktemp("voice")
    with ThreadPoolExecutor(6) as pool:
        yield {
            "diagnostics": pool.submit(_diagnostics),
            "record": pool.submit(_record, folder / "heard.rmd"),
            "digits": pool.submit(_digits),
            "play": pool.submit(_play, folder / "said.rmd"),
            "beep": pool.submit(_beep),
            "answer": pool.submit(_answer),
        }


@pytest.fixture
def voice_programs(_begun: dict[str, Future[Session]]) -> dict[str, Future[Session]]:
    """What became of each run, by its name; fails in CI, and is skipped elsewhere, where the program cannot be had."""
    missing = _what_is_missing()
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    return _begun


def _what_is_missing() -> str:
    if os.geteuid() != 0:
        return "needs root: the program wants its port under /dev"
    if not shutil.which("vm") or not Path(VGETTY).exists():
        return "needs Debian's mgetty-voice"
    return ""
