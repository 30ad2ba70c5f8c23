"""Test overload: full queues, slow and endless bodies, and very many lines."""

import asyncio
import json
import logging
import resource
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import httpx
import pytest

from api.http import body, intake, protocol
from ledger.append import writer
from ledger.append.outcome import AppendRequest
from ledger.append.recorder import Recorder, Result
from tests.api.process import serving
from tests.api.service import NDJSON, NO_TLS, NOTICE, STRUCTURED, Service, begin, progress

pytestmark = pytest.mark.database
PAGE = resource.getpagesize()
ENTRIES = f"/ledgers/{NOTICE}/entries"


def exchange(service: Service, request: bytes, drip: bytes = b"", pause: float = 0.02) -> bytes:
    """Return the server's bytes until it closes, to a client that sends one byte at a time."""
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=120) as client:
        client.sendall(request)
        try:
            for index in range(len(drip)):
                client.sendall(drip[index : index + 1])
                time.sleep(pause)
        except OSError:
            pass
        answer = b""
        try:
            while piece := client.recv(65_536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


def head(service: Service, media_type: str, length: int = 100_000) -> bytes:
    lines = (
        f"POST {ENTRIES} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {service.notice.tokens['officer']}",
        f"Content-Type: {media_type}",
        f"Content-Length: {length}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_an_event_a_byte_at_a_time_is_not_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.3)
    before = service.position()
    answer = exchange(service, head(service, STRUCTURED), json.dumps(progress()).encode())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "TOO_SLOW"
    assert b"connection: close" in answer.lower()
    assert service.position() == before


def test_a_body_that_pauses_is_not_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.1)
    assert exchange(service, head(service, STRUCTURED) + b"{").startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_forms_for_everybody_have_the_same_limits(
    service: Service, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Send a form that pauses, and one that has only separators, which are no inputs."""
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.1)
    for kind, sent in (
        ("application/x-www-form-urlencoded", b"&" * 100_000),
        ("multipart/form-data; boundary=x", b"--x--" * 20_000),
    ):
        lines = (f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}")
        kept_open = "\r\n".join((*lines, "Transfer-Encoding: chunked", "Connection: close", "", "")).encode()
        assert exchange(service, kept_open).startswith(b"HTTP/1.1 408 ")
        assert exchange(service, kept_open + b"%x\r\n%b\r\n" % (len(sent), sent)).startswith(b"HTTP/1.1 413 ")


def test_a_page_that_answers_a_slow_form_ends_the_connection(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.1)
    lines = ("POST /sign-in HTTP/1.1", "Host: localhost", "Content-Length: 100")
    answer = exchange(service, "\r\n".join((*lines, "", "token=")).encode())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close\r\n" in answer.lower()


def test_a_form_that_is_cut_off_is_no_fault(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Disconnect in the middle of a form; wait for the line of the request in the log."""
    log: SimpleQueue[logging.LogRecord] = SimpleQueue()
    caplog.set_level("INFO", "api.requests")
    handler = QueueHandler(log)
    logging.getLogger("api.requests").addHandler(handler)
    host, port = service.url.removeprefix("http://").split(":")
    try:
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ntoken=")
        record = log.get(timeout=60)
    finally:
        logging.getLogger("api.requests").removeHandler(handler)
    assert record.__dict__["fields"]["status"] == 400


def test_a_head_a_byte_at_a_time_is_not_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    assert exchange(service, b"", head(service, STRUCTURED)) == b""
    assert exchange(service, b"") == b""  # nor for a client that says nothing at all


def test_a_connection_lasts_longer_than_a_head_may_take(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=120) as client:
        for _ in range(3):
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")
            time.sleep(0.4)
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert client.recv(65_536) == b""


FILLER = b"X-Filler: " + b"x" * 10_000 + b"\r\n"
REFUSED = (b"HTTP/1.1 400", b"")
"""Possible answers to a client that still sends when the server closes: it may see only the end."""


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + FILLER * 7 + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Filler: " + b"x" * 400_000,
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=["many lines", "a line without end", "a long address"],
)
def test_a_head_has_its_bounds(service: Service, sent: bytes) -> None:
    assert exchange(service, sent)[:12] in REFUSED


def test_what_comes_behind_chunks_has_its_bounds_and_is_not_read(service: Service) -> None:
    lines = head(service, STRUCTURED).replace(b"Content-Length: 100000", b"Transfer-Encoding: chunked")
    chunks = b"2\r\n{}\r\n0\r\n"
    assert exchange(service, lines + chunks + b"X-Filler: " + b"x" * 400_000)[:12] in REFUSED
    close = lines.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    answer = exchange(service, close + chunks + b"Authorization: none\r\n" + FILLER + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 422 ")


def test_a_request_is_answered_before_what_cannot_be_made_out_behind_it(service: Service) -> None:
    sent = json.dumps(progress()).encode()
    before = service.position()
    answer = exchange(service, head(service, STRUCTURED, len(sent)) + sent + b"no request line\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert service.position() == before + 1


def test_lines_may_come_slowly_but_each_has_its_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "IDLE_SECONDS", 3.0)
    lines = [json.dumps(progress()).encode() + b"\n" for _ in range(3)]
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=120) as client:
        client.sendall(head(service, NDJSON))
        for line in lines:  # 3.6 s in all, each well within its own 3
            client.sendall(line)
            time.sleep(1.2)
        client.sendall(lines[0][:10])
        received = b""
        while b"TOO_SLOW" not in received:
            received += client.recv(65_536)
    assert received.count(b'"position"') == 3


def test_slow_clients_hold_nobody_up(service: Service, officer: httpx.Client) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(200)]
    for client in slow:
        client.sendall(head(service, STRUCTURED) + b"{")
    began = time.monotonic()
    assert service.post(officer, progress()).status_code == 201
    assert time.monotonic() - began < body.IDLE_SECONDS  # it was answered while they were waited for
    for client in slow:
        client.close()


async def test_when_the_queue_is_full_one_is_told_when_to_come_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, released = threading.Event(), threading.Event()
    record = Recorder.record

    async def record_later(
        self: Recorder, requests: Sequence[AppendRequest], *, wait: bool = True
    ) -> list[Result]:
        taken.set()
        await asyncio.to_thread(released.wait, 60)
        return await record(self, requests, wait=wait)

    monkeypatch.setattr(writer, "QUEUE_ENTRIES", 2)
    monkeypatch.setattr(Recorder, "record", record_later)
    headers = {**service.headers("officer"), "Content-Type": STRUCTURED}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, timeout=60, verify=NO_TLS) as client:

        def post(media_type: str = STRUCTURED) -> "asyncio.Task[httpx.Response]":
            content = json.dumps(progress())
            return asyncio.create_task(client.post(ENTRIES, content=content, headers={"Content-Type": media_type}))

        recording = [post()]
        assert await asyncio.to_thread(taken.wait, 60)
        waiting = [post() for _ in range(8)]
        while len(busy := [task.result() for task in waiting if task.done()]) < 6:
            await asyncio.wait([task for task in waiting if not task.done()], return_when=asyncio.FIRST_COMPLETED)
        assert len(busy) == 6
        assert {(answer.status_code, answer.json()["code"]) for answer in busy} == {(429, "BUSY")}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in busy)
        with monkeypatch.context() as impatient:
            impatient.setattr(intake, "BUSY_SECONDS", 0.0)
            refused = await post(NDJSON)
        assert (refused.status_code, refused.json()["code"], refused.json()["line"]) == (200, "BUSY", 1)
        patient = post(NDJSON)  # lines wait for room, as more of them are behind
        assert (await asyncio.wait([patient], timeout=0.5))[1] == {patient}
        released.set()
        answers = [await task for task in (*recording, *waiting)]
        assert sum(answer.status_code == 201 for answer in answers) == 3
        assert (await patient).json()["position"] == service.position()


def test_each_refused_line_is_named(officer: httpx.Client) -> None:
    bad = progress(activityRating="x")
    bad["data"]["activityRating"] = "PURPLE"
    stranger = progress(source="system")
    lines = ["", "{", json.dumps(bad), "", json.dumps(progress()), json.dumps(stranger), "[]"]
    answer = officer.post(ENTRIES, content="\n".join(lines), headers={"Content-Type": NDJSON})
    answers = [json.loads(line) for line in answer.text.splitlines()]
    named = [(one.get("line"), one.get("id"), one.get("source")) for one in answers]
    assert named == [
        (2, None, None),
        (3, bad["id"], "officer"),
        (None, answers[2]["id"], "officer"),
        (6, stranger["id"], "system"),
        (7, None, None),
    ]


def lines_of(total: int, wrong_every: int = 0) -> Iterator[bytes]:
    """Yield some lines in pieces of about a megabyte."""
    right = json.dumps({**progress("Ten visits."), "id": "%d"})
    wrong = right.replace('"O1"', '"no id!"')
    for start in range(0, total, 2_000):
        numbers = range(start, min(start + 2_000, total))
        yield "".join(
            (wrong if wrong_every and number % wrong_every == 0 else right).replace("%d", f"n-{number}") + "\n"
            for number in numbers
        ).encode()


async def arriving(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


async def send(url: str, headers: dict[str, str], pieces: Iterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    """Stream the pieces, and yield each answer as it arrives."""
    async with (
        httpx.AsyncClient(timeout=600, verify=NO_TLS) as client,
        client.stream(
            "POST", url + ENTRIES, content=arriving(pieces), headers={**headers, "Content-Type": NDJSON}
        ) as answer,
    ):
        async for line in answer.aiter_lines():
            yield json.loads(line)


@pytest.mark.long(seconds=20)
@pytest.mark.timeout(900)
async def test_of_100_000_lines_each_third_wrong_the_right_ones_are_in(service: Service) -> None:
    before, total = service.position(), 100_000
    number = refused = 0
    async for answer in send(service.url, service.headers("officer"), lines_of(total, 3)):
        if number % 3 == 0:
            assert (answer["code"], answer["line"], answer["id"]) == ("INVALID_FIELD", number + 1, f"n-{number}")
            refused += 1
        else:
            assert (answer["id"], answer["position"]) == (f"n-{number}", before + number + 1 - refused)
        number += 1
    assert (number, refused) == (total, 33_334)
    assert service.position() == before + total - refused


def megabytes(pid: int) -> float:
    """Return the resident memory of the process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6


@pytest.mark.long(seconds=190)
@pytest.mark.timeout(1800)
async def test_a_million_lines_take_no_more_memory_than_some(database: str) -> None:
    """Measure the recording process while another folds the views, which keep some rows in memory."""
    notice = await begin(database)
    headers = {"Authorization": f"Bearer {notice.tokens['officer']}"}
    sizes: list[float] = []

    def watched(pid: int) -> Iterator[bytes]:
        """Yield the lines, and note the server's memory after each 50,000."""
        for number, piece in enumerate(lines_of(1_000_000)):
            if number % 25 == 0:
                sizes.append(megabytes(pid))
            yield piece

    with serving(database), serving(database) as process:
        number = 0
        async for answer in send(process.url, headers, watched(process.popen.pid)):
            assert "position" in answer
            number += 1
        sizes.append(megabytes(process.popen.pid))
        process.stop()
    print([round(size) for size in sizes])  # noqa: T201 - figures for the reader of the log
    assert number == 1_000_000
    assert max(sizes[4:]) < max(sizes[:4]) + 20
