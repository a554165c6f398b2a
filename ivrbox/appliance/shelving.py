"""Where the box keeps things, opened: rows, recordings, messages, and what governs them."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivrbox.appliance.governor import Governor
from ivrbox.appliance.ledger import Ledger
from ivrbox.appliance.recovery import recover
from ivrbox.appliance.retention import MEGABYTE
from ivrbox.cdr import Store
from ivrbox.errors import StoreError
from ivrbox.recordings import Archive
from ivrbox.recordings.spool import SAMPLE_BYTES
from ivrbox.units import seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ivrbox.appliance.settings import RetentionSpec, Settings


@dataclass(frozen=True)
class Shelving:
    """Where things are kept, and by which rules."""

    ledger: Ledger
    archive: Archive
    messages: Archive
    governor: Governor
    retention: RetentionSpec


@contextmanager
def open_shelving(data: Path, settings: Settings, recipients: Sequence[str]) -> Iterator[Shelving]:
    """Open all that is kept in the folder `data`, in agreement with itself. A store that cannot be opened may follow.

    Raises:
        StoreError: the folder cannot be used at all.
    """
    archive, messages = (_archive(data / name, recipients) for name in ("recordings", "messages"))

    def store_in_order() -> Store:
        store = Store(data / "calls.db")
        try:
            recover(store, archive, messages)
        except StoreError:
            store.close()
            raise
        return store

    with closing(Ledger(store_in_order)) as ledger:
        governor = Governor(archive, messages, ledger, reserve_of(settings))
        governor.look()
        yield Shelving(ledger, archive, messages, governor, settings.retention)


def spool_seconds(settings: Settings) -> float:
    """The longest recording."""
    return settings.recording.max_minutes * 60.0


def reserve_of(settings: Settings) -> int:
    """Bytes of the medium that must be free before a call is recorded: all it may take, and the owner's reserve."""
    longest = seconds_to_samples(spool_seconds(settings)) * SAMPLE_BYTES
    return longest + round(settings.retention.reserve_megabytes * MEGABYTE)


def _archive(folder: Path, recipients: Sequence[str]) -> Archive:
    try:
        return Archive(folder, recipients)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}; name another folder with --data") from error
