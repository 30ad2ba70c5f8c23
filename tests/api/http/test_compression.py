"""Test which answers are compressed: long ones of routes without cookies, and no streams."""

import asyncio
import gzip
import hashlib
import json
import shutil
import subprocess
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from isal import isal_zlib
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message
from starlette_compress import CompressMiddleware

from api.app import create_app
from api.http.compression import COMPRESSED, MINIMUM, GzipEncoder
from api.settings import Settings
from tests.api.http.test_subscriptions import ENTRIES
from tests.api.service import Service

LONG = "query($id: ID!) { notice(id: $id) { entries(first: 100) { nodes { id type subject leafHash } } } }"
SHORT = "{ me { actor } }"


def ask(client: httpx.Client, query: str, notice: str, coding: str, accept: str = "*/*") -> httpx.Response:
    request = {"query": query, "variables": {"id": notice, "notice": notice, "after": 0}}
    headers = {"Accept-Encoding": coding, "Accept": accept}
    with client.stream("POST", "/graphql", json=request, headers=headers) as response:
        next(response.iter_raw())
        return response


@pytest.mark.database
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_a_long_answer_is_compressed_as_the_client_accepts(
    service: Service, officer: httpx.Client, accept: str
) -> None:
    for codings, coding in (
        ("gzip, br, zstd", "br"),
        ("gzip, br;q=0, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
    ):
        answer = ask(officer, LONG, service.notice.name, codings, accept)
        assert answer.headers.get("content-encoding") == coding, codings
        assert "accept-encoding" in answer.headers["vary"].lower(), codings


@pytest.mark.database
def test_a_compressed_answer_is_the_same(service: Service, officer: httpx.Client) -> None:
    request = {"query": LONG, "variables": {"id": service.notice.name}}
    plain = officer.post("/graphql", json=request, headers={"Accept-Encoding": "identity"})
    with officer.stream("POST", "/graphql", json=request, headers={"Accept-Encoding": "gzip"}) as compressed:
        content = b"".join(compressed.iter_raw())
    assert len(plain.content) > MINIMUM > 0
    assert len(content) < len(plain.content)
    assert gzip.decompress(content) == plain.content


@pytest.mark.database
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_reads_a_compressed_answer(service: Service, officer: httpx.Client) -> None:
    request = {"query": LONG, "variables": {"id": service.notice.name}}
    plain = officer.post("/graphql", json=request, headers={"Accept-Encoding": "identity"})
    token = f"Authorization: {officer.headers['Authorization']}"
    headers = ("-H", token, "-H", "Content-Type: application/json", "-H", "Accept-Encoding: gzip")
    command = ["curl", "-sS", "--compressed", *headers, "--data-binary", "@-", f"{officer.base_url}/graphql"]
    assert subprocess.check_output(command, input=json.dumps(request).encode()) == plain.content


def gzipped(app: ASGIApp) -> list[bytes]:
    """Return the parts of the application's answer to a client that accepts gzip."""
    sent: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            sent.append(message["body"])

    async def receive() -> Message:
        raise AssertionError("these answers read no request")

    middleware, _, options = COMPRESSED[-1]
    scope = {"type": "http", "asgi": {"spec_version": "2.4"}, "headers": [(b"accept-encoding", b"gzip")]}
    asyncio.run(middleware(app, **options)(scope, receive, send))
    return sent


def test_gzip_is_written_by_isa_l() -> None:
    # the responder is an inner part of starlette-compress, which an upgrade could move
    answer = Response(LONG * 100, media_type="application/json")
    assert gzipped(answer) == [isal_zlib.compress(answer.body, 1, 31)]


def test_an_answer_in_parts_is_the_same() -> None:
    lines = [f"{hashlib.sha256(bytes(number)).hexdigest()}\n".encode() for number in range(5_000)]

    async def parts() -> AsyncIterator[bytes]:
        for line in lines:
            yield line

    sent = gzipped(StreamingResponse(parts(), media_type="application/x-ndjson"))
    assert len(sent) > 1
    assert gzip.decompress(b"".join(sent)) == b"".join(lines)


def test_a_part_that_is_flushed_can_be_read_at_once() -> None:
    assert zlib.decompressobj(31).decompress(b"".join(GzipEncoder().feed(b"one", flush=True))) == b"one"


@pytest.mark.database
def test_short_answers_and_streams_are_not_compressed(service: Service, officer: httpx.Client) -> None:
    name = service.notice.name
    assert "content-encoding" not in ask(officer, SHORT, name, "zstd, gzip").headers
    stream = ask(officer, ENTRIES, name, "zstd, gzip", "text/event-stream")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in stream.headers


@pytest.mark.database
def test_a_page_of_entries_is_compressed_and_their_feed_is_not(service: Service, officer: httpx.Client) -> None:
    for accept, coding in (("*/*", "gzip"), ("text/event-stream", None)):
        headers = {"Accept": accept, "Accept-Encoding": "gzip"}
        with officer.stream("GET", service.entries, headers=headers) as answer:
            next(answer.iter_raw())
            assert answer.headers.get("content-encoding") == coding


@pytest.mark.database
def test_a_page_that_a_cookie_opens_is_not_compressed(service: Service, people: dict[str, httpx.Client]) -> None:
    page = people["officer"].get(f"/notices/{service.notice.name}", headers={"Accept-Encoding": "zstd, gzip"})
    assert (page.status_code, len(page.content) > MINIMUM) == (200, True)
    assert "content-encoding" not in page.headers


def test_only_public_routes_and_routes_with_a_token_are_compressed() -> None:
    app = create_app(Settings())
    pages = app.router.default.routes  # type: ignore[attr-defined]
    compressed = {
        route.path
        for route in [*app.routes, *pages]
        if isinstance(route, Route) and isinstance(getattr(route.app, "_app", None), CompressMiddleware)
    }
    with_token = {"/graphql", "/ledgers/{notice}/entries"}
    public = {"/facts", "/facts/{type}", "/openapi.json", "/assets/{digest}/{name}"}
    assert compressed == with_token | public
