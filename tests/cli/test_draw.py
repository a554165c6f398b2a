"""`ivrbox draw`: pictures of flows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from ivrbox.cli.app import ivrbox
from tests.conftest import write_config

if TYPE_CHECKING:
    from pathlib import Path

FLOW = """
    [steps.ask]
    prompt = 'Say "A < B & C", press 1.'
    on.1 = { discard_recording = true, goto = "end" }
    on_fail = "end"
    [steps.end]
    prompt = "Goodbye."
    then = { hangup = true }
"""


def draw(folder: Path, *arguments: str) -> tuple[int, str]:
    config = write_config(folder / "config", {"main.toml": FLOW})
    ran = CliRunner().invoke(ivrbox, ["--config", str(config), "draw", *arguments])
    return ran.exit_code, ran.output


def test_svg_shows_every_step_and_where_the_recording_is_destroyed(tmp_path: Path) -> None:
    out = tmp_path / "main.svg"
    code, output = draw(tmp_path, "main", "-o", str(out))
    assert code == 0, output
    words = [text.text for text in ET.parse(out).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - our own file
    assert {"main", "ask", "end", "the call ends", "1 ✕ recording", "failed"} <= {
        (word or "").strip() for word in words
    }
    assert any('Say "A < B & C", press 1.' in (word or "") for word in words)


def test_png_is_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "main.png"
    assert draw(tmp_path, "main", "-o", str(out))[0] == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_mermaid_is_text(tmp_path: Path) -> None:
    out = tmp_path / "main.mmd"
    assert draw(tmp_path, "main", "-o", str(out))[0] == 0
    text = out.read_text()
    assert text.startswith('flowchart TD\n  start(["main"]) --> n0\n')
    assert "Say #quot;A #lt; B & C#quot;, press 1." in text
    assert '-->|"1 ✕ recording"| n1' in text
    assert '-.->|"failed"| n1' in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mian"], "no flow is named 'mian'; there are main"),
        (["main", "-o", "x.pdf"], "must end in .svg, .png or .mmd"),
    ],
)
def test_what_cannot_be_drawn_is_told(tmp_path: Path, arguments: list[str], words: str) -> None:
    code, output = draw(tmp_path, *arguments)
    assert code == 2
    assert words in output


def test_missing_library_is_one_line_that_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    code, output = draw(tmp_path, "main", "-o", str(tmp_path / "x.svg"))
    assert code == 2
    assert output == (
        "ivrbox: pictures need the extra `draw`: pip install 'ivrbox[draw]' (docs/install.md); .mmd does not\n"
    )
