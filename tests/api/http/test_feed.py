"""Test the live feed: every entry once, in order, across reconnects, restarts and processes."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.http import feed, protocol
from tests.api.http.test_entries_feed import stored
from tests.api.process import faults, serving
from tests.api.service import NDJSON, NO_TLS, Notice, Service, begin, issue, progress, revoke, run

pytestmark = pytest.mark.database
ENTRIES = "/ledgers/tameside/entries"


class Unauthenticated(Exception):
    """The token is not valid."""


@contextmanager
def following(
    url: str, token: str, after: int | None = None, patience: float = 60, **more: Any
) -> Iterator[Iterator[tuple[str | None, str, str]]]:
    """Yield the events of a feed: id, kind and data; comments have the kind `comment`."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    if after is not None:
        headers["Last-Event-ID"] = str(after)
    with httpx.stream("GET", url + ENTRIES, headers=headers, timeout=patience, verify=NO_TLS, **more) as answer:
        if answer.status_code == 401:
            raise Unauthenticated
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer)


def events(answer: httpx.Response) -> Iterator[tuple[str | None, str, str]]:
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name or "comment"] = value.strip()
        elif "data" in fields:
            yield fields.get("id"), fields["event"], fields["data"]
            fields = {}
        elif "comment" in fields:
            yield None, "comment", ""
            fields = {}


def post(url: str, token: str, number: int) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": NDJSON}
    lines = "\n".join(json.dumps(progress()) for _ in range(number))
    answer = httpx.post(url + ENTRIES, content=lines, headers=headers, verify=NO_TLS, timeout=60)
    assert all("position" in json.loads(line) for line in answer.text.splitlines()), answer.text[:500]


def test_entries_come_as_their_stored_bytes_under_their_positions(service: Service, notice: Notice) -> None:
    known = stored(service)
    with following(service.url, notice.tokens["officer"]) as feed:
        for position, (body, _) in enumerate(known, start=1):
            assert next(feed) == (str(position), "entry", body.decode())
        post(service.url, notice.tokens["officer"], 3)
        news = [next(feed) for _ in range(3)]
    assert [data.encode() for _, _, data in news] == [body for body, _ in stored(service)[len(known) :]]


def test_a_feed_goes_on_after_the_last_event(service: Service, notice: Notice) -> None:
    with following(service.url, notice.tokens["officer"], after=4) as feed:
        assert next(feed)[0] == "5"
    with following(service.url, notice.tokens["officer"], after=4, params={"after": 1}) as feed:
        assert next(feed)[0] == "5"
    with following(service.url, notice.tokens["officer"], params={"after": 2}) as feed:
        assert next(feed)[0] == "3"


def test_who_does_not_see_entries_is_told_their_hashes(service: Service, notice: Notice) -> None:
    with following(service.url, notice.tokens["member"]) as feed:
        entry = json.loads(next(feed)[2])
    assert set(entry) == {"position", "leafHash", "withheld"}


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ("-1", 400, "INVALID_HEADER"),
        ("x", 400, "INVALID_HEADER"),
        ("2147483648", 400, "INVALID_HEADER"),
        ("1000000", 409, "AHEAD_OF_LEDGER"),
    ],
)
def test_what_is_no_position_of_the_ledger_is_refused(
    officer: httpx.Client, header: str, status: int, code: str
) -> None:
    answer = officer.get(ENTRIES, headers={"Accept": "text/event-stream", "Last-Event-ID": header})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "accept", ["text/event-stream;q=0, application/x-ndjson", "*/*, Text/Event-Stream; q=0.0"]
)
def test_who_refuses_a_stream_gets_a_page(officer: httpx.Client, accept: str) -> None:
    answer = officer.get(ENTRIES, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")


@pytest.mark.parametrize("accept", ["TEXT/Event-Stream", "application/json;q=0.1, text/event-stream;q=0.5"])
def test_a_feed_begins_at_the_start_with_an_empty_position(officer: httpx.Client, accept: str) -> None:
    headers = {"Accept": accept, "Last-Event-ID": ""}
    with officer.stream("GET", ENTRIES, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert next(events(answer))[0] == "1"


def test_who_only_records_follows_nothing(service: Service) -> None:
    with service.client("system") as client:
        answer = client.get(ENTRIES, headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


def test_a_quiet_feed_has_a_heart(service: Service, notice: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(feed, "LOOK_SECONDS", 0.01)
    with following(service.url, notice.tokens["officer"], after=service.position()) as found:
        assert [next(found)[1] for _ in range(3)] == ["comment"] * 3


def test_a_revoked_token_ends_its_feed_before_the_next_entry(service: Service) -> None:
    token = run(issue(service.database, "tameside", "officer", "COUNCIL_OFFICER"))
    with following(service.url, token, after=service.position()) as feed:
        post(service.url, service.notice.tokens["officer"], 1)
        assert next(feed)[1] == "entry"
        run(revoke(service.database, "tameside", token))
        kind, data = next(feed)[1:]
        assert (kind, json.loads(data)["code"]) == ("ended", "FORBIDDEN")
        assert list(feed) == []
    with pytest.raises(Unauthenticated), following(service.url, token):
        pass


def test_an_expired_token_ends_its_feed(service: Service) -> None:
    for seconds in (1.5, 6, 24, 96):  # on a busy machine it may have expired before it is used
        until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        token = run(issue(service.database, "tameside", "officer", "COUNCIL_OFFICER", until=until))
        try:
            with following(service.url, token, after=service.position(), patience=120) as feed:
                assert next(feed)[1] == "ended"
                return
        except Unauthenticated:
            continue
    raise AssertionError("no token was used before it had expired")


def test_one_actor_holds_so_many_feeds_only(
    service: Service, notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "EACH", 1)
    with following(service.url, notice.tokens["chair"]) as open_feed:
        next(open_feed)
        headers = {"Accept": "text/event-stream"}
        with service.client("chair") as client:
            answer = client.get(ENTRIES, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (429, "BUSY")
            assert int(answer.headers["retry-after"]) > 0
        with service.client("adviser") as client, client.stream("GET", ENTRIES, headers=headers) as other:
            assert other.status_code == 200


def test_a_client_that_reads_nothing_is_let_go(
    service: Service, notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(service.url, notice.tokens["officer"], 2_000)
    monkeypatch.setattr(protocol, "STALLED_SECONDS", 0.2)
    host, port = service.url.removeprefix("http://").split(":")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect((host, int(port)))
        head = f"GET {ENTRIES} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {notice.tokens['chair']}\r\n"
        client.sendall((head + "Accept: text/event-stream\r\n\r\n").encode())
        state = service._server.server_state
        while state.connections or state.tasks:
            time.sleep(0.01)


def test_nothing_is_skipped_or_repeated_across_processes_restarts_and_reconnects(database: str) -> None:
    """Follow two processes that record and serve; the client moves to the other when one stops."""
    notice = run(begin(database))
    officer = notice.tokens["officer"]
    seen: list[str] = []
    total = 600

    def follow(url: str, count: int) -> None:
        with following(url, officer, after=int(seen[-1]) if seen else None) as feed:
            for _ in range(count):
                position, kind, _ = next(feed)
                assert kind == "entry"
                assert position is not None
                seen.append(position)

    with serving(database) as one, serving(database) as two:
        writers = [threading.Thread(target=post, args=(url, officer, 100)) for url in (one.url, two.url) * 2]
        for writer in writers:
            writer.start()
        for number in range(10):
            follow((one.url, two.url)[number % 2], 20)
        for writer in writers:
            writer.join()
        with following(one.url, officer, after=int(seen[-1])) as feed:
            next(feed)
            log = one.stop()  # a feed does not hold up the server's end
            assert faults(log) == []
        with serving(database) as three:
            post(three.url, officer, total - 400)
            while int(seen[-1]) < total:
                follow((two.url, three.url)[len(seen) % 2], 20)
    assert seen == [str(position) for position in range(1, len(seen) + 1)]
