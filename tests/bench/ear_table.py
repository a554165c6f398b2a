"""The table that the bench fills: a row a promise, a column a receiver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXAMINED = "ivrbox"

COMPARED = "-"
"""What a row has reached that promises nothing and only compares."""


@dataclass(frozen=True)
class Row:
    """A promise, what must and what should be reached, and what each receiver did."""

    what: str
    must: str
    aim: str
    figures: Mapping[str, str]
    reached: str

    @property
    def is_met(self) -> bool:
        """Whether the examined receiver does what it must; a row that only compares cannot fail."""
        return self.reached != "no"


def grade(figure: float, must: float, aim: float) -> str:
    """`aim`, `must` or `no`; more is better unless the aim is the lower."""
    sign = 1 if aim >= must else -1
    if sign * figure >= sign * aim - 1e-9:
        return "aim"
    return "must" if sign * figure >= sign * must - 1e-9 else "no"


def worst(grades: Sequence[str]) -> str:
    """The grade of a promise made of several."""
    return min(grades, key=["no", "must", "aim"].index)


def markdown(rows: Sequence[Row], receivers: Sequence[str]) -> str:
    """The table, ready for the README."""
    lines = [
        "| " + " | ".join(["what", "must", "aim", *receivers, "reached"]) + " |",
        "|" + " --- |" * (4 + len(receivers)),
    ]
    for row in rows:
        figures = [row.figures.get(name, "") for name in receivers]
        lines.append("| " + " | ".join([row.what, row.must, row.aim, *figures, row.reached]) + " |")
    return "\n".join(lines)
