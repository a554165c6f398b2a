"""The scenarios of a configuration: read, played one after another on premises of their own, and judged."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ivrbox.appliance.rehearsal import Rehearsal, Verdict
from ivrbox.appliance.scenario_spec import ScenarioSpec
from ivrbox.appliance.wiring import open_premises
from ivrbox.errors import ConfigError, Fault
from ivrbox.flows.documents import load_toml, validate
from ivrbox.flows.wording import meant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ivrbox.prompts import Voice

FOLDER = "scenarios"


def read_scenarios(config: Path, names: Sequence[str] = ()) -> dict[str, ScenarioSpec]:
    """Read the scenarios in `config/scenarios`, all or those named; a name is a file's stem.

    Raises:
        ConfigError: every fault of every file that is read, or a name that no file has.
    """
    paths = {path.stem: path for path in sorted((config / FOLDER).glob("*.toml"))}
    faults = [_unknown(name, paths) for name in names if name not in paths]
    scenarios = {}
    for name in names or paths:
        if name not in paths:
            continue
        try:
            scenarios[name] = validate(ScenarioSpec, load_toml(paths[name]))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(faults)
    return scenarios


def scenario_faults(config: Path, flows: Collection[str]) -> list[Fault]:
    """All that is wrong with the scenarios in `config/scenarios`, which are not played; their files bear the folder."""
    faults: list[Fault] = []
    for path in sorted((config / FOLDER).glob("*.toml")):
        try:
            faults += _flow_faults(read_scenarios(config, [path.stem]), flows)
        except ConfigError as error:
            faults += error.faults
    return [replace(fault, file=f"{FOLDER}/{fault.file}") for fault in faults]


def play(
    config: Path, scenarios: Mapping[str, ScenarioSpec], *, prompts: Path, voice: Voice | None = None
) -> Iterator[Verdict]:
    """Play scenarios; their records and recordings live in a folder that goes with them.

    `prompts` is where spoken prompts are kept, so that they are not spoken anew each time.

    Raises:
        ConfigError: a scenario calls a flow that does not exist; else as `open_premises`.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ivrbox-") as data,
        open_premises(config, Path(data), prompts=prompts, voice=voice) as premises,
    ):
        if faults := _flow_faults(scenarios, premises.repertoire.book):
            raise ConfigError(faults)
        for name, spec in scenarios.items():
            yield Rehearsal(premises.staff, name, spec, config / FOLDER).play()


def _flow_faults(scenarios: Mapping[str, ScenarioSpec], flows: Collection[str]) -> list[Fault]:
    return [
        Fault(f"{name}.toml", None, "flow", f"no flow is named {spec.flow!r}; there are {', '.join(flows)}")
        for name, spec in scenarios.items()
        if spec.flow is not None and spec.flow not in flows
    ]


def _unknown(name: str, known: Mapping[str, Path]) -> Fault:
    return Fault(FOLDER, None, "", f"there is no scenario {name!r}{meant(name, known)}")
