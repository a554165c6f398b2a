"""`ivrbox doctor` as it is typed, and `ivrbox on-hook`."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ivrbox.appliance.doctor import Finding, Patient, fault, good, warning
from ivrbox.cli import doctor as command
from ivrbox.cli.app import ivrbox
from ivrbox.lines.loopback import Loopback

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def box(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/ivrbox.toml").write_text('[call]\nentry = "main"\n')
    return tmp_path


def asked(box: Path, *arguments: str) -> Result:
    return CliRunner().invoke(ivrbox, ["--config", str(box / "config"), "--data", str(box / "data"), *arguments])


def finds(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> None:
    def check(_: Patient) -> tuple[Finding, ...]:
        return findings

    monkeypatch.setattr(command, "AREAS", {"line": (check,)})


def test_healthy_box_is_told_so(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, good("line", "modem"), good("groups", "all of them"))
    done = asked(box, "doctor")
    assert done.exit_code == 0
    assert "The line" in done.output
    assert "✓ line" in done.output
    assert "All is well: 2 things looked at, nothing to do." in done.output


def test_fault_is_told_with_what_to_do_and_counts(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, fault("groups", "not in dialout", "usermod -aG dialout ivrbox"), warning("disk", "small", "buy"))
    done = asked(box, "doctor")
    assert done.exit_code == 1
    assert "✗ groups" in done.output
    assert "→ usermod -aG dialout ivrbox" in done.output
    assert "1 fault and 1 warning among 2 things looked at: the arrows say what to do." in done.output


def test_warnings_alone_are_no_failure(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, warning("disk", "small", "buy"))
    done = asked(box, "doctor")
    assert done.exit_code == 0
    assert "1 warning among 1 things looked at: the arrow says what to do." in done.output


def test_json_has_the_verdict_and_every_finding(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, good("line", "modem"), warning("disk", "small", "buy"))
    told = json.loads(asked(box, "doctor", "--json").output)
    assert told["verdict"] == "warning"
    assert told["findings"][1] == {
        "check": "disk",
        "verdict": "warning",
        "words": "small",
        "remedy": "buy",
        "area": "line",
    }


def test_real_examination_comes_to_an_end_and_changes_nothing(box: Path) -> None:
    before = sorted(box.rglob("*"))
    told = json.loads(asked(box, "doctor", "--json").output)
    assert {finding["area"] for finding in told["findings"]} == {"machine", "line", "house"}
    assert not [finding for finding in told["findings"] if "could not be checked" in finding["words"]]
    assert sorted(box.rglob("*")) == before


def test_bundle_is_written_once_and_announced(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, good("line", "modem"))
    done = asked(box, "doctor", "--bundle", str(box / "support.tar.gz"))
    assert done.exit_code == 0
    assert "support.tar.gz has doctor.json, settings.toml" in done.stderr
    with tarfile.open(box / "support.tar.gz") as bundle:
        assert "ivrbox-support/doctor.json" in bundle.getnames()
    again = asked(box, "doctor", "--bundle", str(box / "support.tar.gz"))
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    nowhere = asked(box, "doctor", "--bundle", str(box / "none/support.tar.gz"))
    assert nowhere.exit_code == 2
    assert "No such file or directory" in nowhere.stderr


def test_on_hook_takes_the_line_puts_it_down_and_lets_it_go(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done_to_it: list[str] = []

    class Wire(Loopback):
        def open(self) -> None:
            done_to_it.append("open")

        def hang_up(self) -> None:
            done_to_it.append("hang up")

    monkeypatch.setattr("ivrbox.cli.on_hook.open_line", lambda *_: Wire())
    done = asked(box, "on-hook")
    assert done.exit_code == 0
    assert done_to_it[:2] == ["open", "hang up"]


def test_on_hook_says_which_line_cannot_be_reached(box: Path) -> None:
    (box / "config/ivrbox.toml").write_text(
        '[call]\nentry = "main"\n[line]\nkind = "modem"\noptions = { port = "/dev/no-such-port" }\n'
    )
    done = asked(box, "on-hook")
    assert done.exit_code == 2
    assert "/dev/no-such-port" in done.stderr
