"""Test HEAD on every address that answers GET: the same headers, and then the end, also of endless answers."""

import pytest

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
GET_AND_POST = {"/graphql"}
"""Addresses whose specification has only GET and POST."""


@pytest.mark.parametrize("path", sorted(PATHS - GET_AND_POST))
def test_head_has_the_status_and_the_type_of_get(service: Service, notice: Notice, path: str) -> None:
    address = path.replace("{notice}", notice.name).replace("{position}", "1")
    with service.client("officer") as client:
        get = client.get(address, headers={"Accept": "*/*"})
        head = client.head(address, headers={"Accept": "*/*"})
    answers = [(answer.status_code, answer.headers.get("content-type")) for answer in (get, head)]
    assert answers[0] == answers[1]
    assert head.content == b""


def test_an_error_before_the_headers_is_still_an_error(service: Service) -> None:
    with service.client() as client:
        assert client.head(service.entries, headers=FEED).status_code == 401
