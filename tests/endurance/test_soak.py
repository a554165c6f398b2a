"""Callers who do as they please leave nothing behind but their records; `./box bench soak` has a thousand of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import soak

if TYPE_CHECKING:
    from pathlib import Path

CALLS = 12


def test_calls_leave_nothing_behind_but_their_records(tmp_path: Path) -> None:
    seen = soak.soak(CALLS, tmp_path, looks=6)
    assert seen.growths() == []
    assert len(seen.looks) == 6
    assert set(seen.ended) == {"hangup", "completed"}
    assert {"kept", "discarded"} <= set(seen.recordings)
    assert set(seen.recordings) <= {"kept", "discarded", "off"}
