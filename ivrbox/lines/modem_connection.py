"""The way to the chip: its port opened, the modem asked and set up, and freed when it is stuck."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from ivrbox.errors import LineError
from ivrbox.lines.modem_dialogue import Dialogue, Refused
from ivrbox.lines.modem_ladder import answers, climb
from ivrbox.lines.modem_setup import set_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.lines.modem_profile import ProfileSpec
    from ivrbox.lines.modem_setup import Setup
    from ivrbox.lines.modem_wire import Wire

log = logging.getLogger(__name__)


class Connection:
    """A modem that can be talked to: `dialogue` is how, `setup` is what was agreed on with it."""

    def __init__(self, name: str, profile: ProfileSpec, open_wire: Callable[[], Wire]) -> None:
        """Open the port, free the modem if somebody left it stuck, and make it ready to wait for calls.

        Raises:
            OSError: the port cannot be opened, or the modem is of no use; nothing is left open.
        """
        self._name = name
        self._profile = profile
        self._open_wire = open_wire
        self.dialogue = self._talk()
        try:
            self.setup: Setup = self._made_ready(is_well=answers(self.dialogue))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Release the port; idempotent."""
        with suppress(OSError):  # the device may have gone before
            self.dialogue.wire.close()

    def put_down(self) -> None:
        """Go on-hook; one of the commands for it is enough.

        Raises:
            Refused: all of them were.
            Unanswered: the modem is stuck.
            OSError: the port has gone.
        """
        refusals = []
        for command in self._profile.hook.hang_up:
            try:
                self.dialogue.ask(command)
            except Refused as error:
                refusals.append(error)
        if len(refusals) == len(self._profile.hook.hang_up):
            raise refusals[-1]
        with suppress(Refused):  # ATH leaves voice class on some chips alone; `set_up` says why to wait in data class
            self.dialogue.ask("AT+FCLASS=0")

    def mend(self) -> None:
        """Up the ladder, on-hook, and ready for the next call; raises OSError where the modem is beyond help."""
        self.setup = self._made_ready(is_well=False)

    def _made_ready(self, *, is_well: bool) -> Setup:
        if not is_well:
            self._free()
        return set_up(self._name, self.dialogue, self._profile)

    def _free(self) -> None:
        freed = climb(self._name, self.dialogue, self._profile.stop, self._talk_anew)
        if freed is None:
            raise LineError("the modem does not answer AT with OK, whatever is tried")
        self.put_down()

    def _talk(self) -> Dialogue:
        return Dialogue(self._open_wire(), self._profile.start.gap_ms / 1000)

    def _talk_anew(self) -> Dialogue:
        self.close()
        self.dialogue = self._talk()
        return self.dialogue
