"""A call told to a person: who said what at which second, and what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from ivrbox.cdr import CallRecord, TurnRecord

RECORDING_WORDS = {
    "off": ("not recorded", "dim"),
    "open": ("● recording, in memory only", "red"),
    "kept": ("kept, sealed to the operator's key", "green"),
    "discarded": ("discarded: destroyed for good", "bold yellow"),
    "lost": ("lost", "red"),
    "damaged": ("damaged", "red"),
}


def recording_text(state: str) -> Text:
    """The state of a recording in words, in its colour."""
    words, style = RECORDING_WORDS[state]
    return Text(words, style=style)


def conversation(turns: Iterable[TurnRecord]) -> Table:
    """The turns as a table: time, who, what, outcome."""
    table = Table.grid(padding=(0, 2))
    for style in ("dim", "bold", "", "cyan"):
        table.add_column(style=style, overflow="fold")
    for turn in turns:
        who = "caller" if turn.role == "user" else "box"
        table.add_row(_clock(turn.at_s), who, _words(turn), turn.outcome or "")
    return table


def record_story(record: CallRecord) -> RenderableType:
    """The whole record: facts, conversation, and what went wrong."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    facts.add_row("call", record.id)
    facts.add_row("line", record.line)
    facts.add_row("caller", record.caller or "unknown")
    facts.add_row("started", record.started)
    facts.add_row("duration", f"{record.duration_s:.1f} s")
    facts.add_row("ended", record.ended)
    facts.add_row("path", " → ".join(record.path))
    facts.add_row("recording", recording_text(record.recording))
    if record.recording_detail:
        facts.add_row("", record.recording_detail)
    parts: list[RenderableType] = [facts, Text(), conversation(record.turns)]
    if notes := (*record.faults, *record.trace):
        parts += [Text(), *(Text(note, style="dim") for note in notes)]
    return Panel(Group(*parts), title="conversation record", title_align="left", border_style="blue")


def _words(turn: TurnRecord) -> Text:
    if turn.role == "agent":
        return Text(turn.text)
    return Text(turn.text, style="bold green") if turn.text else Text("(silence)", style="dim")


def _clock(at_s: float | None) -> str:
    return "" if at_s is None else f"{int(at_s // 60)}:{at_s % 60:04.1f}"
