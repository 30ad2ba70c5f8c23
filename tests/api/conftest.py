"""Serve the real application for the tests of a module, on a database of its own."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.browsing import browser, sign_in
from tests.api.everybody import peopled
from tests.api.service import ROLES, Notice, Service, begin, event, record, run
from tests.databases import copied_database


@pytest.fixture(scope="module")
def service(template: str) -> Iterator[Service]:
    """Run a service whose notice `tameside` has an area, an objective, and a person in each role."""
    with copied_database(template, "views_template") as url:
        notice = run(begin(url))
        with Service(url, notice) as running:
            yield running


@pytest.fixture(scope="module")
def everybody(template: str) -> Iterator[Service]:
    """Run a service whose notice has a person in each role, and a measure with a small reading."""
    with peopled(template) as running:
        yield running


@pytest.fixture
def notice(service: Service) -> Notice:
    """Return the notice of the service, and its tokens."""
    return service.notice


@pytest.fixture
def officer(service: Service) -> Iterator[httpx.Client]:
    """Return a council officer's client, which has one connection."""
    with service.client("officer") as client:
        yield client


@pytest.fixture(scope="module")
def people(service: Service) -> Iterator[dict[str, httpx.Client]]:
    """Return each person's browser, signed in."""
    scheduled = {
        "review": "V1",
        "kind": "six-month review",
        "by": "DfE",
        "from": "2026-12-01",
        "topics": ["CULTURE"],
    }
    run(record(service.database, service.notice.name, [event("reviews.ReviewScheduled", scheduled, "operator")]))
    clients = {actor: browser(service.url) for actor in ROLES}
    for actor, client in clients.items():
        sign_in(client, service.notice.tokens[actor])
    yield clients
    for client in clients.values():
        client.close()
