"""How long kept recordings stay: by age, by number, by size; the oldest go first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DAY_S = 86400


@dataclass(frozen=True)
class KeptFile:
    """A recording at rest: call id, size in bytes, and when it was sealed (seconds since 1970)."""

    call_id: str
    bytes: int
    sealed_at: float


@dataclass(frozen=True)
class Limits:
    """What may stay at most; None is no limit."""

    days: float | None = None
    count: int | None = None
    bytes: int | None = None


def overdue(files: Sequence[KeptFile], limits: Limits, now: float) -> Iterator[tuple[KeptFile, str]]:
    """The files, oldest first, that are to go by now (seconds since 1970), each with the reason in words."""
    number, total = len(files), sum(file.bytes for file in files)
    for file in sorted(files, key=lambda file: (file.sealed_at, file.call_id)):
        why = _reason(file, limits, now, number, total)
        if why:
            yield file, why
            number, total = number - 1, total - file.bytes


def _reason(file: KeptFile, limits: Limits, now: float, number: int, total: int) -> str:
    if limits.days is not None and now - file.sealed_at > limits.days * _DAY_S:
        return f"older than {limits.days:g} days"
    if limits.count is not None and number > limits.count:
        return f"more than {limits.count} were kept"
    if limits.bytes is not None and total > limits.bytes:
        return f"more than {limits.bytes / 1e6:g} MB were kept"
    return ""
