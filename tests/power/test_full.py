"""A disk that is full costs recordings, with the reason, and nothing else."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.cdr import CallRecord, Store
from ivrbox.errors import StoreError
from ivrbox.recordings import Archive, Recorder, RecordingState, Spool, key_ring

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

NOISE = np.random.default_rng(1).integers(-30000, 30000, 160, np.int16)


def fill(path: Path) -> None:
    """Take all the room there is."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def call(spool: Spool) -> Recorder:
    recorder = Recorder(spool)
    for _ in range(100):
        recorder.push(NOISE, NOISE)
    recorder.end()
    return recorder


def record(call_id: str, recording: str, why: str | None = None) -> CallRecord:
    return CallRecord(call_id, "desk", None, "2026-03-01T12:00:00+00:00", 2, "hung_up", (), (), recording, why)


def write_until_full(store: Store, why: str) -> None:
    for number in range(100):
        store.finish(record(f"call{number}", "lost", why))


def test_a_full_disk_costs_recordings_with_the_reason_and_nothing_else(
    formatted: Callable[..., AbstractContextManager[tuple[Path, Path]]], images: Path
) -> None:
    spool, recipients = Spool(10), key_ring(images / "keys").recipients
    with formatted("ext4", 8) as (data, _), closing(Store(data / "calls.db")) as store:
        archive = Archive(data / "recordings", recipients)
        assert archive.refusal(1 << 20) == ""
        fill(data / "ballast")
        assert archive.refusal(1 << 20).startswith("recording refused: 0 MB are free")
        recorder = call(spool)
        assert not archive.keep(recorder, "a", lambda: None)
        assert recorder.state is RecordingState.LOST
        assert "No space left on device" in recorder.detail
        assert list(archive.folder.iterdir()) == []
        recorder.release()
        with pytest.raises(StoreError, match="full"):
            write_until_full(store, recorder.detail)
        (data / "ballast").unlink()
        recorder = call(spool)
        assert archive.keep(recorder, "b", lambda: store.finish(record("b", "kept")))
        assert store.call("b").recording == "kept"
        recorder.release()
