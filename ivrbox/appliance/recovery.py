"""What a box does before anything else: whatever its last run had begun is finished or undone, and nothing comes back.

    a file that no row promises: opted out of, overdue, or half written    shredded
    a row that promises a file which is missing, or is not an age file     damaged
    a recording that was open                                              lost
    a call that has no end                                                 closed as `power_cut`

Discards go first, so that a box which is cut again and again at this point still keeps its callers' wishes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ivrbox.cdr import Store
    from ivrbox.recordings import Archive

log = logging.getLogger(__name__)

POWER_CUT = "power_cut"
WHY = "the box went down before the call had ended"


def recover(store: Store, archive: Archive, messages: Archive) -> None:
    """Bring rows and files into agreement; a medium that refuses is told, and is asked again at the next start.

    Raises:
        StoreError: the store cannot be read or written.
    """
    for call_id in _sweep(archive, store.promised()):
        log.error("call %s: its recording should be kept, but its file is missing", call_id)
        store.set_recording(call_id, "damaged", "its file is missing")
    for name in _sweep(messages, store.promised_messages()):
        log.error("message %s should be kept, but its file is missing", name)
        store.set_message(name, "damaged")
    for call_id in store.lose_open(WHY):
        log.warning("call %s: its recording was open when the box went down, and is lost", call_id)
    for call_id in store.close_unended(POWER_CUT, WHY):
        log.warning("call %s: %s; its record is closed", call_id, WHY)


def _sweep(archive: Archive, promised: Collection[str]) -> list[str]:
    sweep: Callable[[Collection[str]], list[str]] = archive.sweep
    try:
        return sweep(promised)
    except OSError as error:
        log.error("%s: what should be gone could not be taken away: %s", archive.folder, error)  # noqa: TRY400 - the medium's own words are enough
        return []
