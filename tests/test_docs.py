"""The documentation holds together: pages, links, commands, drawings."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
import tomli

from ivrbox.cli.app import ivrbox
from ivrbox.flows.check import check_flows

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def test_it_is_told_where_every_library_is_to_be_had() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *(line for name in extras.keys() - {"dev", "docs"} for line in extras[name])]
    _, table = (DOCS / "install.md").read_text("utf-8").split("## Where each library is to be had")
    told = {word.lower() for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for word in row.split(", ")}
    assert {re.split(r"[^\w-]", line)[0] for line in needed} <= told


def commands_in(page: str) -> list[str]:
    """All `ivrbox ...` of a page, in its text and in its listings, without what only the shell sees."""
    quoted = re.findall(r"`(?:sudo )?(?:\.venv/bin/)?(ivrbox(?: [^`]+)?)`", page)
    listed = re.findall(r"^(?:sudo )?(?:\.venv/bin/)?(ivrbox [a-z-]+(?: .*)?)$", fenced(page), re.MULTILINE)
    return sorted({re.split(r" (?:#|&|\||>)", command)[0].strip() for command in (*quoted, *listed)})


def fenced(page: str) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))


COMMANDS_TOLD = sorted(
    {
        command
        for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", *PAGES)
        for command in commands_in(page.read_text("utf-8"))
    }
)


def test_commands_are_found_in_text_and_in_listings() -> None:
    assert {"ivrbox decode FILE.wav", "ivrbox demo --flow hello", "ivrbox doctor --bundle support.tar.gz"} <= set(
        COMMANDS_TOLD
    )


@pytest.mark.parametrize("told", COMMANDS_TOLD)
def test_every_command_that_is_told_can_be_given(told: str) -> None:
    _, *words = shlex.split(told)
    command: click.Command = ivrbox
    with click.Context(command) as context:
        while isinstance(command, click.Group) and words:
            _, found, words = command.resolve_command(context, words)
            assert found is not None
            command = found
        try:
            command.make_parser(context).parse_args(words)
        except click.UsageError as error:
            pytest.fail(f"{told}: {error.message}")


def test_what_each_extra_brings_is_told() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    _, told = (DOCS / "install.md").read_text("utf-8").split("## What is not installed unless asked for")
    extras = set(re.findall(r"^\| `(\w+)` \|", told.partition("\n## ")[0], re.MULTILINE))
    assert extras == project["optional-dependencies"].keys() - {"dev"}


def every_command(group: click.Group = ivrbox, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """All commands with their whole names; a group that does nothing by itself is none."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from every_command(command, f"{path}{name} ")


COMMANDS = dict(every_command())
OF_ALL = {"--config", "--data", "--help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_man_page_knows_every_command_with_all_its_options(name: str) -> None:
    (entry,) = re.findall(rf"^\.It Cm {name}((?: (?:Oo|Op|Fl|Ar) .*)?)$", MAN_PAGE, re.MULTILINE)
    options = {option for param in COMMANDS[name].params for option in param.opts if option.startswith("--")}
    assert {f"-{option}" for option in re.findall(r"(?<= )-[a-z]+", entry)} == options - OF_ALL


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


def words_of(drawing: Path) -> list[str]:
    """All text of an SVG, in the order in which it was drawn."""
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "\n", drawing.read_text("utf-8")))
    return text.split()


def test_circuits_are_those_of_their_text_and_of_the_pin_table(tmp_path: Path) -> None:
    program = ROOT / "hw/drawings/circuits.py"
    subprocess.run([sys.executable, program, tmp_path], check=True)
    drawn = sorted(tmp_path.glob("*.svg"))
    assert [path.name for path in drawn] == sorted(path.name for path in program.parent.glob("*.svg"))
    for path in drawn:
        assert words_of(path) == words_of(program.parent / path.name), path.name
    table = dict(re.findall(r"^\| `([\w.]+)` \| (\d+) \|", (ROOT / "hw/pins.md").read_text("utf-8"), re.MULTILINE))
    shown = {
        setting: pin for path in drawn for pin, setting in re.findall(r"GPIO (\d+): ([\w.]+)", path.read_text("utf-8"))
    }
    assert shown == table


def test_pin_that_the_settings_suggest_is_the_one_of_the_pin_table() -> None:
    suggested = re.findall(r"^# (lamp_pin) = (\d+)", (ROOT / "config/ivrbox.toml").read_text("utf-8"), re.MULTILINE)
    table = dict(re.findall(r"^\| `status\.(\w+)` \| (\d+) \|", (ROOT / "hw/pins.md").read_text("utf-8"), re.MULTILINE))
    assert dict(suggested) == table != {}


def test_what_is_not_approved_says_so_in_its_drawing() -> None:
    for name in ("hook-relay", "ring-detector", "loop-sensor", "sound"):
        assert "EXPERIMENTAL, not approved" in (ROOT / f"hw/drawings/{name}.svg").read_text("utf-8")
