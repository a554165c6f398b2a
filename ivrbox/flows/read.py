"""Reading `config/flows/*.toml`: all faults of all files at once, or a book of flows that is sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.errors import ConfigError, Fault, FlowError
from ivrbox.flows.documents import load_toml, validate
from ivrbox.flows.references import reference_faults
from ivrbox.flows.sources import read_source
from ivrbox.flows.spec import FlowSpec
from ivrbox.flows.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ivrbox.flows.book import FlowBook


def read_flows(config: Path) -> FlowBook:
    """Read every flow of a configuration directory, with its functions.

    Raises:
        FlowError: all the faults of all the files.
    """
    survey = survey_flows(config)
    if errors := survey.errors():
        raise FlowError(errors)
    return survey.book()


def survey_flows(config: Path) -> Survey:
    """Read every file as far as it goes; what is wrong is listed, file by file."""
    survey = Survey(config)
    files = sorted((config / "flows").glob("*.toml"))
    if not files:
        survey.faults.append(Fault("flows", None, "", f"no flow: {config / 'flows'} holds no .toml file"))
    for file in files:
        _read_flow(survey, file)
    for name in survey.flows:
        _read_functions(survey, name)
    survey.faults += reference_faults(survey)
    survey.faults = _in_order(survey.faults)
    return survey


def _read_flow(survey: Survey, file: Path) -> None:
    name = file.stem
    survey.broken.add(name)
    try:
        document = load_toml(file)
        survey.documents[name] = document
        survey.flows[name] = validate(FlowSpec, document)
        survey.broken.remove(name)
    except ConfigError as error:
        survey.faults += error.faults


def _read_functions(survey: Survey, name: str) -> None:
    named = survey.flows[name].functions
    path = survey.config / "functions" / f"{named or name}.py"
    if not path.exists():
        if named:
            survey.faults.append(survey.documents[name].fault(["functions"], f"there is no functions/{named}.py"))
        return
    try:
        survey.sources[name] = read_source(path)
    except FlowError as error:
        survey.broken.add(name)
        survey.faults += error.faults


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Each fault once (two flows may share a function file), by file and line."""
    return sorted(dict.fromkeys(faults), key=lambda fault: (fault.file, fault.line or 0))
