"""Test subscriptions over WebSocket and server-sent events: no entry is missing or repeated, and rights apply."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.auth.identity import Identity
from api.http import feed, graphql_socket, websocket
from ledger.domain.errors import Unavailable
from tests.api.http.test_pressure import megabytes
from tests.api.process import serving
from tests.api.service import NDJSON, NO_TLS, STRUCTURED, Service, begin, event, issue, progress, record

pytestmark = pytest.mark.database
PATIENCE = 120
"""Seconds that an answer may take on a busy machine."""
ENTRIES = """subscription($notice: ID!, $after: Int) {
    entries(notice: $notice, after: $after) { position type withheld } }"""


def address(service: Any) -> str:
    return str(service.url).replace("http", "ws") + "/graphql"


def client(service: Service, actor: str = "officer") -> Client:
    headers = {"Authorization": f"Bearer {service.notice.tokens[actor]}"}
    transport = WebsocketsTransport(
        url=address(service), headers=headers, connect_timeout=PATIENCE, ack_timeout=PATIENCE, close_timeout=20
    )
    return Client(transport=transport, execute_timeout=PATIENCE)


async def followed(
    service: Service, after: int | None, count: int, actor: str = "officer"
) -> AsyncIterator[dict[str, Any]]:
    """Return the first entries of a subscription as they arrive."""
    document = gql(ENTRIES)
    document.variable_values = {"notice": service.notice.name, "after": after}
    async with client(service, actor) as session:
        async for answer in session.subscribe(document):
            yield answer["entries"]
            count -= 1
            if not count:
                return


async def test_it_catches_up_and_goes_on_live(service: Service, officer: httpx.Client) -> None:
    head = service.position()
    positions = []
    async with asyncio.timeout(PATIENCE):
        async for entry in followed(service, 0, head + 5):
            positions.append(entry)
            if len(positions) >= head and len(positions) < head + 5:
                assert (await asyncio.to_thread(service.post, officer, progress())).status_code == 201
    assert [entry["position"] for entry in positions] == list(range(1, head + 6))
    assert not any(entry["withheld"] for entry in positions)


async def test_without_a_position_it_begins_with_what_is_recorded_next(
    service: Service, officer: httpx.Client
) -> None:
    before = service.position()

    async def first() -> int:
        (entry,) = [entry async for entry in followed(service, None, 1)]
        return int(entry["position"])

    following = asyncio.create_task(first())
    async with asyncio.timeout(PATIENCE):
        while not following.done():  # entries from before its start are not sent
            await asyncio.to_thread(service.post, officer, progress())
            await asyncio.wait([following], timeout=0.2)
    assert before < await following <= service.position()


async def test_nothing_is_missed_or_told_twice_while_many_record(service: Service) -> None:
    """Follow from the first entry on, by WebSocket and by server-sent events."""
    total = service.position() + 4 * 100

    def record() -> None:
        with service.client("officer") as sending:
            for _ in range(2):
                lines = "\n".join(json.dumps(progress()) for _ in range(50))
                answer = sending.post(
                    service.entries, content=lines, headers={"Content-Type": NDJSON}, timeout=PATIENCE
                )
                assert answer.text.count("position") == 50

    async def by_socket() -> list[int]:
        return [int(entry["position"]) async for entry in followed(service, 0, total)]

    async def by_events() -> list[int]:
        request = {"query": ENTRIES, "variables": {"notice": service.notice.name, "after": 0}}
        headers = service.headers("officer") | {"Accept": "text/event-stream"}
        async with (
            httpx.AsyncClient(base_url=service.url, verify=NO_TLS, headers=headers, timeout=PATIENCE) as http,
            http.stream("POST", "/graphql", json=request) as answer,
        ):
            return [int(each["data"]["entries"]["position"]) async for each in first(answer, total)]

    async with asyncio.timeout(PATIENCE):
        entries, events, *_ = await asyncio.gather(
            by_socket(), by_events(), *(asyncio.to_thread(record) for _ in range(4))
        )
    assert entries == events == list(range(1, total + 1))


async def test_who_does_not_see_entries_follows_their_positions(service: Service) -> None:
    async with asyncio.timeout(PATIENCE):
        entries = [entry async for entry in followed(service, 0, 3, actor="member")]
    assert entries == [{"position": n, "type": None, "withheld": True} for n in (1, 2, 3)]


async def test_compliance_is_told_at_once_and_when_it_changes(service: Service) -> None:
    document = gql("subscription($notice: ID!) { compliance(notice: $notice) { clause status } }")
    document.variable_values = {"notice": service.notice.name}
    async with asyncio.timeout(PATIENCE), client(service, "adviser") as session:
        async for answer in session.subscribe(document):
            assert isinstance(answer["compliance"], list)
            break


async def test_a_position_beyond_the_head_and_a_notice_of_others_are_refused(service: Service) -> None:
    for notice, after, code in (
        (service.notice.name, 99_999, "NOT_CAUGHT_UP"),
        ("another", 0, "NOT_FOUND"),
        (service.notice.name, -1, "BAD_USER_INPUT"),
    ):
        document = gql(ENTRIES)
        document.variable_values = {"notice": notice, "after": after}
        with pytest.raises(TransportQueryError) as refused:
            await drained(service, document)
        assert refused.value.errors is not None
        assert refused.value.errors[0]["extensions"]["code"] == code


async def drained(service: Service, document: Any) -> None:
    async with asyncio.timeout(PATIENCE), client(service) as session:
        async for _ in session.subscribe(document):
            pass


# --- the protocol itself


async def opened(
    service: Any, payload: Any = None, init: dict[str, Any] | None = None, **more: Any
) -> ClientConnection:
    # A client with unread messages does not hear the server close.
    more = {"open_timeout": PATIENCE, "close_timeout": 1} | more
    joined = await connect(address(service), subprotocols=[Subprotocol("graphql-transport-ws")], **more)
    await joined.send(json.dumps({"type": "connection_init"} | ({"payload": payload} if payload else init or {})))
    return joined


async def closed_with(joined: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed):
        await heard(joined)
    await joined.wait_closed()  # else its transport may outlive the event loop
    assert joined.close_code is not None
    return joined.close_code


async def heard(joined: ClientConnection) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            await joined.recv()


async def test_a_browser_says_who_it_is_when_it_joins(service: Service) -> None:
    token = service.notice.tokens["officer"]
    joined = await opened(service, {"Authorization": f"Bearer {token}"})
    assert json.loads(await joined.recv())["type"] == "connection_ack"
    request = {"query": "{ me { actor } }"}
    await joined.send(json.dumps({"type": "subscribe", "id": "1", "payload": request}))
    answer = json.loads(await joined.recv())
    assert answer["payload"]["data"] == {"me": {"actor": "officer"}}
    await joined.close()


@pytest.mark.parametrize("payload", [None, {"Authorization": "Bearer ledger_no"}, {"Authorization": 7}])
async def test_nobody_in_particular_may_not_join(service: Service, payload: Any) -> None:
    assert await closed_with(await opened(service, payload)) == 4403


@pytest.mark.parametrize("authorization", ["Bearer ledger_no", "Basic x", "Bearer"])
async def test_a_bad_token_in_the_handshake_closes_the_socket_with_a_code(
    service: Service, authorization: str
) -> None:
    joined = await opened(service, additional_headers={"Authorization": authorization})
    assert await closed_with(joined) == 4403


async def test_an_actor_has_a_limited_number_of_sockets(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that a closed socket makes room, and that other actors are not concerned."""
    monkeypatch.setattr(feed, "EACH", 2)
    officer = {"Authorization": f"Bearer {service.notice.tokens['officer']}"}
    sockets = [await opened(service, officer) for _ in range(2)]
    for each in sockets:
        assert json.loads(await each.recv())["type"] == "connection_ack"
    assert await closed_with(await opened(service, officer)) == 4429
    other = await opened(service, {"Authorization": f"Bearer {service.notice.tokens['adviser']}"})
    assert json.loads(await other.recv())["type"] == "connection_ack"
    await sockets.pop().close()
    async with asyncio.timeout(PATIENCE):
        while True:  # the server notices the end of a socket a little later
            again = await opened(service, officer)
            message = again.recv()
            try:
                assert json.loads(await message)["type"] == "connection_ack"
                break
            except ConnectionClosed:
                await again.wait_closed()
                continue
    for each in (*sockets, other, again):
        await each.close()


async def test_without_a_database_a_socket_is_asked_to_come_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("the database cannot be reached")

    monkeypatch.setattr(Identity, "viewer_of", away)
    assert await closed_with(await opened(service, {"Authorization": "Bearer x"})) == 1013


@pytest.mark.parametrize(
    "garbage",
    [
        "no json", "[]", "7", '{"type": 7}', '{"type": "subscribe"}', "[" * 50_000,
        '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ me { actor } }", "variables": []}}',
        '{"type": "unheard of"}', '{"type": "connection_init"}',
    ],
)  # fmt: skip
async def test_garbage_closes_the_socket_and_nothing_else(
    service: Service, officer: httpx.Client, garbage: str
) -> None:
    token = service.notice.tokens["officer"]
    joined = await opened(service, {"Authorization": f"Bearer {token}"})
    await joined.recv()
    await joined.send(garbage)
    assert await closed_with(joined) in (4400, 4429)
    assert (await asyncio.to_thread(officer.get, "/healthz")).status_code == 200


async def test_by_server_sent_events_too(service: Service) -> None:
    headers = {"Authorization": f"Bearer {service.notice.tokens['officer']}", "Accept": "text/event-stream"}
    request = {"query": ENTRIES, "variables": {"notice": service.notice.name, "after": 0}}
    async with (
        httpx.AsyncClient(base_url=service.url, verify=NO_TLS, headers=headers) as http,
        asyncio.timeout(PATIENCE),
        http.stream("POST", "/graphql", json=request) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [data async for data in first(answer, 3)]
    assert [each["data"]["entries"]["position"] for each in events] == [1, 2, 3]
    assert all(each["extensions"]["ledger"][0]["notice"] == service.notice.name for each in events)


async def first(answer: httpx.Response, count: int) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: ") and len(line) > len("data: "):
            yield json.loads(line.removeprefix("data: "))
            count -= 1
            if not count:
                return


async def record_megabytes(service: Service, officer: httpx.Client) -> None:
    lines = "\n".join(json.dumps(progress("x" * 2_000)) for _ in range(1_000))
    kind = {"Content-Type": NDJSON}
    answer = await asyncio.to_thread(officer.post, service.entries, content=lines, headers=kind, timeout=PATIENCE)
    assert answer.text.count("position") == 1_000


@asynccontextmanager
async def unread(service: Service) -> AsyncIterator[ClientConnection]:
    """Follow all entries with their narratives, through a small buffer, without reading any."""
    host, port = service.url.removeprefix("http://").split(":")
    with socket.socket() as small:
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        small.connect((host, int(port)))
        small.setblocking(False)
        payload = {"Authorization": f"Bearer {service.notice.tokens['officer']}"}
        reader = await opened(service, payload, sock=small, max_queue=1, compression=None)
        document = ENTRIES.replace("withheld }", "withheld narratives { text } }")
        request = {"query": document, "variables": {"notice": service.notice.name, "after": 0}}
        await reader.send(json.dumps({"type": "subscribe", "id": "1", "payload": request}))
        try:
            yield reader
        finally:
            reader.transport.abort()
            await reader.wait_closed()


async def test_a_client_that_reads_too_slowly_is_let_go_with_a_code(
    service: Service, officer: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record_megabytes(service, officer)
    monkeypatch.setattr(graphql_socket, "SLOW_SECONDS", 0.3)
    closed: asyncio.Queue[int] = asyncio.Queue()
    here = asyncio.get_running_loop()
    close = graphql_socket.GraphqlSocket.close

    async def noted(self: graphql_socket.GraphqlSocket, code: int, reason: str) -> None:
        here.call_soon_threadsafe(closed.put_nowait, code)
        await close(self, code, reason)

    monkeypatch.setattr(graphql_socket.GraphqlSocket, "close", noted)
    async with unread(service) as reader:
        async with asyncio.timeout(PATIENCE):
            assert await closed.get() == graphql_socket.SLOW
        assert await closed_with(reader) == graphql_socket.SLOW


async def test_a_client_that_never_reads_is_disconnected(
    service: Service, officer: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record_megabytes(service, officer)
    monkeypatch.setattr(graphql_socket, "SLOW_SECONDS", 0.3)
    monkeypatch.setattr(websocket, "STALLED_SECONDS", 0.6)
    lost = asyncio.Event()
    here = asyncio.get_running_loop()
    connection_lost = websocket.WebSocketProtocol.connection_lost

    def noted(self: websocket.WebSocketProtocol, exc: Exception | None) -> None:
        here.call_soon_threadsafe(lost.set)
        connection_lost(self, exc)

    monkeypatch.setattr(websocket.WebSocketProtocol, "connection_lost", noted)
    async with unread(service), asyncio.timeout(PATIENCE):
        await lost.wait()


async def crowd(database: str, notice: str) -> list[str]:
    """Return tokens of as many officers as a thousand sockets need."""
    actors = [f"officer-{number}" for number in range(1_000 // feed.EACH)]
    granted = [{"actor": actor, "role": "COUNCIL_OFFICER"} for actor in actors]
    await record(database, notice, [event("people.RoleGranted", each, "operator") for each in granted])
    return [await issue(database, notice, actor, "COUNCIL_OFFICER") for actor in actors]


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_thousand_who_wait_cost_little_and_all_hear(database: str) -> None:
    """Serve all of them in one process, and measure its memory."""
    notice = await begin(database)
    tokens = await crowd(database, notice.name)
    with serving(database) as process:
        service = SimpleNamespace(url=process.url, notice=notice)
        officer = {"Authorization": f"Bearer {notice.tokens['officer']}"}
        async with httpx.AsyncClient(
            base_url=process.url, headers=officer, verify=NO_TLS, timeout=PATIENCE
        ) as http:
            entries = f"/ledgers/{notice.name}/entries"
            kind = {"Content-Type": STRUCTURED}
            head = (await http.post(entries, json=progress(), headers=kind)).json()["position"]
            before = megabytes(process.popen.pid)
            request = {"query": ENTRIES, "variables": {"notice": notice.name, "after": head}}
            sockets = []
            for number in range(1_000):
                waiting = await opened(service, {"Authorization": f"Bearer {tokens[number % len(tokens)]}"})
                await waiting.recv()
                await waiting.send(json.dumps({"type": "subscribe", "id": "1", "payload": request}))
                sockets.append(waiting)
            grown = megabytes(process.popen.pid) - before
            await http.post(entries, json=progress(), headers=kind)
            async with asyncio.timeout(PATIENCE):
                messages = [json.loads(await each.recv()) for each in sockets]
            after = megabytes(process.popen.pid) - before
            await asyncio.gather(*(each.close() for each in sockets))
        process.stop()
    assert {each["payload"]["data"]["entries"]["position"] for each in messages} == {head + 1}
    assert (grown < 150, after < 200) == (True, True), (grown, after)
