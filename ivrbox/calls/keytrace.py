"""What the ear heard and what it refused, line by line, for whoever wonders why a key was or was not taken.

It is derived from the sound, so it goes when the recording goes. Of private keys it tells nothing but that there were
some: a line that is not flat gives each row and column a level of its own, and so the levels would spell the digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivrbox.dialog.turns import DOTS
from ivrbox.units import samples_to_seconds, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ivrbox.dsp.keys import Candidate

MOST_LINES = 500
"""Candidates kept: an hour of talk brings a few, a caller who plays music into the line would bring more."""


@dataclass(slots=True)
class _Span:
    """Samples from `since` to `until` in which keys are private; None while it lasts."""

    since: int
    until: int | None = None

    def has(self, sample: int) -> bool:
        return self.since <= sample and (self.until is None or sample < self.until)


class KeyTrace:
    """Collects the candidates of a call."""

    def __init__(self) -> None:
        """Start empty."""
        self._candidates: list[Candidate] = []
        self._private: list[_Span] = []
        self._too_many = 0
        self._is_forgotten = False

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Keep what the ear has just decided on."""
        if self._is_forgotten:
            return
        for candidate in candidates:
            if len(self._candidates) < MOST_LINES:
                self._candidates.append(candidate)
            else:
                self._too_many += 1

    def hide(self, since: int) -> None:
        """From sample `since` on, keys are private."""
        self._private.append(_Span(since))

    def show(self, until: int) -> None:
        """From sample `until` on, they are no longer."""
        if self._private:
            self._private[-1].until = until

    def forget(self) -> None:
        """Lose everything, and keep nothing from now on: the recording is gone, and so is what was drawn from it."""
        self._candidates.clear()
        self._too_many = 0
        self._is_forgotten = True

    def lines(self) -> list[tuple[float, str]]:
        """Each candidate as its second and its words, in the order of their onsets; one line for a private span."""
        told = [(candidate.onset_s, _words(candidate)) for candidate in self._candidates if not self._span(candidate)]
        hidden = {span.since for candidate in self._candidates if (span := self._span(candidate))}
        told += [(samples_to_seconds(since), f"private keys {DOTS}") for since in hidden]
        if self._too_many:
            told.append((max(told)[0], f"{self._too_many} more candidates were not kept"))
        return sorted(told)

    def _span(self, candidate: Candidate) -> _Span | None:
        onset = seconds_to_samples(candidate.onset_s)
        return next((span for span in self._private if span.has(onset)), None)


def _words(candidate: Candidate) -> str:
    verdict = f"key {candidate.digit}" if candidate.accepted else f"no key {candidate.digit}: {candidate.reason}"
    levels = f"{candidate.row_dbm0:.1f} and {candidate.col_dbm0:.1f} dBm0"
    return f"{verdict} ({candidate.length_s * 1000:.0f} ms, {levels}, S/N {candidate.snr_db:.0f} dB)"
