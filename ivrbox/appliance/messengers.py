"""How an event reaches an address: a webhook over HTTP, or a broker over MQTT."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from ivrbox.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

Event = dict[str, Any]

LIMIT_S = 5.0
"""What one try may take."""

PORTS = {"mqtt": 1883, "mqtts": 8883}
TOPIC = "ivrbox"


class Messenger(Protocol):
    """Carries one event to one address; raises OSError if it did not arrive."""

    def send(self, event: Event) -> None:
        """Carry it there."""


class Webhook:
    """Posts events as JSON."""

    def __init__(self, address: SplitResult) -> None:
        """Post to this `http(s)://` address."""
        self._address = address.geturl()

    def send(self, event: Event) -> None:
        """Post one; any answer of 400 or above is a failure."""
        from http.client import HTTPException  # noqa: PLC0415 - some MB that a box without webhooks does without
        from urllib.request import Request, urlopen  # noqa: PLC0415 - as above

        body, kind = json.dumps(event).encode(), {"Content-Type": "application/json"}
        try:
            with urlopen(Request(self._address, body, kind), timeout=LIMIT_S):  # noqa: S310 - `MESSENGERS` has no file:
                pass
        except HTTPException as error:
            raise OSError(f"no HTTP server: {type(error).__name__}") from error


class Mqtt:
    """Publishes events as JSON, at least once each (QoS 1), with a connection for each: calls are rare."""

    def __init__(self, address: SplitResult) -> None:
        """Publish to `mqtt(s)://[USER:PASSWORD@]HOST[:PORT]/TOPIC`; the event's name is added to the topic.

        Raises:
            ConfigError: the library for it is not installed.
        """
        try:
            self._library: Any = import_module("paho.mqtt.client")
        except ImportError as error:
            why = f"{address.scheme}:// needs {error.name}: pip install 'ivrbox[mqtt]'"
            raise ConfigError([Fault("ivrbox.toml", None, "events.tell", why)]) from error
        self._address = address
        self._topic = address.path.strip("/") or TOPIC

    def send(self, event: Event) -> None:
        """Publish one, and wait for the broker to have it."""
        client, address = self._client(), self._address
        client.connect(address.hostname, address.port or PORTS[address.scheme])
        client.loop_start()
        try:
            published = client.publish(f"{self._topic}/{event['event']}", json.dumps(event), qos=1)
            published.wait_for_publish(LIMIT_S)
            if not published.is_published():
                raise TimeoutError("the broker has not confirmed it")
        finally:
            client.disconnect()
            client.loop_stop()

    def _client(self) -> Any:  # noqa: ANN401 - a library that may be absent
        versions = getattr(self._library, "CallbackAPIVersion", None)  # since 2.0; Debian 12 has 1.6
        client = self._library.Client(versions.VERSION2) if versions else self._library.Client()
        client.connect_timeout = LIMIT_S
        if self._address.username is not None:
            client.username_pw_set(unquote(self._address.username), unquote(self._address.password or ""))
        if self._address.scheme == "mqtts":
            client.tls_set()
        return client


MESSENGERS: dict[str, Callable[[SplitResult], Messenger]] = {
    "http": Webhook,
    "https": Webhook,
    "mqtt": Mqtt,
    "mqtts": Mqtt,
}


def checked_address(text: str) -> str:
    """An address that there is a messenger for.

    Raises:
        ValueError: there is none, or no host is named.
    """
    address = urlsplit(text)
    if address.scheme not in MESSENGERS or not address.hostname:
        kinds = ", ".join(f"{scheme}://" for scheme in MESSENGERS)
        raise ValueError(f"must be an address that begins with one of {kinds} and names a host")
    return text
