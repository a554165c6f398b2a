from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivrbox.errors import SealError, StoreError, UnknownName
from ivrbox.recordings import Archive, Limits, Recorder, RecordingState, Spool
from ivrbox.recordings.keys import make_identity

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Speak = Callable[[Recorder, NDArray[np.int16]], None]
    Noise = Callable[..., NDArray[np.int16]]


def row() -> None:
    """The record is written."""


@pytest.fixture
def ended(spool: Spool, speak: Speak, noise: Noise) -> Recorder:
    """A call of two seconds that has ended and may be kept."""
    recorder = Recorder(spool)
    speak(recorder, noise(100))
    recorder.end()
    return recorder


def test_the_public_age_tool_opens_what_was_sealed(
    archive: Archive, identity: Path, ended: Recorder, noise: Noise
) -> None:
    age = shutil.which("age")
    if age is None:
        if os.environ.get("CI"):
            pytest.fail("the package age is missing")
        pytest.skip("the package age is not installed")
    archive.keep(ended, "a", row)
    command = [age, "--decrypt", "--identity", str(identity), str(archive.path("a"))]
    opened = subprocess.run(command, capture_output=True, check=True).stdout
    assert opened[:4] + opened[8:16] == b"RIFFWAVEfmt "
    assert opened[44:] == noise(100).tobytes()


def test_the_file_is_durable_before_its_row_and_the_row_before_the_wipe(
    archive: Archive, ended: Recorder, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync = os.fsync

    def synced(file: int) -> None:
        steps.append(f"fsync {Path(f'/proc/self/fd/{file}').readlink().name}")
        fsync(file)

    def promised() -> None:
        steps.append(f"row, file there: {archive.path('a').exists()}, still open: {bool(spool._vault.bytes.any())}")

    monkeypatch.setattr(os, "fsync", synced)
    assert archive.keep(ended, "a", promised)
    assert steps == ["fsync a.age.part", "fsync recordings", "row, file there: True, still open: True"]
    assert not spool._vault.bytes.any()


def test_files_are_for_the_owner_only(archive: Archive, ended: Recorder) -> None:
    archive.keep(ended, "a", row)
    assert archive.path("a").stat().st_mode & 0o777 == 0o600
    assert archive.folder.stat().st_mode & 0o777 == 0o700


def test_a_row_that_cannot_be_written_leaves_no_file(archive: Archive, ended: Recorder) -> None:
    def fails() -> None:
        raise StoreError("the database is read-only")

    assert not archive.keep(ended, "a", fails)
    assert (ended.state, ended.detail) == (RecordingState.LOST, "the database is read-only")
    assert list(archive.folder.iterdir()) == []


def test_a_full_disk_loses_the_recording_and_says_so(
    archive: Archive, ended: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert not archive.keep(ended, "a", row)
    assert ended.state is RecordingState.LOST
    assert "No space left on device" in ended.detail
    assert list(archive.folder.iterdir()) == []


def test_a_medium_that_refuses_to_shred_is_named(
    archive: Archive, ended: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_file: int, _data: bytes) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    archive.keep(ended, "a", row)
    monkeypatch.setattr(os, "write", broken)
    with pytest.raises(SealError, match=r"a\.age: could not be shredded: Input/output error"):
        archive.shred("a")
    assert not archive.path("a").exists(), "its name goes all the same"


def test_recipients_that_are_none_are_refused_before_anything_is_written(tmp_path: Path, ended: Recorder) -> None:
    archive = Archive(tmp_path / "recordings", ["age1nonsense"])
    assert not archive.keep(ended, "a", row)
    assert "must be an age X25519 recipient" in ended.detail
    assert list(archive.folder.iterdir()) == []


def test_nothing_half_is_completed_at_boot(archive: Archive, ended: Recorder) -> None:
    archive.keep(ended, "kept", row)
    (archive.folder / "half.age.part").write_bytes(b"half")
    (archive.folder / "nobody.age").write_bytes(b"age-encryption.org/v1\n")
    (archive.folder / "torn.age").write_bytes(b"\0" * 100)
    (archive.folder / "lost+found").mkdir()
    assert archive.sweep({"kept", "missing", "torn"}) == ["missing", "torn"]
    assert sorted(path.name for path in archive.folder.iterdir()) == ["kept.age", "lost+found", "torn.age"]


def test_the_list_is_oldest_first(archive: Archive) -> None:
    for name, time in (("b", 300), ("a", 200), ("c", 100)):
        archive.path(name).write_bytes(b"x" * time)
        os.utime(archive.path(name), (time, time))
    assert [(file.call_id, file.bytes, file.sealed_at) for file in archive.files()] == [
        ("c", 100, 100),
        ("a", 200, 200),
        ("b", 300, 300),
    ]


def test_a_file_that_goes_while_the_list_is_made_is_not_in_it(archive: Archive) -> None:
    archive.path("a").write_bytes(b"x")
    archive.path("gone").symlink_to(archive.folder / "nowhere")
    assert [file.call_id for file in archive.files()] == ["a"]


def test_shredding_overwrites_before_it_removes(archive: Archive, ended: Recorder, tmp_path: Path) -> None:
    archive.keep(ended, "a", row)
    before = archive.path("a").read_bytes()
    other_name = tmp_path / "hard link"
    other_name.hardlink_to(archive.path("a"))
    archive.shred("a")
    assert not archive.path("a").exists()
    assert other_name.read_bytes() == b""
    assert before


def test_a_missing_recording_is_named_with_those_that_are_there(
    archive: Archive, identity: Path, ended: Recorder, tmp_path: Path
) -> None:
    with pytest.raises(UnknownName, match="no recording of call 'b' is kept; the newest are: none"):
        archive.shred("b")
    archive.keep(ended, "a", row)
    with pytest.raises(UnknownName, match="the newest are: a"):
        archive.export("b", tmp_path / "b.wav", identity)
    with pytest.raises(UnknownName):
        archive.expect("b")
    archive.expect("a")


@pytest.mark.parametrize("name", ["", ".hidden", "../calls", "a/b"])
def test_an_id_that_would_leave_the_folder_is_refused(archive: Archive, name: str) -> None:
    with pytest.raises(UnknownName, match="is not a call id"):
        archive.path(name)


def test_an_export_with_the_wrong_identity_leaves_nothing(
    archive: Archive, identity: Path, ended: Recorder, tmp_path: Path
) -> None:
    archive.keep(ended, "a", row)
    stranger = tmp_path / "stranger.txt"
    make_identity(stranger)
    with pytest.raises(SealError, match=r"a\.age: "):
        archive.export("a", tmp_path / "out.wav", stranger)
    assert {path.name for path in tmp_path.iterdir()} == {"keys", "recordings", "stranger.txt"}
    with pytest.raises(SealError, match="No such file"):
        archive.export("a", tmp_path / "no" / "out.wav", identity)


def test_an_export_is_for_its_owner_only(archive: Archive, identity: Path, ended: Recorder, tmp_path: Path) -> None:
    archive.keep(ended, "a", row)
    archive.export("a", tmp_path / "out.wav", identity)
    assert (tmp_path / "out.wav").stat().st_mode & 0o777 == 0o600


def test_retention_writes_the_reason_before_it_shreds(archive: Archive) -> None:
    for age in range(5):
        archive.path(f"call{age}").write_bytes(b"x" * 1000)
        os.utime(archive.path(f"call{age}"), (1e6 - age, 1e6 - age))
    told: list[tuple[str, str, bool]] = []
    limits = Limits(count=3)

    def note(call_id: str, why: str) -> None:
        told.append((call_id, why, archive.path(call_id).exists()))

    assert archive.retain(limits, 1e6, note) == ["call4", "call3"]
    assert told == [(name, "shredded: more than 3 were kept", True) for name in ("call4", "call3")]
    assert [file.call_id for file in archive.files()] == ["call2", "call1", "call0"]


def test_a_medium_without_room_for_a_full_call_refuses_with_the_reason(archive: Archive) -> None:
    assert archive.refusal(1 << 20) == ""
    refusal = archive.refusal(1 << 60)
    assert refusal.startswith("recording refused: ")
    assert "MB are reserved" in refusal
    archive.folder.rmdir()
    assert archive.refusal(1).endswith("No such file or directory")
