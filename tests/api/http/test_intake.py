"""Test the intake's content modes over HTTP: single events, batches and NDJSON."""

import asyncio
import gzip
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from api.http import cloudevents
from api.http.body import MAXIMUM_EVENT
from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.errors import Refused
from ledger.domain.registry import KIND_OF
from tests.api.service import BATCH, NDJSON, NO_TLS, STRUCTURED, Service, event, progress, run

pytestmark = pytest.mark.database
RECEIPT = {"id", "source", "position", "leafHash", "treeSize", "rootHash", "recordedAt", "duplicate"}
MISSING = {"objective": "O9", "narrative": "n", "activityRating": "GREEN", "impactRating": "AMBER"}


def wrong() -> dict[str, Any]:
    return event("plan.ProgressRecorded", MISSING)


def batch(service: Service, client: httpx.Client, events: list[Any], **headers: str) -> httpx.Response:
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(service.entries, content=json.dumps(events), headers={"Content-Type": BATCH, **lines})


def lines(service: Service, client: httpx.Client, content: Any, **headers: str) -> httpx.Response:
    return client.post(service.entries, content=content, headers={"Content-Type": NDJSON, **headers})


def ndjson(events: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in events)


def test_a_single_event_is_answered_with_its_receipt(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    sent = progress()
    first = service.post(officer, sent)
    assert (first.status_code, first.headers["content-type"]) == (201, "application/json")
    receipt = first.json()
    assert set(receipt) == RECEIPT
    assert (receipt["id"], receipt["position"], receipt["treeSize"]) == (sent["id"], before + 1, before + 1)
    again = service.post(officer, sent)
    assert (again.status_code, again.json()) == (200, {**receipt, "duplicate": True})


def test_sixty_four_clients_with_one_key_make_one_entry(service: Service) -> None:
    before = service.position()
    content = json.dumps(progress())
    headers = {"Content-Type": STRUCTURED, **service.headers("officer")}

    async def client() -> httpx.Response:
        async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=NO_TLS) as one:
            return await one.post(service.entries, content=content, headers=headers)

    async def all_at_once() -> list[httpx.Response]:
        return await asyncio.gather(*(client() for _ in range(64)))

    answers = run(all_at_once())
    assert sorted(answer.status_code for answer in answers) == [200] * 63 + [201]
    assert len({json.dumps({**answer.json(), "duplicate": None}) for answer in answers}) == 1
    assert service.position() == before + 1


def test_the_cloudevents_sdk_is_understood(service: Service, officer: httpx.Client) -> None:
    for number, encode in enumerate((to_structured_event, to_binary_event)):
        sent = progress(
            "Zoë saw 10 families",
            id=f"sdk-{number}",
            subject="O1",
            clauses="5a 1b",
            time="2026-01-01T10:00:00Z",
        )
        data = sent.pop("data")
        message = encode(CloudEvent({**sent, "time": datetime.fromisoformat(sent["time"])}, data))
        answer = officer.post(service.entries, content=message.body, headers=dict(message.headers))
        assert answer.status_code == 201, answer.text
        stored = last(service)
        assert {name: stored[name] for name in ("id", "source", "subject", "clauses")} == {
            name: sent[name] for name in ("id", "source", "subject", "clauses")
        }
        assert stored["type"] == KIND_OF[ProgressRecorded].type, "an earlier version is stored as the present one"
        assert stored["time"].startswith("2026-01-01T10:00:00")
        assert stored["actor"] == "officer"


def last(service: Service) -> Any:
    """Return the last stored entry."""
    with psycopg.connect(service.database) as connection:
        row = connection.execute(
            "SELECT body FROM ledger.entries WHERE notice = %s ORDER BY position DESC LIMIT 1",
            (service.notice.name,),
        ).fetchone()
    assert row is not None
    return json.loads(row[0])


def binary(service: Service, client: httpx.Client, sent: dict[str, Any], **more: str) -> httpx.Response:
    headers = {f"ce-{name}": quote(str(value), safe=" ") for name, value in sent.items() if name != "data"}
    lines = {**headers, **{name.replace("_", "-"): value for name, value in more.items()}}
    content = json.dumps(sent["data"])
    return client.post(service.entries, content=content, headers={"Content-Type": "application/json", **lines})


def test_binary_headers_are_percent_decoded(service: Service, officer: httpx.Client) -> None:
    sent = progress(subject="a/b:c", clauses="5a 1b")
    assert binary(service, officer, sent, ce_subject="a%2Fb%3ac", ce_clauses='"5a%201b"').status_code == 201
    stored = last(service)
    assert (stored["subject"], stored["clauses"]) == ("a/b:c", "5a 1b")


@pytest.mark.parametrize(
    ("headers", "status", "code", "path"),
    [
        ({"ce_data": "{}"}, 422, "UNKNOWN_FIELD", "ce-data"),
        ({"ce_datacontenttype": "application/json"}, 422, "UNKNOWN_FIELD", "ce-datacontenttype"),
        ({"ce_subject": "%ff"}, 400, "NOT_UTF8", "ce-subject"),
        ({"ce_position": "7"}, 422, "SERVER_ATTRIBUTE", "position"),
        ({"ce_id": "a%00b"}, 422, "INVALID_FIELD", "id"),
        ({"ce_mood": "good"}, 422, "UNKNOWN_FIELD", "mood"),
    ],
)
def test_wrong_binary_headers_are_refused(
    service: Service, officer: httpx.Client, headers: dict[str, str], status: int, code: str, path: str
) -> None:
    before = service.position()
    answer = binary(service, officer, progress(), **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["errors"][0]["path"] == path
    assert service.position() == before


def test_one_refused_event_of_a_batch_leaves_the_others_recorded(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    first = progress()
    twice = json.dumps(progress()).replace('"source"', '"id": "x", "source"', 1)
    latin = json.dumps(progress("Zoe")).encode().replace(b"Zoe", b"Zo\xeb")
    body = b",".join(
        (
            json.dumps(first).encode(),
            twice.encode(),
            latin,
            json.dumps(wrong()).encode(),
            b"7",
            json.dumps(first).encode(),
        )
    )
    answer = officer.post(service.entries, content=b"[" + body + b"]", headers={"Content-Type": BATCH})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    answers = answer.json()
    assert [one.get("code", one.get("position")) for one in answers] == [
        before + 1, "DUPLICATE_KEY", "NOT_UTF8", "NOT_FOUND", "INVALID_EVENT", before + 1,
    ]  # fmt: skip
    assert [one["status"] for one in answers if "status" in one] == [400, 400, 422, 400]
    assert [one["duplicate"] for one in answers if "duplicate" in one] == [False, True]
    assert service.position() == before + 1


def test_a_batch_may_be_empty_and_holds_a_thousand(service: Service, officer: httpx.Client) -> None:
    assert batch(service, officer, []).json() == []
    before = service.position()
    assert [one["position"] for one in batch(service, officer, [progress() for _ in range(1_000)]).json()] == list(
        range(before + 1, before + 1_001)
    )
    over = batch(service, officer, [progress() for _ in range(1_001)])
    assert (over.status_code, over.json()["code"]) == (413, "TOO_LARGE")
    assert "1,000" in over.json()["detail"]
    assert service.position() == before + 1_000


def test_a_batch_of_millions_is_refused_at_the_first_event_too_many(
    service: Service, officer: httpx.Client
) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Refused) as refused:
            cloudevents.batch(b" [" + b"0," * 2_000_000 + b"0]")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert [refusal.code for refusal in refused.value.refusals] == ["TOO_LARGE"]
    before = service.position()
    long = progress()
    long["data"]["note"] = "n" * MAXIMUM_EVENT
    outcomes = batch(service, officer, [long, progress()]).json()
    assert [outcome.get("code") for outcome in outcomes] == ["TOO_LARGE", None]
    assert str(f"{MAXIMUM_EVENT:,}") in outcomes[0]["detail"]
    assert service.position() == before + 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[1,", b"[}", b'[{"a":NaN}]', b"[" * 100_000])
def test_a_batch_that_is_no_list_is_refused(service: Service, officer: httpx.Client, body: bytes) -> None:
    answer = officer.post(service.entries, content=body, headers={"Content-Type": BATCH})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_JSON")


@pytest.mark.parametrize("form", [BATCH, NDJSON])
@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        (lambda sound_events: [*sound_events, wrong()], 422, "NOT_FOUND"),
        (lambda sound_events: [sound_events[0], event("plan.Guessed", {}), sound_events[1]], 422, "UNKNOWN_TYPE"),
        (lambda sound_events: [*sound_events, {**sound_events[0], "subject": "O1"}], 409, "KEY_REUSED"),
        (lambda sound_events: [wrong(), *sound_events, {**sound_events[0], "subject": "O1"}], 409, "KEY_REUSED"),
        (lambda sound_events: [*sound_events, progress(source="operator")], 422, "FORBIDDEN"),
    ],
)
def test_a_strict_batch_is_recorded_whole_or_not_at_all(
    service: Service, officer: httpx.Client, form: str, spoil: Any, status: int, code: str
) -> None:
    before = service.position()
    sound_events = [progress(), progress()]

    def send(events: list[dict[str, Any]]) -> httpx.Response:
        headers = {"Prefer": "respond-async, handling=strict"}
        return (
            batch(service, officer, events, **headers)
            if form == BATCH
            else lines(service, officer, ndjson(events), **headers)
        )

    refused = send(spoil(sound_events))
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    spoiled = spoil(sound_events)
    named = {int(error["path"].removeprefix("[").partition("]")[0]) for error in refused.json()["errors"]}
    assert named
    assert named <= set(range(len(spoiled)))
    assert service.position() == before
    good = send(sound_events)
    assert (good.status_code, good.headers["preference-applied"]) == (200, "handling=strict")
    receipts = good.json() if form == BATCH else [json.loads(line) for line in good.text.splitlines()]
    assert [one["position"] for one in receipts] == [before + 1, before + 2]


@pytest.mark.parametrize("form", [BATCH, NDJSON])
def test_the_expected_position_is_that_of_the_first_event(
    service: Service, officer: httpx.Client, form: str
) -> None:
    before = service.position()
    events = [progress(), progress()]
    stale = {"Ledger-Expected-Position": str(before - 1)}
    answer = (
        batch(service, officer, events, **stale)
        if form == BATCH
        else lines(service, officer, ndjson(events), **stale)
    )
    first, second = answer.json() if form == BATCH else [json.loads(line) for line in answer.text.splitlines()]
    assert (first["status"], first["code"]) == (409, "EXPECTED_POSITION")
    assert second["position"] == before + 1


def test_gzip_is_understood(service: Service, officer: httpx.Client) -> None:
    whole = json.dumps(progress()).encode()
    for content in (gzip.compress(whole), gzip.compress(whole[:40]) + gzip.compress(whole[40:])):
        headers = {"Content-Type": STRUCTURED, "Content-Encoding": "gzip"}
        assert officer.post(service.entries, content=content, headers=headers).status_code in {200, 201}
    packed = gzip.compress(ndjson([progress() for _ in range(600)]))
    answer = lines(service, officer, packed, **{"Content-Encoding": "gzip"})
    assert sum("position" in json.loads(line) for line in answer.text.splitlines()) == 600


def test_ndjson_answers_line_by_line_in_order(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    good = [progress() for _ in range(3)]
    long = b'{"data":"' + b"x" * 2_600_000 + b'"}\n'
    content = b"\n" + ndjson(good[:1]) + b"{nonsense\r\n\n" + long + ndjson(good[1:2]) + ndjson([wrong()])
    answer = lines(service, officer, content + json.dumps(good[2]).encode())
    assert (answer.status_code, answer.headers["content-type"]) == (200, NDJSON)
    assert [one.get("code", one.get("position")) for one in map(json.loads, answer.text.splitlines())] == [
        before + 1, "INVALID_JSON", "TOO_LARGE", before + 2, "NOT_FOUND", before + 3,
    ]  # fmt: skip


async def test_ndjson_is_answered_while_it_is_still_being_sent(service: Service) -> None:
    received: asyncio.Queue[str] = asyncio.Queue()

    async def dialogue() -> AsyncIterator[bytes]:
        for number in range(3):
            yield ndjson([progress(f"Line {number}")])
            assert "position" in json.loads(await asyncio.wait_for(received.get(), 10))

    # httpx reads an answer only after it has sent all, so this speaks HTTP itself.
    port = int(service.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    token = service.headers("officer")["Authorization"]
    head = f"POST {service.entries} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: {NDJSON}\r\n"
    writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())

    async def listen() -> None:
        while line := await reader.readline():
            if line.startswith(b"{"):
                received.put_nowait(line.decode())
            if line == b"0\r\n":
                return

    listening = asyncio.create_task(listen())
    async for piece in dialogue():
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    writer.write(b"0\r\n\r\n")
    await asyncio.wait_for(listening, 10)
    writer.close()
    await writer.wait_closed()


def test_a_client_may_send_all_its_lines_before_it_reads(service: Service) -> None:
    """Send more than the sockets buffer before reading; both sides must not wait for each other."""
    before = service.position()
    refused = json.dumps(event("plan.Guessed", {})).encode() + b"\n"
    buffers = [(socket.SOL_SOCKET, buffer, 65_536) for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF)]
    small = httpx.HTTPTransport(verify=NO_TLS, socket_options=buffers)

    def sent() -> Iterator[bytes]:
        for _ in range(100):
            yield refused * 100

    with httpx.Client(
        base_url=service.url, headers=service.headers("officer"), transport=small, timeout=120
    ) as client:
        answer = lines(service, client, sent())
    assert answer.text.count('"code":"UNKNOWN_TYPE","errors"') == 10_000
    assert service.position() == before


def test_a_line_cut_off_by_a_lost_connection_is_not_recorded(service: Service, officer: httpx.Client) -> None:
    before = service.position()

    async def cut() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
        token = service.headers("officer")["Authorization"]
        head = (
            f"POST {service.entries} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: {NDJSON}\r\n"
        )
        whole, rest = ndjson([progress()]), json.dumps(progress()).encode()
        writer.write(f"{head}Content-Length: 100000\r\n\r\n".encode() + whole + rest)
        while not (await reader.readline()).startswith(b"{"):
            pass
        writer.close()
        await writer.wait_closed()

    run(cut())
    assert service.post(officer, progress()).json()["position"] == before + 2


def test_a_system_records_the_facts_it_is_registered_for(service: Service) -> None:
    with service.client("system") as system:
        assert service.post(system, progress(source="system")).status_code == 201
        elsewhere = service.post(system, progress(source="officer"))
        other = service.post(system, event("plan.ObjectiveAdded", {
            "objective": "O2", "title": "t", "areas": ["1a"], "owner": "officer", "due": "2023-06-30",
        }, "system"))  # fmt: skip
    assert [(a.status_code, a.json()["code"], a.json()["errors"][0]["path"]) for a in (elsewhere, other)] == [
        (403, "FORBIDDEN", "source"),
        (403, "FORBIDDEN", "type"),
    ]
