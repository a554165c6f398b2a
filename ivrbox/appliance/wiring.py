"""Start and stop in one readable place: the box is built top to bottom here, and taken down bottom to top."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivrbox.appliance.attendant import Attendant
from ivrbox.appliance.board import Board
from ivrbox.appliance.clock import wall_clock
from ivrbox.appliance.functions import FunctionHost
from ivrbox.appliance.keeper import Keeper
from ivrbox.appliance.office import Office, Staff
from ivrbox.appliance.repertoire import Repertoire
from ivrbox.appliance.settings import read_settings
from ivrbox.appliance.shelving import open_shelving, spool_seconds
from ivrbox.appliance.spools import SpoolRack
from ivrbox.appliance.worker import Worker
from ivrbox.cdr import Redactor, hash_caller
from ivrbox.errors import StoreError
from ivrbox.lines.catalog import open_line
from ivrbox.prompts import Shelves, best_voice
from ivrbox.recordings import key_ring
from ivrbox.recordings.keys import write_new

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivrbox.appliance.clock import Clock
    from ivrbox.appliance.settings import Settings
    from ivrbox.appliance.shelving import Shelving
    from ivrbox.cdr import Store
    from ivrbox.errors import Fault
    from ivrbox.lines.line import Line
    from ivrbox.prompts import Voice
    from ivrbox.recordings import Archive


@dataclass(frozen=True)
class Premises:
    """A box without a line: everything that calls share."""

    settings: Settings
    repertoire: Repertoire
    shelving: Shelving
    staff: Staff
    hint: str

    @property
    def store(self) -> Store:
        """The conversation records.

        Raises:
            StoreError: they could not be opened so far; the box answers calls all the same.
        """
        return self.shelving.ledger.store

    @property
    def archive(self) -> Archive:
        """The recordings that are kept."""
        return self.shelving.archive

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is not quite right with the configuration."""
        return self.repertoire.warnings

    @property
    def redactor(self) -> Redactor:
        """What knows the secrets of the call in progress."""
        return self.staff.redactor


@dataclass(frozen=True)
class Box(Premises):
    """A box that is ready to answer."""

    attendant: Attendant


@contextmanager
def open_box(  # noqa: PLR0913 - keywords only: what a rehearsal puts in place of the real thing
    config: Path,
    data: Path,
    *,
    line: Line | None = None,
    flow: str | None = None,
    voice: Voice | None = None,
    clock: Clock = wall_clock,
) -> Iterator[Box]:
    """Build the box on its premises, and open its line.

    `line` stands in for the one that the settings name, `flow` for the flow that calls enter, `voice` for the best
    that is installed.

    Raises:
        ConfigError: something in the configuration is at fault; everything that is, is listed.
        LineError: the line cannot be opened.
        StoreError: the data folder cannot be used, or another ivrbox is using it.
    """
    with open_premises(config, data, flow=flow, voice=voice, clock=clock) as premises, ExitStack() as stack:
        settings = premises.settings
        wire = stack.enter_context(line or open_line(settings.line.kind, _line_options(settings)))
        attendant = Attendant(wire, Office(premises.staff), rings=settings.line.rings)
        stack.callback(attendant.leave, "box_stopped")
        yield Box(**vars(premises), attendant=attendant)


@contextmanager
def open_premises(  # noqa: PLR0913 - keywords only, as above
    config: Path,
    data: Path,
    *,
    flow: str | None = None,
    voice: Voice | None = None,
    clock: Clock = wall_clock,
    prompts: Path | None = None,
) -> Iterator[Premises]:
    """Build everything but the line: settings, records, prompts, flows, functions. Errors as `open_box`.

    `prompts` is where spoken prompts are kept, by default in the data folder.
    """
    settings = read_settings(config)
    with ExitStack() as stack:
        stack.enter_context(_sole_use(data))
        keys = key_ring(data / "keys", settings.recording.recipients, local_playback=settings.recording.local_playback)
        shelving = stack.enter_context(open_shelving(data, settings, keys.recipients))
        shelf = Shelves(
            prompts or data / "prompts",
            config / "prompts",
            voice or best_voice(settings.prompts.voice),
            settings.prompts.voices,
        )
        repertoire = Repertoire(config, settings, shelf, flow)
        host = stack.enter_context(closing(FunctionHost(settings.call.function_limit_s)))
        host.warm()
        speaker = stack.enter_context(closing(Worker("speaker")))
        reader = stack.enter_context(closing(Worker("reader")))
        clerk = stack.enter_context(closing(Worker("clerk")))
        sealer = stack.enter_context(closing(Worker("sealer")))
        board = Board()
        keeper = Keeper(shelving, clerk, sealer, spools=_spools(data, settings), board=board)
        keeper.look_around()
        staff = Staff(
            repertoire=repertoire,
            shelf=shelf,
            host=host,
            speaker=speaker,
            reader=reader,
            keeper=keeper,
            board=board,
            redactor=Redactor(),
            clock=clock,
            shown_caller=_shown_caller(data, settings),
        )
        yield Premises(settings, repertoire, shelving, staff, keys.hint)


def _spools(data: Path, settings: Settings) -> SpoolRack | None:
    if not settings.recording.enabled:
        return None
    overflow = data / "overflow" if settings.recording.when_full == "overflow" else None
    is_tone = settings.recording.masked_as == "tone"
    return SpoolRack(spool_seconds(settings), overflow=overflow, masked_as_tone=is_tone)


def _line_options(settings: Settings) -> dict[str, object]:
    return {"name": settings.line.name, **settings.line.options}


@contextmanager
def _sole_use(data: Path) -> Iterator[None]:
    """One box to a data folder: what a second one would tidy up at its start may be the first one's call."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _lock_file(data / "lock")
    except OSError as error:
        raise StoreError(f"{data}: {error.strerror}; name another folder with --data") from error
    with closing(os.fdopen(lock)):
        _take(lock, data)
        yield


def _lock_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as refused:
        try:  # on a medium that turned read-only, calls are still answered
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            raise refused from None


def _take(lock: int, data: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StoreError(f"{data}: another ivrbox is using it; name another folder with --data") from None


def _shown_caller(data: Path, settings: Settings) -> Callable[[str], str]:
    if not settings.records.hash_caller:
        return str
    key = _caller_key(data / "keys" / "caller.key")
    return lambda number: hash_caller(number, key)


def _caller_key(path: Path) -> bytes:
    if not path.exists():
        write_new(path, os.urandom(32), mode=0o600)
    return path.read_bytes()
