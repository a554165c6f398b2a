"""One press, one digit: from the codes of a modem's detector, with all their habits.

    V.253       DLE /  1 1 1 ... (every 70 ms while held)  DLE ~      one press
    t38modem    DLE /  1  DLE ~                                       one press
    Rockwell    1                                                     one press
    some        1 1 1 ... while held, without the marks               one press where `held_ms` says so

A key that is held while the modem turns from playing to recording may be told again by the detector that starts
afresh; so may the box's own detector, which hears the rest of the tone. Such an echo is dropped.
"""

from __future__ import annotations

DIGITS = frozenset("0123456789*#ABCD")
GROUP_BEGINS, GROUP_ENDS = "/", "~"

STALE_MS = 500
"""A group in which nothing came for so long has lost its end mark: V.253 repeats the digit every 70 ms."""

CARRY_MS = 120
"""A digit told so soon after the modem turned over, by a detector that needs 40 to 80 ms, began before it."""

HELD_AT_MOST_MS = 1000
"""A key told longer ago than this is no longer held: a new code of the same digit is a new press."""


class Presses:
    """Tells presses from codes. Times are ms of any clock that goes on; they never run backwards."""

    def __init__(self, held_ms: float = 0) -> None:
        """`held_ms`: codes of one digit closer than this are one press, for modems that repeat without marks."""
        self._held_ms = held_ms
        self._in_group = False
        self._down = ""  # the key that may still be held
        self._told_ms = float("-inf")
        self._turned_ms = float("-inf")

    def push(self, code: str, now_ms: float) -> str | None:
        """Take a code; give the digit that was pressed, if this code begins a press."""
        if code in DIGITS:
            return self._digit(code, now_ms)
        if code == GROUP_BEGINS:
            self._in_group = True
            self._down = self._down if self._is_fresh(now_ms) else ""
        elif code == GROUP_ENDS:
            self._in_group, self._down = False, ""
        return None

    def turned_over(self, now_ms: float) -> None:
        """The modem has turned from playing to recording, or back: its detector starts afresh."""
        self._turned_ms = now_ms

    def _digit(self, digit: str, now_ms: float) -> str | None:
        is_same_press = digit == self._down and now_ms - self._told_ms < self._patience_ms(now_ms)
        self._down, self._told_ms = digit, now_ms
        return None if is_same_press else digit

    def _patience_ms(self, now_ms: float) -> float:
        if self._is_fresh(now_ms):
            return HELD_AT_MOST_MS
        return STALE_MS if self._in_group else self._held_ms

    def _is_fresh(self, now_ms: float) -> bool:
        return now_ms - self._turned_ms <= CARRY_MS
