"""What shows the box to the outside, for people and machines: its status socket, its lamp, events for others.

All of it hangs on the notice board and on snapshots; none of it can hold up a call.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from ivrbox.appliance.events_out import teller
from ivrbox.appliance.fault_log import FaultLog
from ivrbox.appliance.lamp import LampBlinker
from ivrbox.appliance.status import Sources, StatusBook, calls_of_today
from ivrbox.appliance.status_socket import serving, socket_path
from ivrbox.appliance.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivrbox.appliance.wiring import Box


@contextmanager
def shown_outside(box: Box, data: Path) -> Iterator[StatusBook]:
    """Show the box for as long as a block runs.

    Raises:
        LineError: the pin of the lamp cannot be had.
    """
    settings, staff = box.settings, box.staff
    with ExitStack() as stack:
        faults = FaultLog(staff.redactor)
        logger = logging.getLogger("ivrbox")
        logger.addHandler(faults)
        stack.callback(logger.removeHandler, faults)
        tally = Tally(staff.clock, today=calls_of_today(lambda: box.store, staff.clock))
        staff.board.read_by(tally.read)
        told = stack.enter_context(closing(teller(settings.events, settings.line.name, staff.clock)))
        staff.board.read_by(told.read)
        if settings.status.lamp_pin is not None:
            lamp = stack.enter_context(closing(LampBlinker.on_pin(settings.status.lamp_pin)))
            staff.board.read_by(lamp.read)
        sources = Sources(settings.line.name, settings.line.kind, tally, faults, box.shelving, told.counts)
        book = StatusBook(sources, staff.clock)
        stack.enter_context(serving(socket_path(data), book.status))
        yield book
