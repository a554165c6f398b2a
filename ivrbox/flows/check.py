"""`ivrbox check`: everything that is wrong with flows, and everything that a caller would stumble over.

What reading finds comes first (schema, names that do not exist); then every flow that could be read is looked at step
by step, as a graph, and together with its functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivrbox.flows.check_functions import function_faults
from ivrbox.flows.check_graph import graph_faults
from ivrbox.flows.check_keys import key_faults
from ivrbox.flows.check_steps import step_faults
from ivrbox.flows.check_words import word_faults
from ivrbox.flows.read import survey_flows

if TYPE_CHECKING:
    from pathlib import Path

    from ivrbox.errors import Fault

ANALYSES = (step_faults, key_faults, word_faults, graph_faults, function_faults)


def check_flows(config: Path) -> list[Fault]:
    """All faults of all flows of a configuration directory, errors and warnings, by file and line."""
    survey = survey_flows(config)
    found = [fault for analyse in ANALYSES for fault in analyse(survey)]
    return sorted({*survey.faults, *found}, key=lambda fault: (fault.file, fault.line or 0, fault.key, fault.message))
