"""Business hours and holidays: what `when = "open"` means at a given moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from ivrbox.flows.prompt import Spec
from ivrbox.flows.wording import refusal, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +(\d\d):(\d\d)-(\d\d):(\d\d)")
_YEARLY = re.compile(r"(\d\d)-(\d\d)")
_LEAP_YEAR = 2000


@dataclass(frozen=True)
class Span:
    """A stretch of hours on some days of the week; one that ends before it begins runs past midnight."""

    days: frozenset[int]
    begins: time
    ends: time

    def covers(self, moment: datetime) -> bool:
        """Whether it is on at this moment: from its first minute until just before its end."""
        now = moment.time()
        if self.begins < self.ends:
            return moment.weekday() in self.days and self.begins <= now < self.ends
        yesterday = (moment.weekday() - 1) % len(DAYS)
        return (moment.weekday() in self.days and now >= self.begins) or (yesterday in self.days and now < self.ends)


def span(text: str) -> Span:
    """Read `mon-fri 09:00-17:00`; raises what pydantic takes for a fault."""
    found = _SPAN.fullmatch(text.strip().lower())
    wrong = refusal(f'must be days and hours such as "mon-fri 09:00-17:00", not {shown(text)}')
    if found is None or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
        raise wrong
    try:
        begins, ends = _time(found[3], found[4]), _time(found[5], found[6])
    except ValueError:
        raise wrong from None
    return Span(frozenset(_days(found[1], found[2] or found[1])), begins, ends)


def _time(hour: str, minute: str) -> time:
    return time.min if (hour, minute) == ("24", "00") else time(int(hour), int(minute))


def _days(first: str, last: str) -> Iterator[int]:
    day, end = DAYS.index(first), DAYS.index(last)
    yield day
    while day != end:
        day = (day + 1) % len(DAYS)
        yield day


def _checked_span(text: str) -> str:
    span(text)
    return text


def _holiday(value: Any) -> Any:  # noqa: ANN401  # whatever TOML holds
    text = value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value
    try:
        if _YEARLY.fullmatch(text):
            return date.fromisoformat(f"{_LEAP_YEAR}-{text}").isoformat()[5:]
        return date.fromisoformat(text).isoformat()
    except (TypeError, ValueError):
        raise refusal(f'must be a date such as "2026-12-24", or "12-25" for every year, not {shown(value)}') from None


class HoursSpec(Spec):
    """The `[hours]` table: when the house is open, in the box's local time, and the days on which it is not."""

    open: tuple[Annotated[str, AfterValidator(_checked_span)], ...]
    holidays: tuple[Annotated[str, BeforeValidator(_holiday, json_schema_input_type=str | date)], ...] = ()

    def is_holiday(self, moment: datetime) -> bool:
        """Whether this is one of the holidays."""
        return any(moment.date().isoformat().endswith(day) for day in self.holidays)

    def is_open(self, moment: datetime) -> bool:
        """Whether the house is open; on a holiday it is not."""
        return not self.is_holiday(moment) and any(span(text).covers(moment) for text in self.open)


def holds(when: str, hours: HoursSpec | None, moment: datetime) -> bool:
    """Whether a condition holds: `open`, `closed`, `holiday`, or hours of its own (`"sat-sun 00:00-24:00"`)."""
    if when == "holiday":
        return hours is not None and hours.is_holiday(moment)
    if when in ("open", "closed"):
        is_open = hours is None or hours.is_open(moment)
        return is_open is (when == "open")
    return span(when).covers(moment)
