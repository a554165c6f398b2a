"""From what a modem says unasked to the events of a line: rings, caller, digits, the end of a call. No port in it."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from ivrbox.lines.line import Digit, ExtensionLifted, RemoteHungUp, Ringing
from ivrbox.lines.modem_callerid import CallerIdLines
from ivrbox.lines.modem_codec import Code, TextLine
from ivrbox.lines.modem_digits import DIGITS, GROUP_BEGINS, GROUP_ENDS, Presses
from ivrbox.lines.modem_survey import Doing
from ivrbox.units import ms_to_samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ivrbox.lines.line import LineEvent
    from ivrbox.lines.modem_codec import Item
    from ivrbox.lines.modem_dialogue import Stamped
    from ivrbox.lines.modem_profile import CodesSpec

REASONS = {
    "l": "loop_break",
    "b": "busy_tone",
    "K": "congestion_tone",
    "d": "dial_tone",
    "i": "dial_tone",
    "s": "silence",
    "q": "silence",
}
"""Reports that may end a call, by the evidence that they are (V.253 table of codes); others are named by their code."""

_DTMF = DIGITS | {GROUP_BEGINS, GROUP_ENDS}


class News:
    """Reads the news of one line. Times are ms of any clock that goes on."""

    def __init__(self, codes: CodesSpec) -> None:
        """`codes`: what the reports of this modem mean."""
        self._codes = codes
        self._caller = CallerIdLines()
        self._rung_ms = float("-inf")
        self.underruns = 0
        self.begin_call(frozenset())

    def begin_call(self, digits_while: frozenset[Doing]) -> None:
        """Off-hook: nothing is known of this caller. The modem owns the digits while it does what is named."""
        self.digits_while = digits_while
        self.presses = Presses(self._codes.held_ms)
        self.is_over = False
        self.underruns = 0
        self._evidence: dict[str, deque[float]] = defaultdict(deque)
        self._caller.forget()

    def on_hook(self, items: Iterable[Stamped], now_ms: float) -> list[LineEvent]:
        """What a line that waits has brought, up to now."""
        events: list[LineEvent] = []
        for item, at_ms in items:
            if self._is_ring(item):
                events += [caller] if (caller := self._caller.rung()) else []
                events += self._ring(at_ms)
            elif isinstance(item, TextLine) and (caller := self._caller.push(item.text, at_ms)):
                events.append(caller)
        late = self._caller.poll(now_ms)
        return [*events, late] if late else events

    def off_hook(self, items: Iterable[Stamped], doing: Doing) -> list[LineEvent]:
        """What a call has brought, while the modem was doing this. After the caller has gone: nothing."""
        events: list[LineEvent] = []
        for item, at_ms in items:
            if self.is_over:
                break
            if isinstance(item, Code) and item.code not in self._ignored(doing):
                events += self._code(item.code, doing, at_ms)
            elif isinstance(item, TextLine) and item.text == "NO CARRIER":
                events += self.hung_up("no_carrier")
        return events

    def hung_up(self, reason: str, evidence: str = "", tail_samples: int = 0) -> list[LineEvent]:
        """The call is over for this reason; told once."""
        events: list[LineEvent] = [] if self.is_over else [RemoteHungUp(reason, evidence, tail_samples)]
        self.is_over = True
        return events

    def _is_ring(self, item: Item) -> bool:
        if isinstance(item, Code):
            return item.code == self._codes.ring
        return isinstance(item, TextLine) and any(_begins(item.text, word) for word in self._codes.ring_words)

    def _ring(self, now_ms: float) -> list[LineEvent]:
        """One burst, one event: some modems say both the word and the code for it."""
        is_new = now_ms - self._rung_ms >= self._codes.ring_gap_ms
        self._rung_ms = now_ms
        return [Ringing()] if is_new else []

    def _ignored(self, doing: Doing) -> str:
        return self._codes.ignored_playing if doing is Doing.PLAYING else self._codes.ignored_recording

    def _code(self, code: str, doing: Doing, now_ms: float) -> list[LineEvent]:
        if code in _DTMF:
            return self.key(code, now_ms) if doing in self.digits_while else []
        if code in self._codes.hang_up:
            return self._weigh(code, doing, now_ms)
        self.underruns += code == "u"
        return [ExtensionLifted()] if code in self._codes.extension_lifted else []

    def key(self, code: str, now_ms: float) -> list[LineEvent]:
        digit = self.presses.push(code, now_ms)
        return [Digit(digit)] if digit else []

    def _weigh(self, code: str, doing: Doing, now_ms: float) -> list[LineEvent]:
        reports = self._evidence[code]
        reports.append(now_ms)
        while now_ms - reports[0] > 1000 * self._codes.hang_up_within_s:
            reports.popleft()
        if len(reports) < self._codes.hang_up[code]:
            return []
        since_ms = now_ms - reports[0]
        evidence = f"the modem reported DLE {code}, {len(reports)} times in {since_ms / 1000:.1f} s"
        tail = ms_to_samples(since_ms) if doing is Doing.RECORDING else 0
        return self.hung_up(REASONS.get(code, f"modem_code_{code}"), evidence, tail)


def _begins(text: str, word: str) -> bool:
    """Whether a line is this word, alone or with more behind it: `RING A` is distinctive ringing, `RINGING` is none."""
    return text == word or text.startswith(f"{word} ")
