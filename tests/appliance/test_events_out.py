"""Others are told of calls, without numbers and digits unless the owner wants it, and at no cost to any call."""

from __future__ import annotations

import json
import socket
import sys
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ivrbox.appliance import messengers
from ivrbox.appliance.board import Answered, Filed, LineBack, LineGone, Rang
from ivrbox.appliance.events_out import Addressee, Teller, teller
from ivrbox.appliance.messengers import Mqtt, Webhook
from ivrbox.appliance.settings import EventsSpec, read_settings
from ivrbox.appliance.worker import CAPACITY
from ivrbox.cdr import CallRecord, TurnRecord
from ivrbox.errors import ConfigError
from tests.conftest import STARTED, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivrbox.appliance.messengers import Event

TURNS = (TurnRecord("agent", "Press."), TurnRecord("user", "1"), TurnRecord("user", "●●●●"))
RECORD = CallRecord("a", "desk", "5550100", STARTED.isoformat(), 9.0, "hangup", TURNS, recording="kept")
NOTICES = (Rang(), Answered("a", "5550100"), Filed(RECORD), LineGone("no cable"), LineBack())


class Letterbox:
    """Takes events, or fails so many times first."""

    def __init__(self, fails: int = 0) -> None:
        self.events: list[Event] = []
        self.tries = 0
        self._fails = fails

    def send(self, event: Event) -> None:
        self.tries += 1
        if self.tries <= self._fails:
            raise OSError("nobody at home")
        self.events.append(event)


def told(settings: EventsSpec) -> list[Event]:
    box = Letterbox()
    with closing(Teller(settings, "desk", lambda: STARTED, [Addressee("box", box)])) as tells:
        for notice in NOTICES:
            tells.read(notice)
    return box.events


def test_calls_and_losses_of_the_line_are_told_without_numbers_and_digits() -> None:
    stamp = {"line": "desk", "at": "2026-03-01T12:00:00+00:00"}
    ended = {"duration_s": 9.0, "ended": "hangup", "recording": "kept", "messages": 0}
    assert told(EventsSpec()) == [
        {"event": "answered", "call": "a", **stamp},
        {"event": "ended", "call": "a", **ended, **stamp},
        {"event": "line_lost", "why": "no cable", **stamp},
        {"event": "line_back", **stamp},
    ]


def test_numbers_and_digits_are_told_where_the_owner_wants_it_and_private_ones_never() -> None:
    events = told(EventsSpec(caller=True, digits=True))
    assert [event.get("caller") for event in events[:2]] == ["5550100", "5550100"]
    assert events[1]["digits"] == ["1", "●●●●"]


def test_an_address_that_was_away_for_a_moment_misses_nothing() -> None:
    box = Letterbox(fails=3)
    addressee = Addressee("box", box, retry_after_s=(0, 0, 0))
    addressee.tell({"event": "x"})
    addressee._worker.close()
    assert box.events == [{"event": "x"}]
    assert addressee.counts == {"sent": 1, "dropped": 0}


def test_an_address_that_is_dead_costs_its_events_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    box = Letterbox(fails=1000)
    addressee = Addressee("dead.example", box, retry_after_s=(0, 0))
    addressee.tell({"event": "x"})
    addressee._worker.close()
    assert (box.tries, addressee.counts["dropped"]) == (3, 1)
    assert "event x did not reach dead.example: nobody at home" in caplog.text


def test_a_full_queue_drops_events_and_keeps_nobody_waiting() -> None:
    go = threading.Event()

    class Slow(Letterbox):
        def send(self, event: Event) -> None:
            go.wait(30)
            super().send(event)

    box = Slow()
    addressee = Addressee("slow", box)
    for number in range(CAPACITY + 10):
        addressee.tell({"event": number})
    assert addressee.counts["dropped"] >= 9
    go.set()
    addressee.close()
    assert addressee.counts["sent"] == len(box.events) == CAPACITY + 10 - addressee.counts["dropped"]


def test_at_the_end_a_dead_address_is_tried_once_and_no_more() -> None:
    box = Letterbox(fails=1000)
    addressee = Addressee("dead", box, retry_after_s=(3600,))
    for number in range(5):
        addressee.tell({"event": number})
    addressee.close()
    assert box.tries <= 2
    assert addressee.counts["dropped"] == 5


@contextmanager
def web(status: int) -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.headers["Content-Type"], json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_webhook_gets_json() -> None:
    with web(204) as (address, got):
        tells = teller(EventsSpec(tell=(address,)), "desk", lambda: STARTED)
        tells.read(LineBack())
        tells.close()
        assert tells.counts() == {"sent": 1, "dropped": 0}
    assert got == [("application/json", {"event": "line_back", "line": "desk", "at": "2026-03-01T12:00:00+00:00"})]


def test_a_webhook_that_refuses_has_not_got_it() -> None:
    with web(500) as (address, _), pytest.raises(OSError, match="500"):
        Webhook(urlsplit(address)).send({"event": "x"})


def test_a_server_that_speaks_no_http_has_not_got_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(4096)
                client.sendall(b"SSH-2.0-what\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(OSError, match="no HTTP server"):
            Webhook(urlsplit(f"http://127.0.0.1:{server.getsockname()[1]}")).send({"event": "x"})
        thread.join()


class Broker:
    """The smallest MQTT 3.1.1 broker: takes one connection, confirms what is published (or does not)."""

    def __init__(self, *, confirms: bool = True) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._confirms = confirms
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.published: list[tuple[str, Any]] = []
        self.user = b""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        self._thread.join(30)
        self._server.close()

    def _serve(self) -> None:
        client, _ = self._server.accept()
        with client, client.makefile("rb") as stream:
            while head := stream.read(1):
                body = stream.read(self._length(stream))
                if head[0] >> 4 == 1:  # CONNECT
                    self.user = body
                    client.sendall(b"\x20\x02\x00\x00")
                elif head[0] >> 4 == 3:  # PUBLISH, QoS 1
                    end = 2 + int.from_bytes(body[:2])
                    self.published.append((body[2:end].decode(), json.loads(body[end + 2 :])))
                    if self._confirms:
                        client.sendall(b"\x40\x02" + body[end : end + 2])
                else:
                    return

    @staticmethod
    def _length(stream: Any) -> int:
        length, shift = 0, 0
        while (byte := stream.read(1)[0]) & 128:
            length, shift = length | (byte & 127) << shift, shift + 7
        return int(length | byte << shift)


def test_a_broker_gets_each_event_under_its_topic_and_confirms_it() -> None:
    pytest.importorskip("paho.mqtt.client", reason="needs the extra mqtt")
    with closing(Broker()) as broker:
        Mqtt(urlsplit(f"mqtt://box:s%40crit@{broker.address}/house/phone")).send({"event": "ended"})
    assert broker.published == [("house/phone/ended", {"event": "ended"})]
    assert b"box" in broker.user
    assert b"s@crit" in broker.user


def test_a_broker_that_does_not_confirm_has_not_got_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("paho.mqtt.client", reason="needs the extra mqtt")
    monkeypatch.setattr(messengers, "LIMIT_S", 0.2)
    with closing(Broker(confirms=False)) as broker, pytest.raises(TimeoutError, match="not confirmed"):
        Mqtt(urlsplit(f"mqtt://{broker.address}")).send({"event": "ended"})


def test_without_its_library_an_mqtt_address_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(ConfigError, match=r"events.tell: mqtt:// needs .*pip install 'ivrbox\[mqtt\]'"):
        teller(EventsSpec(tell=("mqtt://broker.example",)), "desk", lambda: STARTED)


@pytest.mark.parametrize("address", ["ftp://example.org", "example.org/hook", "file:///etc/passwd", "http://"])
def test_an_address_of_another_kind_is_a_fault_of_the_settings(tmp_path: Path, address: str) -> None:
    settings = f'[call]\nentry = "main"\n[events]\ntell = ["{address}"]\n'
    config = write_config(tmp_path, {"ivrbox.toml": settings})
    with pytest.raises(ConfigError, match=r"events.tell.*must be an address that begins with one of http://, https://"):
        read_settings(config)
