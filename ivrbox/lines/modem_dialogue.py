"""Commands and their answers, apart from what comes unasked: RING may arrive while a command waits for its OK."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from ivrbox.errors import LineError
from ivrbox.lines.modem_callerid import NEWS
from ivrbox.lines.modem_codec import STREAM_BEGINS, Code, Decoder, Item, TextLine

if TYPE_CHECKING:
    from ivrbox.lines.modem_wire import Wire

Stamped: TypeAlias = tuple[Item, float]
"""What came, and when: ms of the wire's clock."""

ANSWER_S = 3.0
"""A command is answered within this time; most are at once, `ATZ` takes a second on some."""

_YES = frozenset({"OK", STREAM_BEGINS, "VCON"})
_NO = frozenset({"ERROR", "NO CARRIER", "NO DIALTONE", "NO DIAL TONE", "BUSY", "NO ANSWER"})


class Refused(LineError):
    """The modem answered a command with ERROR, or another word for no."""


class Unanswered(LineError):
    """The modem did not answer a command in good time."""


class Dialogue:
    """Talks to the modem over a wire. What comes unasked is kept, in order, for `listen`."""

    def __init__(self, wire: Wire, gap_s: float = 0.0) -> None:
        """`gap_s`: rest between an answer and the next command; some chips lose a command that comes sooner."""
        self.wire = wire
        self.decoder = Decoder()
        self._gap_s = gap_s
        self._rested_at = wire.now()
        self._inbox: deque[Stamped] = deque()
        self._news: deque[Stamped] = deque()

    def ask(self, command: str, limit_s: float = ANSWER_S, *, brings_audio: bool = False) -> tuple[str, ...]:
        """Send a command; give the lines before its OK (or CONNECT, after which sound follows if it `brings_audio`).

        Raises:
            Refused: the modem said no.
            Unanswered: it said nothing within `limit_s` seconds.
            OSError: the port has gone.
        """
        self.rest(max(0.0, self._rested_at - self.wire.now()))
        self.decoder.expects_audio = brings_audio
        self.wire.write(f"{command}\r".encode("ascii"))
        lines: list[str] = []
        deadline = self.wire.now() + limit_s
        while (stamped := self._next(deadline)) is not None:
            item = stamped[0]
            if not isinstance(item, TextLine):
                self._keep(stamped)
            elif item.text in _NO:
                raise Refused(f"{command} was answered {item.text}")
            elif item.text in _YES or item.text.startswith(STREAM_BEGINS):
                self._rested_at = self.wire.now() + self._gap_s
                return tuple(lines)
            elif is_news(item.text):
                self._keep(stamped)
            elif item.text != command:  # the echo of the command itself
                lines.append(item.text)
        raise Unanswered(f"{command} was not answered within {limit_s:g} s")

    def says_ok(self, limit_s: float) -> bool:
        """Wait for the OK that ends a stream; sound and words before it are dropped."""
        deadline = self.wire.now() + limit_s
        while (stamped := self._next(deadline)) is not None:
            if isinstance(stamped[0], TextLine) and stamped[0].text in _YES:
                self._rested_at = self.wire.now() + self._gap_s
                return True
            self._keep(stamped)
        return False

    def send(self, data: bytes) -> None:
        """Send bytes as they are: sound, or a shielded code."""
        self.wire.write(data)

    def rest(self, seconds: float) -> None:
        """Send nothing for so long, and drop late answers and sound that come meanwhile."""
        deadline = self.wire.now() + seconds
        while (stamped := self._next(deadline)) is not None:
            self._keep(stamped)

    def listen(self, limit_s: float) -> list[Stamped]:
        """All that has come unasked, in order; waits up to `limit_s` for it where there is nothing yet."""
        if not self._news and not self._inbox:
            self._read(limit_s)
        items = [*self.kept(), *self._inbox]
        self._inbox.clear()
        return items

    def kept(self) -> list[Stamped]:
        """What has come unasked while commands were answered; reads nothing more."""
        items = list(self._news)
        self._news.clear()
        return items

    def _next(self, deadline: float) -> Stamped | None:
        while not self._inbox:
            left = deadline - self.wire.now()
            self._read(max(0.0, left))
            if left <= 0 and not self._inbox:
                return None
        return self._inbox.popleft()

    def _read(self, limit_s: float) -> None:
        items = self.decoder.feed(self.wire.read(limit_s))
        now_ms = 1000 * self.wire.now()
        self._inbox.extend((item, now_ms) for item in items)

    def _keep(self, stamped: Stamped) -> None:
        item = stamped[0]
        if isinstance(item, Code) or (isinstance(item, TextLine) and is_news(item.text)):
            self._news.append(stamped)


def is_news(text: str) -> bool:
    """Whether this line comes unasked, and answers no command."""
    return text.startswith("RING") or NEWS.fullmatch(text) is not None
