"""A box that is killed at any moment, again and again, keeps every promise it had made, and brings nothing back."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import wave
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ivrbox.recordings import Archive
from tests.conftest import write_config

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
PROGRAM = Path(__file__).parent / "doomed_box.py"

KILLS = int(os.environ.get("IVRBOX_KILLS", "200" if os.environ.get("CI") else "12"))
"""Two hundred in CI and by hand (`IVRBOX_KILLS=200 pytest tests/endurance/test_kills.py`)."""

CALLS = 20
FLOW = """
    [steps.ask]
    prompt = "One."
    dtmf = { digits = 1, first_digit_timeout = 1 }
    on.1 = { discard_recording = true, say = "Gone for good.", hangup = true }
    on.2 = "message"
    on.no_input = { hangup = true }

    [steps.message]
    prompt = "Speak."
    record_message.max_length = 60
    then = { hangup = true }
    on_fail = { hangup = true }
"""
SETTINGS = """
    [call]
    entry = "main"
    [line]
    rings = 1
    [recording]
    max_minutes = 1
    [retention]
    count = 12
    reserve_megabytes = 1
"""


DIED = '{"what": "died"'


class DoomedBox:
    """Lives of a box on one data folder, and what it has promised in them."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.filed: dict[str, dict[str, Any]] = {}
        self.gone: set[str] = set()
        self.rows: dict[str, dict[str, Any]] = {}
        config = write_config(folder / "config", {"main.toml": FLOW, "ivrbox.toml": SETTINGS})
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(config), str(self.data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )

    def close(self) -> None:
        self._process.communicate(timeout=60)

    def lives(self, **life: object) -> int:
        """Live once, hold it to its promises at boot; gives the signal that killed it, or 0."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"calls": CALLS, **life}) + "\n")
        self._process.stdin.flush()
        for told in self._tells():
            match told:
                case {"what": "booted", "rows": rows, "files": files}:
                    self._check(rows, files)
                case {"what": "gone", "id": call_id}:
                    self.gone.add(call_id)
                case {"what": "filed", "record": record}:
                    self.filed[record["id"]] = record
                case {"what": "died", "status": status}:
                    return int(status)
        pytest.fail("the box has ended for good")

    def _tells(self) -> Iterator[dict[str, Any]]:
        """Each line; one that the kill has torn off is left out, up to the word of its death that follows in it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line[max(0, line.rfind(DIED)) :])

    def _check(self, rows: dict[str, dict[str, Any]], files: list[str]) -> None:
        assert set(files) == promised_files(rows), "each file has its row, each promise its file"
        for call_id in self.gone:
            assert rows[call_id]["recording"] == "discarded"
        for call_id, record in self.filed.items():
            assert unshredded(rows[call_id]) == unshredded(record), "as it was promised, whole"
        for call_id, row in self.rows.items():
            assert unshredded(rows[call_id]) == unshredded(row), "what a boot has seen stays"
        for row in rows.values():
            assert row["recording"] in {"kept", "discarded", "lost", "off"}
            assert row["ended"] in {"completed", "hangup", "power_cut"}
            assert 0 <= row["duration_s"] < 60
        self.rows = rows


def promised_files(rows: dict[str, dict[str, Any]]) -> set[str]:
    recordings = {f"recordings/{call_id}.age" for call_id, row in rows.items() if row["recording"] == "kept"}
    messages = [message for row in rows.values() for message in row["messages"]]
    return recordings | {f"messages/{message['name']}.age" for message in messages if message["state"] == "kept"}


def unshredded(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what retention may change later: kept may become discarded, by the limit on number."""
    if row["recording"] == "kept" or "more than 12" in (row["recording_detail"] or ""):
        row = {**row, "recording": "kept, once", "recording_detail": None}
    return {**row, "messages": [{**message, "state": ""} for message in row["messages"]]}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[DoomedBox]:
    with closing(DoomedBox(tmp_path)) as doomed:
        yield doomed


def test_a_box_killed_at_any_moment_keeps_its_promises_and_brings_nothing_back(box: DoomedBox, tmp_path: Path) -> None:
    dice = random.Random(200)
    assert box.lives(seed=0, calls=1) == 0
    kinds = (
        lambda: {"deeds": dice.randrange(1, 90)},
        lambda: {"frames": dice.randrange(1, 400)},
        lambda: {"seconds": dice.uniform(0.005, 0.5)},
    )
    ends = (box.lives(seed=number, **kinds[number % 3]()) for number in range(2 * KILLS))
    killed = list(islice(filter(None, ends), KILLS))  # on a fast machine a life may be over before its time has come
    assert box.lives(seed=2 * KILLS, calls=1) == 0
    assert len(killed) == KILLS
    assert set(killed) == {signal.SIGKILL, signal.SIGALRM}, "they have ended in the middle of something"
    assert {"power_cut"} < {row["ended"] for row in box.rows.values()}
    assert box.gone
    assert_all_that_is_kept_can_be_heard(box, tmp_path)


def assert_all_that_is_kept_can_be_heard(box: DoomedBox, scratch: Path) -> None:
    archive, heard = Archive(box.data / "recordings", ()), 0
    known = {**box.rows, **box.filed}
    for file in archive.files():
        archive.export(file.call_id, scratch / "heard.wav", box.data / "keys" / "identity.txt")
        with wave.open(str(scratch / "heard.wav")) as sound:
            assert sound.getnframes() / 8000 == pytest.approx(known[file.call_id]["duration_s"], abs=0.05)
        heard += 1
    assert 0 < heard <= 12
