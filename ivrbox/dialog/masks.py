"""When the recording must not hear: while a secret is keyed or spoken, for as long as any reason lasts."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ivrbox.dialog.effects import Mask, Unmask

if TYPE_CHECKING:
    from ivrbox.dialog.effects import Effect


class Reason(StrEnum):
    """Why the recording is masked."""

    ENTRY = "entry"  # secret digits are being collected
    KEY = "key"  # a key of theirs is still down, and sounding
    SPEECH = "speech"  # a secret is being read back


class Masking:
    """Turns overlapping reasons into one `Mask` at the first and one `Unmask` after the last."""

    def __init__(self) -> None:
        """Nothing is masked."""
        self._reasons: set[Reason] = set()
        self._since = 0

    def cover(self, reason: Reason, since: int) -> list[Effect]:
        """Mask from sample `since` on; asked again for an earlier sample, mask from there."""
        if self._reasons and since >= self._since:
            self._reasons.add(reason)
            return []
        self._reasons.add(reason)
        self._since = since
        return [Mask(since)]

    def uncover(self, reason: Reason, until: int) -> list[Effect]:
        """End a reason at sample `until`; without effect where it does not hold."""
        if reason not in self._reasons:
            return []
        self._reasons.remove(reason)
        return [] if self._reasons else [Unmask(until)]
