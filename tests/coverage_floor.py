"""Holds the floor under the coverage of the rooms where a fault costs a call or a promise.

`python tests/coverage_floor.py COVERAGE.json` reads what `coverage json` wrote, prints a line a room, and ends 1 if
statements or branches of one of them are covered by less than `FLOOR` percent, or if nothing of a room was measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

ROOMS = ("dsp", "dialog", "calls", "recordings")
FLOOR = 95.0

Report = Mapping[str, Mapping[str, Mapping[str, Mapping[str, int]]]]


def percent(report: Report, room: str, kind: str) -> float:
    """Of all `statements` or `branches` in a room, the share that was run, in percent; 0 where there are none."""
    covered, all_of_them = {
        "statements": ("covered_lines", "num_statements"),
        "branches": ("covered_branches", "num_branches"),
    }[kind]
    here = [
        module["summary"]
        for path, module in report["files"].items()
        if PurePosixPath(path).parts[:2] == ("ivrbox", room)
    ]
    total = sum(summary[all_of_them] for summary in here)
    return 100 * sum(summary[covered] for summary in here) / total if total else 0.0


def verdict(report: Report, room: str) -> tuple[str, bool]:
    """A line for people about one room, and whether the room holds the floor."""
    branches, statements = percent(report, room, "branches"), percent(report, room, "statements")
    holds = min(branches, statements) >= FLOOR
    remark = "" if holds else f"  BELOW {FLOOR:.0f} %"
    return f"{room:<12}{branches:6.1f} % of branches {statements:6.1f} % of statements{remark}", holds


def main(path: Path) -> int:
    """Print all verdicts; 0 if every room holds."""
    report = json.loads(path.read_text())
    verdicts = [verdict(report, room) for room in ROOMS]
    print("\n".join(line for line, _ in verdicts))  # noqa: T201 - a script for the terminal
    return 0 if all(holds for _, holds in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
