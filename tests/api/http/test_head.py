"""Test HEAD on every address that answers GET: the same headers, and then the end, also of endless answers.

Other methods are refused with those that the address has. HTTP/1.0 gets answers without chunks.
"""

import json
import socket

import httpx
import pytest
from starlette.routing import Route

from api.app import create_app
from api.http.feed import EACH
from api.settings import Settings
from tests.api.service import Notice, Service

FEED = {"Accept": "text/event-stream"}


def test_head_on_the_feed_ends_and_leaves_the_connection_and_the_reader_free(
    service: Service,
) -> None:
    with service.client("officer") as client:
        ports = set()
        for _ in range(EACH + 5):
            answer = client.head(service.entries, headers=FEED)
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["content-type"].startswith("text/event-stream")
            ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
        assert len(ports) == 1
        with client.stream("GET", service.entries, headers=FEED) as answer:
            assert answer.status_code == 200


PATHS = {getattr(route, "path", "") for route in create_app(Settings()).routes}


@pytest.mark.parametrize("path", sorted(PATHS))
def test_head_has_the_status_and_the_type_of_get(service: Service, notice: Notice, path: str) -> None:
    address = path.replace("{notice}", notice.name).replace("{position}", "1")
    with service.client("officer") as client:
        get = client.get(address, headers={"Accept": "*/*"})
        head = client.head(address, headers={"Accept": "*/*"})
    answers = [(answer.status_code, answer.headers.get("content-type")) for answer in (get, head)]
    assert answers[0] == answers[1]
    assert head.content == b""


@pytest.mark.parametrize("query", ["{ me { actor } }", "{ nonsense }", "mutation { __typename }", "{"])
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "text/event-stream"])
def test_head_of_a_graphql_query_has_the_headers_of_get(officer: httpx.Client, query: str, accept: str) -> None:
    get, head = (
        officer.request(method, "/graphql", params={"query": query}, headers={"Accept": accept})
        for method in ("GET", "HEAD")
    )
    own = {"date", "transfer-encoding"}
    headers = [{name: value for name, value in each.headers.items() if name not in own} for each in (get, head)]
    assert (head.status_code, headers[1], head.content) == (get.status_code, headers[0], b"")


def methods(path: str) -> set[str]:
    """Return the methods of all routes with a path, of programs and of pages."""
    app = create_app(Settings())
    routes = [*app.routes, *getattr(app.router.default, "routes", ())]
    return {
        name for each in routes if isinstance(each, Route) and each.path == path for name in each.methods or ()
    }


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PROPFIND", "TRACE"])
@pytest.mark.parametrize(
    "path",
    [
        "/ledgers/{notice}/entries",
        "/ledgers/{notice}/evidence",
        "/healthz",
        "/sign-in",
        "/sign-out",
        "/notices/{notice}/drafts",
        "/notices/{notice}",
    ],
)
def test_another_method_is_refused_with_all_that_the_address_has(
    officer: httpx.Client, path: str, method: str, accept: str
) -> None:
    answer = officer.request(method, path.replace("{notice}", "tameside"), headers={"Accept": accept})
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, methods(path))


def over_http_1_0(service: Service, path: str, *lines: str) -> tuple[bytes, bytes]:
    """Return the head and the body of an answer to HTTP/1.0, up to the end of the connection."""
    host, port = service.url.removeprefix("http://").split(":")
    head = [f"GET {path} HTTP/1.0", f"Authorization: Bearer {service.notice.tokens['officer']}", *lines]
    with socket.create_connection((host, int(port)), timeout=60) as wire:
        wire.sendall("\r\n".join([*head, "", ""]).encode())
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    start, _, rest = answer.partition(b"\r\n\r\n")
    return start.lower(), rest


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_http_1_0_gets_an_answer_without_chunks_that_the_connection_ends(
    service: Service, connection: str
) -> None:
    head, lines = over_http_1_0(service, service.entries, f"Connection: {connection}")
    assert b"transfer-encoding" not in head
    assert [json.loads(line)["position"] for line in lines.splitlines()] == list(range(1, service.position() + 1))
    head, health = over_http_1_0(service, "/healthz")
    assert (b"content-length: 15" in head, health) == (True, b'{"status":"ok"}')


def test_an_error_before_the_headers_is_still_an_error(service: Service) -> None:
    with service.client() as client:
        assert client.head(service.entries, headers=FEED).status_code == 401
