"""Test that the batches and reports of one actor do not occupy the process: others are answered meanwhile."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from api.http.turns import EACH
from tests.api.service import BATCH, NDJSON, NOTICE, Service, progress

pytestmark = pytest.mark.database
SHORT = httpx.Timeout(30, read=0.3)
"""Timeouts of a client whose request is not answered."""
STRICT = {"Prefer": "handling=strict"}
ANSWERED = (200, 422)
"""Statuses of an answer, here 422 if no event of a strict request was recorded."""


@contextmanager
def occupied(service: Service, actor: str) -> Iterator[None]:
    """Occupy all turns of an actor, with batches that do not end."""
    host, port = service.url.removeprefix("http://").split(":")
    head = (
        f"POST {service.entries} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {service.notice.tokens[actor]}",
        f"Content-Type: {BATCH}",
        "Content-Length: 1000",
        "Expect: 100-continue",
    )
    with ExitStack() as stack:
        for _ in range(EACH):
            client = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
            client.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
            assert client.recv(100).startswith(b"HTTP/1.1 100 "), "the body is read, in a turn"
        yield


def send(service: Service, actor: str, kind: str, timeout: Any = 30, **headers: str) -> int:
    """Send two events of an actor, or return a report; return the status of the answer."""
    events = [progress(source=actor) for _ in range(2)]
    content = {BATCH: json.dumps(events), NDJSON: "\n".join(map(json.dumps, events))}
    with service.client(actor) as client:
        if kind not in content:
            return client.get(f"/ledgers/{NOTICE}/reports/{kind}", timeout=timeout).status_code
        sent = {"Content-Type": kind, **headers}
        return client.post(service.entries, content=content[kind], headers=sent, timeout=timeout).status_code


@pytest.mark.parametrize(
    ("kind", "headers"),
    [(BATCH, {}), (NDJSON, {}), (NDJSON, STRICT), ("preview.json?from=2022-07-05&to=2022-12-31", {})],
)
def test_only_the_actor_who_has_no_turn_waits(service: Service, kind: str, headers: dict[str, str]) -> None:
    with occupied(service, "adviser"):
        assert send(service, "chair", kind, **headers) in ANSWERED
        with service.client("adviser") as client:
            assert service.post(client, progress(source="adviser")).status_code in (201, 403), "a single fact"
        with pytest.raises(httpx.ReadTimeout):
            send(service, "adviser", kind, SHORT, **headers)
    assert send(service, "adviser", kind, **headers) in ANSWERED
