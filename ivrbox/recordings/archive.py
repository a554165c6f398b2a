"""The folder of kept recordings: each one age file, written once, promised by a row in the store.

    NAME.age.part ─ fsync ─ rename to NAME.age ─ fsync of the folder ─ row `kept` ─ spool wiped

A cut before the row leaves a file that nobody promised; the sweep at boot takes it away. Nothing half is completed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ivrbox.errors import IvrboxError, SealError, UnknownName
from ivrbox.recordings.retention import KeptFile, Limits, overdue
from ivrbox.recordings.seal import is_sealed, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from ivrbox.recordings.recorder import Recorder

_SEALED = ".age"
_PART = ".part"


class Archive:
    """Keeps, lists, exports and shreds recordings under one folder."""

    def __init__(self, folder: Path, recipients: Sequence[str]) -> None:
        """Use `folder`, made if need be (mode 0700), sealing to age X25519 recipients."""
        self.folder = folder
        self.recipients = tuple(recipients)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, recorder: Recorder, call_id: str, on_row: Callable[[], object]) -> bool:
        """Seal the recording of a call that has ended, then have `on_row` promise it; True when it is kept.

        `on_row` writes the conversation record with its recording `kept`, in one transaction. When sealing or
        that row fails, no file stays, the recorder is `lost`, and its `detail` says why.

        Raises:
            IllegalTransition: the recording is not open any more, or its call has not ended.
        """
        recorder.expect_seal()
        path = self.path(call_id)
        try:
            self._write(recorder, path)
            on_row()
        except (IvrboxError, OSError) as error:
            recorder.lose(str(error))
            self._clear_up(path)
            return False
        recorder.keep()
        return True

    def path(self, call_id: str) -> Path:
        """Where the recording of a call is kept.

        Raises:
            UnknownName: the id could not be the name of a file.
        """
        if not call_id or "/" in call_id or call_id.startswith("."):
            raise UnknownName(f"{call_id!r} is not a call id")
        return self.folder / f"{call_id}{_SEALED}"

    def files(self) -> list[KeptFile]:
        """All sealed files, oldest first."""
        kept: list[KeptFile] = []
        for path in self.folder.glob(f"*{_SEALED}"):
            with suppress(FileNotFoundError):  # shredded by another process meanwhile
                stat = path.stat()
                kept.append(KeptFile(path.name.removesuffix(_SEALED), stat.st_size, stat.st_mtime))
        return sorted(kept, key=lambda file: (file.sealed_at, file.call_id))

    def export(self, call_id: str, out: Path, identity: Path) -> None:
        """Open a recording with an identity file and write it as a WAV file of mode 0600.

        Raises:
            UnknownName: there is no such recording.
            SealError: the identity does not open it, or `out` cannot be written.
        """
        sealed, part = self._existing(call_id), out.with_name(out.name + _PART)
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise SealError(f"{part}: {error.strerror}") from error
        try:
            with os.fdopen(descriptor, "wb") as file:
                unseal(sealed, file, identity)
        except BaseException:
            part.unlink()
            raise
        part.replace(out)

    def shred(self, call_id: str) -> None:
        """Overwrite, unlink and sync a kept recording. Weaker than a discard: the medium may keep old blocks.

        Raises:
            UnknownName: there is no such recording.
            SealError: the medium refused.
        """
        path = self._existing(call_id)
        try:
            self._remove(path)
        except OSError as error:
            raise SealError(f"{path}: could not be shredded: {error.strerror}") from error

    def expect(self, call_id: str) -> None:
        """Make sure that a recording is there.

        Raises:
            UnknownName: there is no such recording.
        """
        self._existing(call_id)

    def retain(self, limits: Limits, now: float, on_shred: Callable[[str, str], object]) -> list[str]:
        """Shred what is overdue by `now` (seconds since 1970); returns the call ids.

        `on_shred(call_id, why)` writes that into the record first: a cut after it leaves a file that no row
        promises, and the sweep at boot takes it away.
        """
        gone = list(overdue(self.files(), limits, now))
        for file, why in gone:
            on_shred(file.call_id, f"shredded: {why}")
            self.shred(file.call_id)
        return [file.call_id for file, _ in gone]

    def refusal(self, reserve: int) -> str:
        """Why nothing can be recorded now: the medium has less room than `reserve` bytes, one full call; or ""."""
        try:
            medium = os.statvfs(self.folder)
        except OSError as error:
            return f"recording refused: {self.folder}: {error.strerror}"
        free = medium.f_bavail * medium.f_frsize
        if free >= reserve:
            return ""
        return f"recording refused: {free / 1e6:.0f} MB are free in {self.folder}, {reserve / 1e6:.0f} MB are reserved"

    def sweep(self, promised: Collection[str]) -> list[str]:
        """At boot: shred every file that no row promises; returns the promised ids that have no age file."""
        for path in filter(Path.is_file, self.folder.iterdir()):
            if path.suffix == _PART or path.name.removesuffix(_SEALED) not in promised:
                self._remove(path)
        return sorted(call_id for call_id in promised if not is_sealed(self.path(call_id)))

    def _existing(self, call_id: str) -> Path:
        path = self.path(call_id)
        if not path.exists():
            known = ", ".join(file.call_id for file in self.files()[-5:]) or "none"
            raise UnknownName(f"no recording of call {call_id!r} is kept; the newest are: {known}")
        return path

    def _write(self, recorder: Recorder, path: Path) -> None:
        part = path.with_name(path.name + _PART)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                seal(recorder.content(), recorder.samples, file, self.recipients)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except BaseException:
            self._clear_up(part)
            raise
        self._sync_folder()

    def _clear_up(self, path: Path) -> None:
        """Remove a file that nobody was promised; if the medium refuses, the sweep at boot will."""
        with suppress(OSError):
            self._remove(path)

    def _remove(self, path: Path) -> None:
        try:
            with path.open("r+b") as file:
                _overwrite(file.fileno())
        finally:
            path.unlink(missing_ok=True)
        self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _overwrite(descriptor: int) -> None:
    """Random bytes over the whole file, then nothing: all that a file system lets one ask for."""
    left = os.fstat(descriptor).st_size
    while left > 0:
        left -= os.write(descriptor, os.urandom(min(left, 1 << 20)))
    os.fsync(descriptor)
    os.ftruncate(descriptor, 0)
    os.fsync(descriptor)
