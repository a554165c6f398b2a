"""Keys between entries: those typed ahead (rule 5), and the end key pressed by habit after a full entry (rule 4)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ivrbox.units import seconds_to_samples

MOST_TYPED_AHEAD = 30
"""Keys that are kept for the steps to come."""

END_KEY_GRACE_S = 0.8
"""How long after the release of an entry's last digit its end key is taken for habit."""


@dataclass(slots=True)
class Key:
    """A key that went down at sample `at`; `released` is None while it is held."""

    digit: str = field(repr=False)
    at: int
    released: int | None = None


class Keys:
    """What is known of the keys outside of an entry."""

    def __init__(self) -> None:
        """No key has been pressed."""
        self.ahead: deque[Key] = deque()
        self.last: Key | None = None
        self.ahead_allowed = False
        self._end_key: str | None = None
        self._full_entry: Key | None = None  # its last digit

    @property
    def held(self) -> bool:
        """Whether a key is down now."""
        return self.last is not None and self.last.released is None

    def pressed(self, digit: str, at: int) -> Key:
        """Note a key that went down."""
        self.last = Key(digit, at)
        return self.last

    def released(self, at: int) -> None:
        """Note that the key that was down is up."""
        if self.last is not None and self.last.released is None:
            self.last.released = at

    def type_ahead(self, key: Key) -> bool:
        """Keep a key for a step to come; False if too many are kept already."""
        if len(self.ahead) >= MOST_TYPED_AHEAD:
            return False
        self.ahead.append(key)
        return True

    def forgive(self, end_key: str | None, last_digit: Key | None) -> None:
        """An entry is full with this digit: swallow its end key if it follows at once."""
        self._end_key, self._full_entry = end_key, last_digit
        if self.ahead and self.swallows(self.ahead[0]):
            self.ahead.popleft()

    def swallows(self, key: Key) -> bool:
        """Whether this key is an end key pressed by habit; one is forgiven, and only as the very next key."""
        end_key, last = self._end_key, self._full_entry
        self._end_key = self._full_entry = None
        if last is None or key.digit != end_key:
            return False
        return last.released is None or key.at < last.released + seconds_to_samples(END_KEY_GRACE_S)
