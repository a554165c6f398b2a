"""What a scenario expects, held against the record of its call: each thing that is otherwise, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ivrbox.appliance.scenario_spec import ExpectSpec
    from ivrbox.cdr import CallRecord


def failures_of(expect: ExpectSpec, record: CallRecord, *, transfers: int) -> list[str]:
    """Say what is not as expected; empty when all is. `transfers` is how often the hook was flashed."""
    words = {
        "recording": record.recording,
        "ended": record.ended,
        "messages": len(record.messages),
        "transfers": transfers,
    }
    return [
        *_prompts(expect, record),
        *_lists(expect, record),
        *_words(expect, words),
        *_hidden(expect, record),
        *_length(expect, record),
    ]


def _prompts(expect: ExpectSpec, record: CallRecord) -> Iterator[str]:
    said = [turn.text for turn in record.turns if turn.role == "agent"]
    rest = iter(said)
    for words in expect.prompts or ():
        if not any(words.casefold() in text.casefold() for text in rest):
            yield f"prompts: {words!r} was not said, or not in this order; the box said {_listed(said)}"
            return


def _lists(expect: ExpectSpec, record: CallRecord) -> Iterator[str]:
    user = [turn for turn in record.turns if turn.role == "user"]
    found = {
        "digits": tuple(turn.text for turn in user),
        "outcomes": tuple(turn.outcome or "" for turn in user),
        "path": record.path,
    }
    for name, values in found.items():
        wanted = getattr(expect, name)
        if wanted is not None and wanted != values:
            yield f"{name}: expected {_listed(wanted)}, not {_listed(values)}"
    for note in expect.notes or ():
        if not any(note in line for line in (*record.faults, *record.trace)):
            yield f"notes: nothing says {note!r}; there is {_listed((*record.faults, *record.trace))}"


def _words(expect: ExpectSpec, found: Mapping[str, object]) -> Iterator[str]:
    for name, value in found.items():
        wanted = getattr(expect, name)
        if wanted is not None and wanted != value:
            yield f"{name}: expected {wanted}, not {value}"


def _hidden(expect: ExpectSpec, record: CallRecord) -> Iterator[str]:
    whole = json.dumps(record.to_json(), ensure_ascii=False)
    for secret in expect.hidden:
        if secret in whole:
            yield f"hidden: {secret!r} stands in the record"


def _length(expect: ExpectSpec, record: CallRecord) -> Iterator[str]:
    if expect.shorter_than is not None and record.duration_s >= expect.shorter_than:
        yield f"shorter_than: expected less than {expect.shorter_than} s, not {record.duration_s:.2f} s"
    if expect.longer_than is not None and record.duration_s <= expect.longer_than:
        yield f"longer_than: expected more than {expect.longer_than} s, not {record.duration_s:.2f} s"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(repr(value) for value in values) or "nothing"
