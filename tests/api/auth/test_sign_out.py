"""Test that signing out ends the session on the server, for a copy of its cookie and in every process."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from ledger.mutable import sessions
from ledger.store.database import connect
from tests.api.browsing import browser, fields, sign_in
from tests.api.service import Service


@pytest.fixture
def person(service: Service) -> Iterator[httpx.Client]:
    """Sign an officer in."""
    with browser(service.url) as client:
        sign_in(client, service.notice.tokens["officer"])
        yield client


def test_a_copy_of_the_cookie_opens_nothing_after_signing_out(service: Service, person: httpx.Client) -> None:
    with browser(service.url) as copy, Service(service.database, service.notice) as other:
        key = (service.data / "session.key").read_bytes()
        (other.data / "session.key").write_bytes(key)
        copy.cookies.update(dict(person.cookies))
        assert copy.get("/").url.path == "/"
        person.post("/sign-out", data=fields(person.get("/")))
        assert copy.get("/").url.path == "/sign-in"
        assert copy.get("/sign-in").status_code in (200, 303)
        copy.base_url = httpx.URL(other.url)
        assert copy.get("/").url.path == "/sign-in"
    again = sign_in(person, service.notice.tokens["officer"])
    assert again.url.path == "/"


def test_another_sign_in_ends_the_session_that_it_replaces(service: Service, person: httpx.Client) -> None:
    with browser(service.url) as copy:
        copy.cookies.update(dict(person.cookies))
        assert copy.get("/").url.path == "/"
        form = fields(person.get("/sign-in", params={"next": "/"}))
        person.post("/sign-in", data={**form, "token": service.notice.tokens["chair"]})
        assert person.get("/").url.path == "/"
        assert copy.get("/").url.path == "/sign-in"


async def test_a_session_ends_once_and_is_forgotten_after_it_would_expire(database: str) -> None:
    soon, past = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)
    async with await connect(database, "ledger_writer") as connection:
        assert await sessions.end(connection, "old", past)
        assert await sessions.has_ended(connection, "old")
        assert [await sessions.end(connection, "new", soon) for _ in range(2)] == [True, False]
        assert await sessions.has_ended(connection, "new")
        assert not await sessions.has_ended(connection, "other")
    with psycopg.connect(database) as administrator:
        assert administrator.execute("SELECT id FROM ledger.ended_sessions").fetchall() == [("new",)]
