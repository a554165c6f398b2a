"""`ivrbox check`: everything that is wrong with a configuration, before a caller meets it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from ivrbox.appliance.scenarios import FOLDER as SCENARIOS
from ivrbox.appliance.scenarios import scenario_faults
from ivrbox.appliance.settings import SETTINGS_FILE
from ivrbox.cli.check_settings import setting_faults, setting_warning
from ivrbox.cli.check_sounds import sound_faults
from ivrbox.errors import Fault, Severity
from ivrbox.flows.check import check_flows
from ivrbox.flows.schema import flow_schema
from ivrbox.prompts import best_voice

if TYPE_CHECKING:
    from pathlib import Path

    from ivrbox.cli.places import Places

FOUND_ERRORS = 1
"""Exit code when there are errors; warnings alone are none."""


@dataclass(frozen=True)
class Report:
    """What was found: all faults, and the voice that speaks the prompts, if there is one."""

    faults: tuple[Fault, ...]
    flows: tuple[str, ...]
    voice: str | None

    def of(self, severity: Severity) -> list[Fault]:
        """The faults of this severity."""
        return [fault for fault in self.faults if fault.severity is severity]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON, for editors.")
@click.option("--schema", is_flag=True, help="Print a JSON Schema of flow files, for editors, and check nothing.")
@click.pass_context
def check(ctx: click.Context, *, as_json: bool, schema: bool) -> None:
    """Check settings, flows, functions, scenarios and prompts; exit with 1 if there are errors."""
    if schema:
        click.echo(json.dumps(flow_schema(), indent=2))
        return
    places: Places = ctx.obj
    report = inspect(places)
    if as_json:
        click.echo(json.dumps(_as_json(report, places.config), indent=2, ensure_ascii=False))
    else:
        _tell(report)
    if report.of(Severity.ERROR):
        ctx.exit(FOUND_ERRORS)


def inspect(places: Places) -> Report:
    """Look at everything in the configuration folder."""
    flows = tuple(sorted(file.stem for file in (places.config / "flows").glob("*.toml")))
    faults = check_flows(places.config)
    settings, wrong = setting_faults(places.config, flows)
    faults += wrong
    faults += scenario_faults(places.config, flows)
    voice = best_voice(settings.prompts.voice if settings else None)
    faults += sound_faults(places, voice)
    if voice is None:
        faults.append(
            setting_warning("prompts.voice", "no voice is installed: texts cannot be spoken (apt install festival)")
        )
    return Report(tuple(faults), flows, voice.name if voice else None)


def _tell(report: Report) -> None:
    errors, warnings = report.of(Severity.ERROR), report.of(Severity.WARNING)
    for fault in errors:
        click.echo(f"error: {fault}")
    for fault in warnings:
        click.echo(f"warning: {fault}")
    click.echo(
        f"{_counted(len(report.flows), 'flow')}, {_counted(len(errors), 'error')}, {_counted(len(warnings), 'warning')}"
    )
    click.echo(f"voice: {report.voice or 'none'}")


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _as_json(report: Report, config: Path) -> dict[str, Any]:
    faults = [{**asdict(fault), "path": str(_path_of(fault, config))} for fault in report.faults]
    return {"ok": not report.of(Severity.ERROR), "flows": report.flows, "voice": report.voice, "faults": faults}


def _path_of(fault: Fault, config: Path) -> Path:
    """The file that a fault stands in: its name tells which folder it is from."""
    if fault.file == SETTINGS_FILE or fault.file.startswith(f"{SCENARIOS}/"):
        return config / fault.file
    folder = {".toml": "flows", ".py": "functions", ".wav": "prompts"}.get(fault.file[fault.file.rfind(".") :], "")
    return config / folder / fault.file
