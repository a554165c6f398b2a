"""The support bundle: what a helper far away needs to know, and nothing that is anybody's business.

    doctor.json     the findings
    settings.toml   ivrbox.toml, every number of four digits or more, key and address made dots
    flows.txt       the names of flows and steps; no text, no function
    calls.json      how many calls ended how, and what became of their recordings; not one of them by itself
    journal.txt     the service's last messages, scrubbed the same way

No digits of a caller, no telephone number, no recording, no key: what could hold one is counted, or passes `scrub`.
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from ivrbox.appliance.clock import CALL_ID
from ivrbox.appliance.settings import SETTINGS_FILE
from ivrbox.cdr import DOTS, Store
from ivrbox.flows.read import survey_flows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ivrbox.appliance.doctor import Finding, Patient

JOURNAL_LINES: Final = 2000

_APART = r"[\s.,:;/'\"()\[\]\-+_*#]{0,4}"
"""What may stand between the digits of one number: "030 / 12 34", "1-2-3-4", "['1', '2']"."""

_SCRUBBED: Final = (
    re.compile(r"AGE-(?:SECRET-KEY|PLUGIN)-\S+|age1\w+", re.IGNORECASE),
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"\b\w+://[^\s\"']+"),
    re.compile(r"hash:[0-9a-f]{20}"),
    re.compile(rf"\d(?:{_APART}\d){{3,}}"),
)
_CALL = re.compile(rf"\b{CALL_ID}\b")
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*")


def scrub(text: str) -> str:
    """The text with dots for keys, addresses, and everything that four digits or more make up."""
    for pattern in _SCRUBBED:
        text = pattern.sub(DOTS, text)
    return text


def scrub_journal(lines: Iterable[str]) -> str:
    """Lines of a journal, their time kept, each call by a number of its own instead of its id."""
    names: dict[str, str] = {}
    return "".join(_scrubbed_line(line, names) + "\n" for line in lines)


def _scrubbed_line(line: str, names: dict[str, str]) -> str:
    stamp = match[0] if (match := _STAMP.match(line)) else ""
    parts = _CALL.split(line[len(stamp) :])
    calls = [names.setdefault(call, _ordinal(len(names))) for call in _CALL.findall(line[len(stamp) :])]
    named = [word for pair in zip(map(scrub, parts), [*calls, ""], strict=True) for word in pair]
    return stamp + "".join(named)


def _ordinal(index: int) -> str:
    """A name without digits: a, b, ... z, ba, bb, ..."""
    letters = ""
    while not letters or index:
        index, letter = divmod(index, 26)
        letters = chr(ord("a") + letter) + letters
    return f"<{letters}>"


def write_bundle(path: Path, patient: Patient, findings: Sequence[Finding]) -> list[str]:
    """Write the bundle as a new file that only its owner can read; returns the names of what is in it.

    Raises:
        OSError: it cannot be written, or is there already.
    """
    members = {
        "doctor.json": json.dumps([_told(finding) for finding in findings], indent=2, ensure_ascii=False),
        "settings.toml": _settings(patient),
        "flows.txt": _flows(patient),
        "calls.json": json.dumps(_calls(patient), indent=2, sort_keys=True),
        "journal.txt": _journal(patient),
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as bundle:
        for name, text in members.items():
            data = text.encode()
            member = tarfile.TarInfo(f"ivrbox-support/{name}")
            member.size = len(data)
            bundle.addfile(member, io.BytesIO(data))
    return list(members)


def _told(finding: Finding) -> dict[str, str]:
    """A finding about files of the owner's may quote them; one about the machine is all numbers, and stays."""
    told = asdict(finding)
    if finding.area == "house":
        told["words"], told["remedy"] = scrub(finding.words), scrub(finding.remedy)
    return told


def _settings(patient: Patient) -> str:
    try:
        return scrub((patient.config / SETTINGS_FILE).read_text("utf-8", "replace"))
    except OSError as error:
        return f"# cannot be read: {error.strerror}\n"


def _flows(patient: Patient) -> str:
    survey = survey_flows(patient.config)
    return "".join(scrub(f"{name}: {', '.join(flow.steps)}\n") for name, flow in survey.flows.items())


def _calls(patient: Patient) -> dict[str, dict[str, int]]:
    database = patient.data / "calls.db"
    if not os.access(database, os.R_OK):
        return {}
    with closing(Store(database)) as store:
        calls = store.calls()
    return {
        "ended": dict(Counter(call.ended for call in calls)),
        "recording": dict(Counter(call.recording for call in calls)),
        "with faults": {"calls": sum(bool(call.faults) for call in calls)},
    }


def _journal(patient: Patient) -> str:
    command = ("journalctl", "--unit", "ivrbox", "--no-hostname", "--output", "short-iso", "--no-pager")
    return scrub_journal(patient.ask(*command, "--lines", str(JOURNAL_LINES)).splitlines())
