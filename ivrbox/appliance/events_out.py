"""Events for others, as they happen: a webhook or an MQTT broker is told of each call, and of a line that is lost.

Neither the caller's number nor a digit is told unless the owner asks for it; digits of a PII step never are. An
address that does not answer is tried again a few times, then the event is dropped and counted: nothing here may ever
weigh on a call, nor fill the memory.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ivrbox.appliance.board import Answered, Filed, LineBack, LineGone
from ivrbox.appliance.messengers import MESSENGERS
from ivrbox.appliance.worker import Worker, WorkerFull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivrbox.appliance.board import Notice
    from ivrbox.appliance.clock import Clock
    from ivrbox.appliance.messengers import Event, Messenger
    from ivrbox.appliance.settings import EventsSpec

log = logging.getLogger(__name__)

RETRY_AFTER_S = (1.0, 5.0, 25.0)


class Addressee:
    """One address, with a queue and a thread of its own, so that one that is dead keeps no other waiting."""

    def __init__(self, name: str, messenger: Messenger, retry_after_s: Sequence[float] = RETRY_AFTER_S) -> None:
        """Tell this one; `name` is what the log calls it."""
        self._name = name
        self._messenger = messenger
        self._retry_after_s = retry_after_s
        self._stop = threading.Event()
        self._worker = Worker("events")
        self.counts = Counter({"sent": 0, "dropped": 0})

    def tell(self, event: Event) -> None:
        """Have it told; never waits."""
        try:
            self._worker.submit(lambda: self._deliver(event))
        except WorkerFull:
            self.counts["dropped"] += 1

    def close(self) -> None:
        """Try what is left once more, up to the first failure."""
        self._stop.set()
        self._worker.close()

    def _deliver(self, event: Event) -> None:
        for wait_s in (*self._retry_after_s, None):
            try:
                self._messenger.send(event)
            except (OSError, ValueError, RuntimeError) as error:
                if wait_s is None or self._stop.wait(wait_s):
                    self._give_up(event, error)
                    return
            else:
                self.counts["sent"] += 1
                return

    def _give_up(self, event: Event, error: Exception) -> None:
        self.counts["dropped"] += 1
        log.warning("event %s did not reach %s: %s", event["event"], self._name, error)
        if self._stop.is_set():
            self._messenger = Closed()


class Closed:
    """Stands in for an address that failed while the box was stopping: the rest need not be tried."""

    def send(self, event: Event) -> None:
        """Not any more."""
        raise OSError(f"{event['event']}: the box is stopping")


class Teller:
    """Reads the board, and tells every addressee."""

    def __init__(self, settings: EventsSpec, line: str, clock: Clock, addressees: Sequence[Addressee]) -> None:
        """Tell of this line, as much as the settings allow."""
        self._settings = settings
        self._line = line
        self._clock = clock
        self._addressees = addressees

    def read(self, notice: Notice) -> None:
        """Pass a notice on, if it is one for others."""
        facts = self._facts(notice)
        if facts is None or not self._addressees:
            return
        stamp = {"line": self._line, "at": self._clock().isoformat(timespec="seconds")}
        for addressee in self._addressees:
            addressee.tell({**facts, **stamp})

    def counts(self) -> dict[str, int]:
        """Events sent and dropped so far."""
        total = Counter({"sent": 0, "dropped": 0})
        for addressee in self._addressees:
            total.update(addressee.counts)
        return dict(total)

    def close(self) -> None:
        """Tell what can still be told."""
        for addressee in self._addressees:
            addressee.close()

    def _facts(self, notice: Notice) -> Event | None:
        match notice:
            case Answered(call_id, caller):
                return {"event": "answered", "call": call_id, **self._caller(caller)}
            case Filed(record):
                digits = [turn.text for turn in record.turns if turn.role == "user"]
                return {
                    "event": "ended",
                    "call": record.id,
                    "duration_s": record.duration_s,
                    "ended": record.ended,
                    "recording": record.recording,
                    "messages": len(record.messages),
                    **self._caller(record.caller),
                    **({"digits": digits} if self._settings.digits else {}),
                }
            case LineGone(why):
                return {"event": "line_lost", "why": why}
            case LineBack():
                return {"event": "line_back"}
        return None

    def _caller(self, number: str | None) -> Event:
        return {"caller": number} if self._settings.caller else {}


def teller(settings: EventsSpec, line: str, clock: Clock) -> Teller:
    """Make the teller that the settings ask for.

    Raises:
        ConfigError: a library that an address needs is not installed.
    """
    addresses = [urlsplit(address) for address in settings.tell]
    messengers = [MESSENGERS[address.scheme](address) for address in addresses]
    named = zip(addresses, messengers, strict=True)
    return Teller(settings, line, clock, [Addressee(address.hostname or "", carrier) for address, carrier in named])
