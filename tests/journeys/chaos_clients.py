"""Clients of the chaos test: they record, disconnect in the middle of requests, and follow a notice's entries."""

import json
import socket
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.api.service import NO_TLS, STRUCTURED, progress

PATIENCE = 120.0
"""Seconds within which a request succeeds, after any number of attempts."""
STREAM_SECONDS = 5.0
"""Seconds without a byte after which a follower connects again."""
_SUBSCRIPTION = "subscription($n: ID!, $a: Int) { entries(notice: $n, after: $a) { position eventId } }"
_EVENTS = "text/event-stream"
Seen = tuple[int, str]
"""Position and event id of an entry, as a feed states them."""


@dataclass
class Connection:
    """One connection of a follower: where it began, and the lines that it received."""

    url: str
    after: int
    lines: list[str] = field(default_factory=list)


class Clients:
    """Clients of one notice at several servers.

    Args:
        notice: The notice.
        token: API token of the officer.
        address: Function that returns the address of a server.
        chance: Source of all choices.
    """

    def __init__(self, notice: str, token: str, address: Callable[[], str], chance: Random) -> None:
        self._path = f"/ledgers/{notice}"
        self._notice, self._address, self._chance = notice, address, chance
        self._headers = {"Authorization": f"Bearer {token}"}
        self._ids = count(1)
        self.ended = threading.Event()
        """Set when clients that record are to stop."""
        self.complete = threading.Event()
        """Set once they have stopped, so that followers stop at the last entry."""
        self.receipts: dict[str, dict[str, Any]] = {}
        self.cut = 0
        """Requests that were cut off."""
        self.seen: dict[str, list[Seen]] = {}
        """Entries that each follower has seen, in order."""
        self.connections: dict[str, list[Connection]] = {}

    # --- clients that record

    def record(self, name: str) -> None:
        """Record one event after another; send each again until it has a receipt."""
        while not self.ended.is_set():
            self._until_receipt(self._event(name))

    def _event(self, name: str) -> dict[str, Any]:
        return progress(f"Visit {name}.") | {"id": f"{name}-{next(self._ids)}"}

    def _until_receipt(self, event: dict[str, Any]) -> None:
        deadline = monotonic() + PATIENCE
        while True:
            with suppress(httpx.HTTPError):
                answer = httpx.post(
                    f"{self._address()}{self._path}/entries",
                    json=event,
                    headers={**self._headers, "Content-Type": STRUCTURED},
                    timeout=20,
                    verify=NO_TLS,
                )
                if answer.status_code in (200, 201):
                    self.receipts[event["id"]] = answer.json()
                    return
                assert answer.status_code in (429, 503), answer.text
            assert monotonic() < deadline, "an event got no receipt"
            self.ended.wait(0.05)

    def cut_requests(self, least: int) -> None:
        """Disconnect within the head, within the body or before the answer, until the end and `least` times."""
        deadline = monotonic() + 4 * PATIENCE
        while self.cut < least or not self.ended.is_set():
            assert monotonic() < deadline, "too few requests were cut off"
            event = self._event("cut")
            body = json.dumps(event).encode()
            head = (
                f"POST {self._path}/entries HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: {self._headers['Authorization']}\r\n"
                f"Content-Type: {STRUCTURED}\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode()
            whole = head + body
            sent = self._chance.choice([self._chance.randrange(1, len(whole)), len(whole)])
            parts = urlsplit(self._address())
            with (
                suppress(OSError),
                socket.create_connection((parts.hostname, parts.port), timeout=5) as connection,
            ):
                connection.sendall(whole[:sent])
                self.ended.wait(self._chance.uniform(0, 0.02))
                self.cut += 1
            if sent == len(whole) and self._chance.random() < 0.3:
                self._until_receipt(event)  # it may be recorded already
            self.ended.wait(self._chance.uniform(0, 0.3))

    # --- clients that follow

    def follow(self, name: str, size: Callable[[], int]) -> None:
        """Follow the entries from the first one on, and resume after the last one seen, at any server."""
        seen, connections = self.seen.setdefault(name, []), self.connections.setdefault(name, [])
        deadline = monotonic() + 6 * PATIENCE
        while not (self.complete.is_set() and seen and seen[-1][0] >= size()):
            assert monotonic() < deadline, f"{name} has seen {len(seen)} entries of {size()}"
            connection = Connection(self._address(), seen[-1][0] if seen else 0)
            connections.append(connection)
            with suppress(httpx.HTTPError):
                for entry in _FOLLOWERS[name](self, connection):
                    seen.append(entry)
            self.complete.wait(0.05)

    def _by_last_event_id(self, connection: Connection) -> Iterator[Seen]:
        request = {
            "method": "GET",
            "url": f"{self._path}/entries",
            "headers": {"Accept": _EVENTS, "Last-Event-ID": str(connection.after)},
        }
        return ((position, event["id"]) for position, event in self._events(connection, request, "entry"))

    def _by_subscription(self, connection: Connection) -> Iterator[Seen]:
        document = {"query": _SUBSCRIPTION, "variables": {"n": self._notice, "a": connection.after}}
        request = {"method": "POST", "url": "/graphql", "json": document, "headers": {"Accept": _EVENTS}}
        for position, answer in self._events(connection, request, "next"):
            entry = answer["data"]["entries"]
            assert entry["position"] == position
            yield position, entry["eventId"]

    def _events(
        self, connection: Connection, request: dict[str, Any], kind: str
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the position and data of each complete event of a kind that has an id."""
        fields: dict[str, str] = {}
        with self._client(connection) as client, client.stream(**request) as answer:
            for line in answer.iter_lines():
                connection.lines.append(line)
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields.get("event") == kind and "id" in fields:
                    yield int(fields["id"]), json.loads(fields["data"])
                if not line:
                    fields = {}

    def _by_notifications(self, connection: Connection) -> Iterator[Seen]:
        with self._client(connection) as client:
            answer = client.get(f"{self._path}/notifications?start={connection.after + 1}&limit=100")
        connection.lines.append(answer.text)
        for notification in answer.json() if answer.status_code == 200 else ():
            yield notification["id"], json.loads(b64decode(notification["state"]))["id"]

    def _client(self, connection: Connection) -> httpx.Client:
        return httpx.Client(base_url=connection.url, headers=self._headers, timeout=STREAM_SECONDS, verify=NO_TLS)


_FOLLOWERS = {
    "Last-Event-ID": Clients._by_last_event_id,
    "subscription": Clients._by_subscription,
    "notifications": Clients._by_notifications,
}
FOLLOWERS = tuple(_FOLLOWERS)
"""Names of the ways to follow."""
