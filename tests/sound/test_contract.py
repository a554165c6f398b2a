"""The contract of `ivrbox.lines.line` over a sound server in real time: PyAudio, PortAudio, ALSA, PulseAudio."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from line_contract import *  # noqa: F403 - the tests; the fixture `rig` is what they take
from line_contract import Rig
from pulse_rig import BOX
from sound_bench import BUFFERED_FRAMES, NUMBER, ExchangeLine

from ivrbox.lines.sound_card import CardSpec, SoundCard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pulse_rig import PulseRig

PLAY = ("paplay", "--raw", "--rate=8000", "--channels=1", "--format=s16le", "--device=line_in")


class ServerWire:
    """The far side of the box's device on the server: what is said is played into it; unplugged, the server is gone."""

    def __init__(self, server: PulseRig, folder: Path) -> None:
        self._server = server
        self._sound = folder / "says.raw"
        self._playing: list[subprocess.Popen[bytes]] = []

    def says(self, samples: NDArray[np.int16]) -> None:
        self._sound.write_bytes(samples.tobytes())
        self._playing.append(subprocess.Popen([*PLAY, str(self._sound)]))

    def unplug(self) -> None:
        self._server.dies()

    def plug(self) -> None:
        self._server.revives()

    def close(self) -> None:
        for player in self._playing:
            player.kill()
            player.wait()
        self._server.revives()


@pytest.fixture
def rig(lasting_pulse: PulseRig, tmp_path: Path) -> Iterator[Rig]:
    """A sound card that is a device of the server, and its pins."""
    wire = ServerWire(lasting_pulse, tmp_path)
    line = ExchangeLine(wire, SoundCard(CardSpec(BOX, BOX)))
    hands = (line.rings, line.hangs_up, line.cuts_wire, line.mends_wire)
    yield Rig(line, *hands, NUMBER, "the card is gone", BUFFERED_FRAMES, "no such device")
    line.close()
    wire.close()
