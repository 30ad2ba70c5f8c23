"""Test which answers are compressed: long ones of routes without cookies, and no streams."""

import zlib

import httpx
import pytest
from starlette.routing import Route
from starlette_compress import CompressMiddleware

from api.app import create_app
from api.http.compression import MINIMUM
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
        ("gzip, br, zstd", "zstd"),
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
    assert zlib.decompress(content, 31) == plain.content


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
        if isinstance(route, Route) and isinstance(route.app, CompressMiddleware)
    }
    with_token = {"/graphql", "/ledgers/{notice}/entries"}
    public = {"/facts", "/facts/{type}", "/openapi.json", "/assets/{digest}/{name}"}
    assert compressed == with_token | public
