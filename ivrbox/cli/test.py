"""`ivrbox test`: plays the scenarios of a configuration, and shows the call of each that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from ivrbox.appliance.scenarios import FOLDER, play, read_scenarios
from ivrbox.cli.app import BadInput
from ivrbox.cli.junit import write_junit
from ivrbox.cli.outputs import OutFile, written
from ivrbox.cli.timeline import timeline
from ivrbox.flows.branches import branches_of
from ivrbox.flows.read import read_flows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ivrbox.appliance.rehearsal import Verdict
    from ivrbox.cli.places import Places

FAILED = 1
"""Exit code when a scenario has failed; 2 is for files that are at fault."""


@click.command
@click.argument("names", nargs=-1)
@click.option("--junit", type=OutFile(), help="Write the results to this file, as JUnit XML.")
@click.option("--coverage", is_flag=True, help="List the steps and branches that no scenario took.")
@click.pass_obj
def test(places: Places, names: Sequence[str], junit: Path | None, *, coverage: bool) -> None:
    """Play the scenarios in CONFIG/scenarios, all or those NAMED, in simulated time."""
    console = Console()
    verdicts = []
    scenarios = read_scenarios(places.config, names)
    if not scenarios:
        raise BadInput(f"{places.config / FOLDER}: holds no scenario, such as NAME.toml")
    for verdict in play(places.config, scenarios, prompts=places.data / "prompts"):
        verdicts.append(verdict)
        _tell(console, verdict)
    failed = [verdict.name for verdict in verdicts if not verdict.passed]
    console.print(f"{len(verdicts) - len(failed)} passed, {len(failed)} failed", style="red" if failed else "green")
    if junit is not None:
        with written(junit):
            write_junit(junit, verdicts)
    if coverage:
        _tell_coverage(console, places.config, verdicts)
    if failed:
        raise SystemExit(FAILED)


def _tell(console: Console, verdict: Verdict) -> None:
    seconds = verdict.record.duration_s if verdict.record else 0.0
    mark = "[green]passed[/]" if verdict.passed else "[red]FAILED[/]"
    console.print(f"{mark} {verdict.name} [dim]({seconds:.1f} s) {verdict.about}[/]", soft_wrap=True)
    if not verdict.passed:
        for failure in verdict.failures:
            console.print(f"  {failure}", style="red", markup=False, soft_wrap=True)
        console.print(timeline(verdict))


def _tell_coverage(console: Console, config: Path, verdicts: Sequence[Verdict]) -> None:
    every = {branch for name, flow in read_flows(config).items() for branch in branches_of(name, flow)}
    missed = sorted(every.difference(*(verdict.taken for verdict in verdicts)))
    console.print(f"{len(every) - len(missed)} of {len(every)} steps and branches were taken")
    for branch in missed:
        console.print(f"  never taken: {branch}", markup=False, soft_wrap=True)
