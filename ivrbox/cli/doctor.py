"""`ivrbox doctor`: looks at the box and says what ails it, and what to do."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivrbox.appliance.doctor import Patient, Verdict, examine
from ivrbox.appliance.doctor_bundle import write_bundle
from ivrbox.appliance.doctor_house import HOUSE
from ivrbox.appliance.doctor_line import LINE
from ivrbox.appliance.doctor_machine import MACHINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivrbox.appliance.doctor import Finding
    from ivrbox.cli.places import Places

AREAS: Final = {"machine": MACHINE, "line": LINE, "house": HOUSE}
"""What is examined, from the outside in."""

FOUND_FAULTS = 1
"""Exit code when something is at fault; warnings alone are none."""

NAME_WIDTH: Final = 13
"""Room for the name of a check, the same in every area, so that all stands in one column."""

_TITLES: Final = {"machine": "The machine", "line": "The line", "house": "The house"}
_MARKS: Final = {
    Verdict.GOOD: ("✓", "green"),
    Verdict.NOTE: ("·", "cyan"),
    Verdict.WARNING: ("!", "bold yellow"),
    Verdict.FAULT: ("✗", "bold red"),
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.tar.gz",
    help="Also write a support bundle: no numbers, digits, recordings or keys are in it.",
)
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool, bundle: Path | None) -> None:
    """Look at the machine, the line and the house; say of each thing how it is and what to do about it.

    Nothing is changed. Exit with 1 if anything is at fault.
    """
    places: Places = ctx.obj
    patient = Patient(places.config, places.data)
    findings = examine(patient, AREAS)
    if as_json:
        click.echo(json.dumps(_as_json(findings), indent=2, ensure_ascii=False))
    else:
        _tell(findings, Console())
    if bundle is not None:
        _bundle(bundle, patient, findings)
    if any(finding.verdict is Verdict.FAULT for finding in findings):
        ctx.exit(FOUND_FAULTS)


def _bundle(path: Path, patient: Patient, findings: Sequence[Finding]) -> None:
    try:
        names = write_bundle(path, patient, findings)
    except FileExistsError:
        raise click.UsageError(f"{path} is there already: name a new file") from None
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from error
    click.echo(f"ivrbox: {path} has {', '.join(names)}. Look into it before you send it: tar -xzf", err=True)


def _as_json(findings: Sequence[Finding]) -> dict[str, object]:
    worst = max((finding.verdict for finding in findings), key=list(Verdict).index)
    return {"verdict": worst, "findings": [asdict(finding) for finding in findings]}


def _tell(findings: Sequence[Finding], console: Console) -> None:
    for area, group in groupby(findings, lambda finding: finding.area):
        console.print(Text(f"\n{_TITLES[area]}", "bold"))
        console.print(_table(list(group)))
    console.print()
    console.print(_summary(findings))


def _table(findings: Sequence[Finding]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=3, justify="right")
    table.add_column(style="bold", no_wrap=True, min_width=NAME_WIDTH)
    table.add_column(overflow="fold")
    shown = ""
    for finding in findings:
        mark, style = _MARKS[finding.verdict]
        name = "" if finding.check == shown else finding.check
        shown = finding.check
        table.add_row(Text(mark, style), name, _words(finding))
    return table


def _words(finding: Finding) -> Text:
    text = Text(finding.words, "dim" if finding.verdict is Verdict.GOOD else "default")
    if finding.remedy:
        text.append(f"\n→ {finding.remedy}", "cyan" if finding.verdict is Verdict.NOTE else "yellow")
    return text


def _summary(findings: Sequence[Finding]) -> Text:
    counts = Counter(finding.verdict for finding in findings)
    faults, warnings = counts[Verdict.FAULT], counts[Verdict.WARNING]
    if not faults + warnings:
        return Text(f"All is well: {len(findings)} things looked at, nothing to do.", "bold green")
    words = [_counted(faults, "fault"), _counted(warnings, "warning")]
    told = " and ".join(word for word, number in zip(words, (faults, warnings), strict=True) if number)
    arrows = "the arrow says" if faults + warnings == 1 else "the arrows say"
    return Text(
        f"{told} among {len(findings)} things looked at: {arrows} what to do.", "bold red" if faults else "bold yellow"
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
