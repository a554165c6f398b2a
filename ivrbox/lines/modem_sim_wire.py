"""A simulated modem as the wire of a modem line, in simulated time: a minute of call takes as long as its arithmetic.

In `with SimulatedLine("usr5637") as line: ...`, `line.far` is the person at the other end.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.lines.modem import Modem
from ivrbox.lines.modem_profile import read_profile
from ivrbox.lines.modem_sim import SimModem
from ivrbox.lines.modem_sim_spec import behaviour_of
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivrbox.lines.far_end import FarEnd

WRITE_LIMIT_S = 2.0


class SimWire:
    """A wire whose clock is the modem's: waiting moves it on."""

    realtime = False

    def __init__(self, modem: SimModem, seed: int = 0) -> None:
        """Open the port; what the modem sends comes in pieces of odd lengths, chosen by `seed`.

        Raises:
            OSError: the modem is unplugged.
        """
        self._modem = modem
        self._random = np.random.default_rng(seed)
        self._is_open = True
        self._check()

    def now(self) -> float:
        """Seconds that the modem has lived."""
        return self._modem.clock / SAMPLE_RATE

    def read(self, limit_s: float) -> bytes:
        """The next piece; time passes until there is one."""
        deadline = self._modem.clock + math.ceil(limit_s * SAMPLE_RATE)  # never none: a wait must move the clock
        while not self._modem.pending:
            self._check()
            if self._modem.clock >= deadline:
                return b""
            self._modem.advance_to(min(deadline, self._modem.next_due))
        self._check()
        return self._modem.take(int(self._random.integers(1, 200)))

    def write(self, data: bytes) -> None:
        """Send; time passes while the modem's buffer is full."""
        deadline = self._modem.clock + round(WRITE_LIMIT_S * SAMPLE_RATE)
        while data:
            self._check()
            if self._modem.clock > deadline:
                raise OSError(f"the modem took nothing for {WRITE_LIMIT_S:g} s")
            data = data[self._modem.receive(data) :]
            if data:
                self._modem.advance_to(self._modem.next_due)

    def take_lost(self) -> int:
        """Nothing is ever lost here."""
        return 0

    def close(self) -> None:
        """Release the port: the modem hangs up."""
        if self._is_open:
            self._is_open = False
            self._modem.port_closed()

    def _check(self) -> None:
        if self._modem.far.wire_is_cut:
            self._modem.power_up()
            raise OSError("the wire is cut")


class SimulatedLine(Modem):
    """The modem line on a simulated modem in this process."""

    def __init__(
        self,
        profile: str = "usr5637",
        *,
        name: str = "modem",
        profiles: str | None = None,
        seed: int = 0,
        habits: Mapping[str, object] | None = None,
    ) -> None:
        """`habits` change the behaviour that the profile describes; see `Behaviour`."""
        spec = read_profile(profile, profiles)
        self.modem = SimModem(behaviour_of(spec, profile, **(habits or {})))
        super().__init__(
            "simulated", name=name, profile=profile, profiles=profiles, open_wire=lambda: SimWire(self.modem, seed)
        )

    @property
    def far(self) -> FarEnd:
        """The person at the other end."""
        return self.modem.far
