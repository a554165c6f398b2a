"""JUnit XML: what continuous integration reads of a run of scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ivrbox.appliance.rehearsal import Verdict


def write_junit(path: Path, verdicts: Sequence[Verdict]) -> None:
    """Write the verdicts as one test suite; the time of a case is that of its call."""
    failed = sum(not verdict.passed for verdict in verdicts)
    suite = ET.Element("testsuite", name="ivrbox", tests=str(len(verdicts)), failures=str(failed))
    for verdict in verdicts:
        seconds = verdict.record.duration_s if verdict.record else 0.0
        case = ET.SubElement(suite, "testcase", name=verdict.name, classname="scenarios", time=f"{seconds:.3f}")
        if not verdict.passed:
            ET.SubElement(case, "failure", message=verdict.failures[0]).text = "\n".join(verdict.failures)
    ET.indent(suite)
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
