"""`ivrbox tidy` as a timer of systemd runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from ivrbox.cdr import CallRecord, Store
from ivrbox.cli.app import ivrbox
from ivrbox.recordings import Archive, Recorder, Spool, key_ring

if TYPE_CHECKING:
    from pathlib import Path

OLDER, NEWER = "20260301T120000Z-aaaa", "20260301T130000Z-bbbb"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A box that keeps one recording at most."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/ivrbox.toml").write_text('[call]\nentry = "main"\n[retention]\ncount = 1\n')
    return tmp_path


def keep(box: Path, call_id: str) -> None:
    data = box / "data"
    archive, store = Archive(data / "recordings", key_ring(data / "keys").recipients), Store(data / "calls.db")
    record = CallRecord(
        id=call_id,
        line="line",
        caller=None,
        started="2026-03-01T12:00:00+00:00",
        duration_s=1.0,
        ended="caller_hung_up",
        turns=(),
        path=(),
        recording="kept",
    )
    recorder, frame = Recorder(Spool(2)), np.full(160, 5, np.int16)
    recorder.push(frame, frame)
    recorder.end()
    assert archive.keep(recorder, call_id, lambda: store.finish(record))
    store.close()


def tidied(box: Path) -> str:
    done = CliRunner().invoke(ivrbox, ["--config", str(box / "config"), "--data", str(box / "data"), "tidy"])
    assert done.exit_code == 0
    return done.output


def test_what_is_over_is_shredded_and_its_record_says_so(box: Path) -> None:
    keep(box, OLDER)
    keep(box, NEWER)
    assert OLDER in tidied(box)
    assert [file.call_id for file in Archive(box / "data/recordings", ()).files()] == [NEWER]
    store = Store(box / "data/calls.db")
    assert [store.call(call_id).recording for call_id in (OLDER, NEWER)] == ["discarded", "kept"]
    store.close()
    assert tidied(box) == "Nothing is overdue.\n"


def test_box_that_has_kept_nothing_is_left_as_it_is(box: Path) -> None:
    assert "Nothing was ever kept" in tidied(box)
    assert not (box / "data").exists()
