"""The documentation holds together: pages, links, commands, drawings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ivrbox.cli.app import _COMMANDS
from ivrbox.flows.check import check_flows

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *(ROOT / "hw").glob("*.md")])
MAN_PAGE = (DOCS / "ivrbox.1").read_text("utf-8")


def test_every_page_of_the_site_is_there() -> None:
    named = re.findall(r"^ +- .*: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert len(named) > 8
    assert [name for name in named if not (DOCS / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    home = DOCS / "hw" if page.parent.name == "hw" else DOCS
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8"))
    targets = [os.path.normpath(home / link) for link in links if "://" not in link]
    assert [target for target in targets if not Path(target).exists()] == []


def test_first_flow_of_the_quick_start_has_no_fault(tmp_path: Path) -> None:
    page = (DOCS / "index.md").read_text("utf-8")
    (flow,) = re.findall(r'^```toml title="config/flows/hello.toml"\n(.*?)^```$', page, re.MULTILINE | re.DOTALL)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/hello.toml").write_text(flow, "utf-8")
    assert check_flows(tmp_path) == []


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_man_page_knows_every_command(command: str) -> None:
    assert re.search(rf"^\.It Cm {command}$", MAN_PAGE, re.MULTILINE)


def test_man_page_is_well_formed() -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", DOCS / "ivrbox.1"], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


@pytest.mark.parametrize("drawing", sorted((DOCS / "drawings").glob("*.dot")), ids=lambda path: path.stem)
def test_drawing_shows_what_its_text_says(drawing: Path) -> None:
    labels = {
        word for label in re.findall(r'label="([^"]*)"', drawing.read_text("utf-8")) for word in label.split("\\n")
    }
    shown = {
        text.strip()
        for text in re.findall(r"<text [^>]*>([^<]*)</text>", drawing.with_suffix(".svg").read_text("utf-8"))
    }
    assert labels <= shown
