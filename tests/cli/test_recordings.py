from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from ivrbox.cdr import CallRecord, Store, TurnRecord
from ivrbox.cli.app import ivrbox
from ivrbox.recordings import Archive, Recorder, Spool, key_ring

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

RECORD = CallRecord(
    id="20260301T120000Z-aaaa",
    line="desk",
    caller="+49 30 1234567",
    started="2026-03-01T12:00:00+00:00",
    duration_s=125.2,
    ended="caller_hung_up",
    turns=(
        TurnRecord("agent", "This call may be recorded.", None, 0.0),
        TurnRecord("user", "1", "complete", 6.24),
        TurnRecord("user", "", "no_input", 12.0),
    ),
    path=("consent.ask", "front-desk.menu"),
    recording="kept",
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a box that has kept one call of a second."""
    monkeypatch.delenv("IVRBOX_DATA", raising=False)
    folder = tmp_path / "data"
    archive, store = Archive(folder / "recordings", key_ring(folder / "keys").recipients), Store(folder / "calls.db")
    recorder, frame = Recorder(Spool(2)), np.full(160, 5, np.int16)
    for _ in range(50):
        recorder.push(frame, -frame)
    recorder.end()
    assert archive.keep(recorder, RECORD.id, lambda: store.finish(RECORD))
    store.close()
    return folder


def asked(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(ivrbox, ["--data", str(data), *arguments])


def test_the_list_shows_what_is_kept(data: Path) -> None:
    shown = asked(data, "recordings", "list")
    assert shown.exit_code == 0
    assert RECORD.id in shown.output
    assert "1 kept" in shown.output
    [entry] = json.loads(asked(data, "recordings", "list", "--json").output)
    assert entry["id"] == RECORD.id
    assert entry["bytes"] == (data / "recordings" / f"{RECORD.id}.age").stat().st_size


def test_a_box_without_recordings_says_so_and_makes_nothing(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert asked(nowhere, "recordings", "list").output.startswith("No recordings are kept in ")
    assert asked(nowhere, "recordings", "list", "--json").output == "[]\n"
    refused = asked(nowhere, "recordings", "shred", "a")
    assert refused.exit_code == 2
    assert "this box has kept no recordings yet" in refused.output
    assert not nowhere.exists()


def test_an_export_needs_the_identity_and_gives_a_stereo_wav(data: Path, tmp_path: Path) -> None:
    out, identity = tmp_path / "out.wav", tmp_path / "moved.txt"
    (data / "keys" / "identity.txt").rename(identity)
    refused = asked(data, "recordings", "export", RECORD.id, str(out))
    assert refused.exit_code == 2
    assert "name yours with --identity FILE" in refused.output
    done = asked(data, "recordings", "export", RECORD.id, str(out), "--identity", str(identity))
    assert done.exit_code == 0
    samples = np.frombuffer(out.read_bytes()[44:], np.int16).reshape(-1, 2)
    assert samples.shape == (8000, 2)
    assert (samples == [5, -5]).all()


def test_an_identity_left_on_the_box_is_used(data: Path, tmp_path: Path) -> None:
    assert asked(data, "recordings", "export", RECORD.id, str(tmp_path / "out.wav")).exit_code == 0


def test_shredding_is_noted_in_the_record(data: Path) -> None:
    done = asked(data, "recordings", "shred", RECORD.id)
    assert done.exit_code == 0
    assert list((data / "recordings").iterdir()) == []
    record = json.loads(asked(data, "calls", "show", RECORD.id, "--json").output)
    assert record["recording"] == "discarded"
    assert record["recording_detail"].startswith("shredded by hand at ")


def test_a_recording_without_a_record_is_shredded_all_the_same(data: Path) -> None:
    for name in ("calls.db", "none"):
        sealed = data / "recordings" / "stray.age"
        sealed.write_bytes(b"age-encryption.org/v1\n")
        assert asked(data, "recordings", "shred", "stray").exit_code == 0
        assert not sealed.exists()
        if name == "calls.db":
            (data / name).unlink()


def test_a_call_that_was_not_recorded_is_named(data: Path) -> None:
    refused = asked(data, "recordings", "shred", "nobody")
    assert refused.exit_code == 2
    assert f"no recording of call 'nobody' is kept; the newest are: {RECORD.id}" in refused.output
    assert "Traceback" not in refused.output


def test_keygen_makes_a_pair_once(tmp_path: Path) -> None:
    stick = tmp_path / "stick" / "identity.txt"
    made = asked(tmp_path / "data", "recordings", "keygen", "--identity", str(stick))
    assert made.exit_code == 0
    recipient = (tmp_path / "data" / "keys" / "recipient.txt").read_text("utf-8").strip()
    assert recipient in made.output
    assert stat.S_IMODE(stick.stat().st_mode) == 0o600
    assert key_ring(tmp_path / "data" / "keys").recipients == (recipient,)
    again = asked(tmp_path / "data", "recordings", "keygen")
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_calls_are_listed_and_shown(data: Path) -> None:
    listed = asked(data, "calls")
    assert listed.exit_code == 0
    assert RECORD.id in listed.output
    assert "2:05" in listed.output
    page = asked(data, "calls", "show", RECORD.id).output
    for words in ("consent.ask → front-desk.menu", "+49 30 1234567, on desk", "(silence)", "complete", "6.2 s", "kept"):
        assert words in page


def test_a_discard_shows_its_receipt(data: Path) -> None:
    receipt = {"at_s": 3.25, "bytes": 104000, "method": "key destroyed", "verified": True}
    store = Store(data / "calls.db")
    gone = CallRecord(
        "gone", "desk", None, "2026-03-02T12:00:00+00:00", 61, "x", recording="discarded", receipt=receipt
    )
    store.finish(gone)
    store.finish(CallRecord("off", "desk", None, "2026-03-03T12:00:00+00:00", 1, "x", recording_detail="disk full"))
    store.finish(CallRecord("bad", "desk", None, "2026-03-04T12:00:00+00:00", 1, "x", faults=("a [bold] fault",)))
    store.close()
    page = asked(data, "calls", "show", "gone").output
    assert "discarded at 3.2 s: key destroyed; read back as zeros" in page
    assert "number not known" in page
    assert "off: disk full" in asked(data, "calls", "show", "off").output
    assert "a [bold] fault" in asked(data, "calls", "show", "bad").output
    assert [call["id"] for call in json.loads(asked(data, "calls", "--json", "--limit", "2").output)] == ["bad", "off"]
    since = json.loads(asked(data, "calls", "--json", "--since", "2026-03-03").output)
    assert [call["id"] for call in since] == ["bad", "off"]


def test_a_box_without_calls_says_so_and_makes_nothing(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert asked(nowhere, "calls").output == "There are no calls yet.\n"
    assert asked(nowhere, "calls", "--json").output == "[]\n"
    refused = asked(nowhere, "calls", "show", "a")
    assert refused.exit_code == 2
    assert "this box has had no calls yet" in refused.output
    assert not nowhere.exists()


def test_an_unknown_call_gets_near_misses(data: Path) -> None:
    refused = asked(data, "calls", "show", "20260301T120000Z-aaab")
    assert refused.exit_code == 2
    assert f"did you mean {RECORD.id}?" in refused.output
