"""Test that long or dense input of one sender does not hold up the process."""

import asyncio
import gzip
import json
from contextlib import suppress
from typing import Any, Self, cast

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.http import body, graphql, graphql_request, intake, websocket
from api.http.graphql_documents import Documents
from api.http.graphql_socket import JOINING_CHARACTERS, GraphqlSocket, JoiningSocket
from api.http.turns import Turns
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.intake.json_size import MAXIMUM_ARRAYS
from ledger.intake.parse import accept, read_json
from schema.live_pages import Rights
from tests.api.http.test_subscriptions import address, closed_with, opened
from tests.api.service import NO_TLS, Service

LINES = 5 * intake.NDJSON_CHUNK


def request_with(content: bytes) -> Request:
    """Return a request whose whole body has arrived, in gzip."""
    unread: list[Message] = [{"type": "http.request", "body": gzip.compress(content), "more_body": False}]

    async def receive() -> Message:
        return unread.pop()

    headers = [(b"content-encoding", b"gzip")]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


class Others:
    """Counter of the turns that other requests get."""

    def __init__(self) -> None:
        self.turns = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._take())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _take(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)


async def test_others_get_a_turn_between_the_parts_of_a_small_gzip() -> None:
    async with Others() as others:
        read = [lines async for lines in body.lines(request_with(b"\n" * 1_000_000))]
    assert read == []
    assert others.turns >= 1_000_000 // 65_536


async def test_others_get_a_turn_between_messages_to_sockets() -> None:
    """Check the case in which no client is slow, so that sending waits for nothing."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    accepted = JoiningSocket({"type": "websocket", "path": "/", "headers": []}, receive, send)
    await accepted.accept()
    view = graphql.endpoint(introspection=False, documents=Documents(None), origins=())
    socket = GraphqlSocket(cast(Any, view), accepted, accepted)
    async with Others() as others:
        for _ in range(20):
            await socket.send_json({"type": "pong"})
    assert len(sent) == 21
    assert others.turns >= 20


async def test_others_get_a_turn_between_refused_lines() -> None:
    sender = intake.Sender(
        cast(Any, None), Turns(), "n", Rights(Credential("officer"), "n", frozenset()), None, False
    )
    sent = bytearray()

    async def send(message: Message) -> None:
        sent.extend(message.get("body", b""))

    async with Others() as others:
        response = intake._LineResponse(request_with(b"{}\n" * LINES), sender)
        await response({"type": "http"}, cast(Any, None), send)
    assert sent.count(b"\n") == LINES
    assert others.turns >= LINES // intake.NDJSON_CHUNK


@pytest.mark.parametrize("part", ["[]", "{}", '{"a": 0}', "[[]]"])
def test_json_of_many_parts_is_refused_before_it_is_decoded(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check events and GraphQL; brackets within a text are no parts."""
    few, many = (f"[{', '.join([part] * number)}]" for number in (MAXIMUM_ARRAYS // 2 - 2, MAXIMUM_ARRAYS))
    text = json.dumps('\\"' + "[{" * MAXIMUM_ARRAYS)
    for readable in (few, text, f'{{"a": {text}, "b": []}}'):
        assert read_json(readable.encode()) == graphql_request._decode(readable) == json.loads(readable)
    monkeypatch.setattr(json, "loads", None)
    for read in (graphql_request._decode, read_json):
        with pytest.raises(Refused, match="more than 50,000 arrays and objects"):
            read(many.encode())


@pytest.mark.database
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_graphql_request_of_very_many_parts_is_answered_413(service: Service, accept: str) -> None:
    variables = f'{{"a": [{", ".join(["[]"] * MAXIMUM_ARRAYS)}]}}'
    with service.client("officer") as client:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Accept": accept}
        content = gzip.compress(f'{{"query": "{{ me {{ actor }} }}", "variables": {variables}}}'.encode())
        answer = client.post("/graphql", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


def test_a_fact_is_copied_before_its_narratives_are_taken_out() -> None:
    data = {"a": [{} for _ in range(3)], "b": {"c": 10**30, "d": None, "e": "\ud800"}}
    event = {"specversion": "1.0", "id": "1", "source": "s", "data": data | {"narrative": "It is better."}}
    event["type"] = "improvement-ledger.plan.ProgressRecorded.v1"
    before = json.dumps(event)
    with pytest.raises(Refused):
        accept(event)
    assert json.dumps(event) == before


@pytest.mark.database
async def test_a_long_message_before_the_viewer_is_known_is_not_decoded(service: Service) -> None:
    """Check with a valid token, which is not read."""
    token = f"Bearer {service.notice.tokens['officer']}"
    joined = await opened(service, {"Authorization": token, "more": "x" * JOINING_CHARACTERS})
    assert await closed_with(joined) == 4400


@pytest.mark.database
async def test_a_message_has_the_limit_of_an_event(service: Service) -> None:
    joined = await opened(service, {"Authorization": f"Bearer {service.notice.tokens['officer']}"})
    assert json.loads(await joined.recv())["type"] == "connection_ack"
    payload = {"query": "{ me { actor } }"}
    for size in (body.MAXIMUM_EVENT - 1_000, body.MAXIMUM_EVENT):
        message = {"type": "subscribe", "id": str(size), "payload": payload | {"extensions": {"x": "y" * size}}}
        await joined.send(json.dumps(message))
        if size < body.MAXIMUM_EVENT:
            assert json.loads(await joined.recv())["type"] == "next"
            assert json.loads(await joined.recv())["type"] == "complete"
    assert await closed_with(joined) == websocket.TOO_BIG


@pytest.mark.database
async def test_a_message_has_a_limited_number_of_fragments(service: Service) -> None:
    joined = await opened(service, {"Authorization": f"Bearer {service.notice.tokens['officer']}"})
    assert json.loads(await joined.recv())["type"] == "connection_ack"
    await joined.send(["{", *[""] * (websocket.FRAGMENTS - 3), '"type": "ping"}'])
    assert json.loads(await joined.recv())["type"] == "pong"
    # The client ends the message with an empty fragment, the first too many. Another could reset the connection.
    await joined.send(["{", *[""] * (websocket.FRAGMENTS - 2), '"type": "ping"}'])
    assert await closed_with(joined) == websocket.TOO_BIG


@pytest.mark.database
@pytest.mark.parametrize("kind", ["ping", "pong"])
async def test_a_client_sends_a_limited_number_of_pings(service: Service, kind: str) -> None:
    """Check before the client is known, and that the permitted number leaves the connection open."""
    joined = await connect(
        address(service), subprotocols=[Subprotocol("graphql-transport-ws")], ping_interval=None
    )
    for _ in range(websocket.CONTROL_FRAMES - 1):
        await getattr(joined, kind)()
    await (await joined.ping())
    with suppress(ConnectionClosed):
        await getattr(joined, kind)()
    assert await closed_with(joined) == websocket.TOO_MANY


@pytest.mark.database
@pytest.mark.parametrize("token", [None, "Bearer ledger_wrong"])
def test_no_json_is_decoded_for_a_request_without_a_valid_token(
    service: Service, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[object] = []
    monkeypatch.setattr(graphql_request, "_decode", decoded.append)
    headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
    with httpx.Client(base_url=service.url, verify=NO_TLS, headers=headers) as client:
        assert client.post("/graphql", content=b'{"query": "{ me { actor } }"}').status_code == 401
        assert client.get("/graphql", params={"query": "{a}", "variables": "{}"}).status_code == 401
    assert decoded == []
