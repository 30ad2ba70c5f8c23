"""Test that a slow reader's rights are read after the reader has taken the earlier pieces of a long answer."""

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from api.auth.identity import Bearer
from api.http import under_way
from api.http.protocol import Protocol
from api.http.websocket import WebSocketProtocol
from ledger.domain.roles import Role
from schema import live_pages
from tests.api.documents import MovedClock, about, documented, put
from tests.api.http.test_feed import post
from tests.api.service import NO_TLS, NOTICE, Service

pytestmark = pytest.mark.database
ENTRIES = 2_000
"""Number of entries that are longer than all buffers between the service and a client."""
PATIENCE = 60
CONTENT = b"%PDF-1.7\n" + bytes(4_000_000)
NARROW = (socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
"""Option of a client's socket that leaves most of an answer with the service."""
SUBSCRIPTION = f'subscription {{ entries(notice: "{NOTICE}", after: 0) {{ position leafHash type data }} }}'


@pytest.fixture(scope="module")
def service(template: str, clock: MovedClock) -> Iterator[Service]:
    """Run a service with a long record and a long document."""
    with documented(template, clock) as running:
        post(running.url, running.notice.tokens["officer"], ENTRIES)
        with running.client("officer") as client:
            assert put(client, CONTENT, about("E1")).status_code == 201
        yield running


class Rights:
    """Readings of the reader's rights, and the state of the connection at each."""

    def __init__(self, service: Service) -> None:
        self._connections = service._server.server_state.connections
        self.while_waiting: list[bool] = []
        """For each reading, true if the client had not taken the earlier pieces."""

    def wait(self) -> None:
        """Wait until the client has not taken what was sent, and the service goes no further."""
        looks, deadline = 0, time.monotonic() + PATIENCE
        while looks < 200:
            assert time.monotonic() < deadline, "the client takes everything at once"
            time.sleep(0.001)
            looks = looks + 1 if self.is_waiting() else 0

    def is_waiting(self) -> bool:
        """Return whether a client has not taken what was sent."""
        return any(
            (isinstance(each, Protocol) and each.flow.write_paused)
            or (isinstance(each, WebSocketProtocol) and not each.writable.is_set())
            for each in list(self._connections)
        )


@pytest.fixture
def rights(service: Service, monkeypatch: pytest.MonkeyPatch) -> Rights:
    """Check rights before each piece, and note each reading."""
    noted, roles_of = Rights(service), Bearer.roles

    async def roles(viewer: Bearer, notice: str) -> list[Role]:
        noted.while_waiting.append(noted.is_waiting())
        return await roles_of(viewer, notice)

    monkeypatch.setattr(Bearer, "roles", roles)
    monkeypatch.setattr(under_way, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(live_pages, "SENDING_SECONDS", 0.0)
    return noted


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        (f"/ledgers/{NOTICE}/entries", "text/event-stream"),
        (f"/ledgers/{NOTICE}/entries?limit=10000", "*/*"),
        (f"/ledgers/{NOTICE}/evidence/E1", "*/*"),
    ],
)
def test_each_piece_is_checked_after_the_pieces_before_it_were_taken(
    service: Service, rights: Rights, path: str, accept: str
) -> None:
    headers = {**service.headers("officer"), "Accept": accept, "Accept-Encoding": "identity"}
    transport = httpx.HTTPTransport(socket_options=[NARROW], verify=NO_TLS)
    with (
        httpx.Client(transport=transport, timeout=PATIENCE) as client,
        client.stream("GET", service.url + path, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        rights.wait()
        checks = len(rights.while_waiting)
        for piece in answer.iter_raw():
            if f"id: {ENTRIES}\n".encode() in piece:  # the feed goes on for ever
                break
    assert len(rights.while_waiting) > checks
    assert not any(rights.while_waiting)


def test_each_message_of_a_subscription_is_checked_after_the_messages_before_it_were_taken(
    service: Service, rights: Rights
) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    narrow = socket.socket()
    narrow.setsockopt(*NARROW)
    narrow.connect((host, int(port)))
    with connect(
        service.url.replace("http", "ws") + "/graphql",
        sock=narrow,
        compression=None,
        max_queue=1,
        subprotocols=[Subprotocol("graphql-transport-ws")],
        additional_headers=service.headers("officer"),
    ) as joined:
        joined.send(json.dumps({"type": "connection_init"}))
        joined.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": SUBSCRIPTION}}))
        rights.wait()
        while f'"position":{ENTRIES},' not in str(joined.recv(timeout=PATIENCE)).replace(" ", ""):
            pass
    assert not any(rights.while_waiting)
