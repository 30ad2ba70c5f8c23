"""Test the eventsourcing library's notification log over HTTP, read by the library's own client."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from eventsourcing.interface import NotificationLogJSONClient
from eventsourcing.persistence import JSONTranscoder, OperationalError, ProgrammingError

from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.entry import Entry
from ledger.eventsourcing import EntryMapper, RemoteNotificationLog, WithheldEntry, topics_of
from tests.api.service import NDJSON, Service, issue, progress, revoke, run
from tests.ledger.eventsourcing.follower import DONE

pytestmark = pytest.mark.database
MAPPER = EntryMapper(JSONTranscoder())


def token(service: Service, actor: str) -> str:
    """Return the token of an actor."""
    return service.headers(actor)["Authorization"].removeprefix("Bearer ")


@contextmanager
def log_of(service: Service, secret: str) -> Iterator[NotificationLogJSONClient]:
    """Yield the notice's log as the holder of a token reads it."""
    remote = RemoteNotificationLog(service.url, service.notice.name, secret)
    try:
        yield NotificationLogJSONClient(remote)
    finally:
        remote.close()


def test_the_librarys_client_reads_entries(service: Service) -> None:
    with log_of(service, token(service, "officer")) as log:
        first = log.select(start=None, limit=3)
        after = log.select(start=3, limit=2, inclusive_of_start=False)
        section = log["1,2"]
        assert log["100000,100010"].items == []
    assert [notification.id for notification in first] == [1, 2, 3]
    assert [notification.id for notification in after] == [4, 5]
    entry = MAPPER.to_domain_event(first[0])
    assert isinstance(entry, Entry)
    assert (entry.position, entry.notice) == (1, service.notice.name)
    assert (section.id, section.next_id, len(section.items)) == ("1,2", "3,4", 2)


def test_topics_select_facts(service: Service, officer: httpx.Client) -> None:
    officer.post(service.entries, content=json.dumps(progress()), headers={"Content-Type": NDJSON})
    with log_of(service, token(service, "officer")) as log:
        chosen = log.select(start=1, limit=1_000, topics=topics_of(ProgressRecorded))
        assert log.select(start=1, limit=1_000, topics=["no such topic"]) == []
    assert {notification.topic for notification in chosen} == {topics_of(ProgressRecorded)[-1]}


def test_a_reader_without_sight_of_entries_gets_positions_and_hashes(service: Service) -> None:
    with log_of(service, token(service, "member")) as log:
        notifications = log.select(start=1, limit=4)
        assert log.select(start=1, limit=4, topics=topics_of(ProgressRecorded)) == []
    events = [MAPPER.to_domain_event(each) for each in notifications]
    assert all(isinstance(event, WithheldEntry) for event in events)
    assert [event.originator_version for event in events] == [1, 2, 3, 4]


def test_rights_are_judged_at_each_request(service: Service) -> None:
    for secret, status in ((token(service, "system"), "403"), ("ledger_unknown", "401")):
        with log_of(service, secret) as log, pytest.raises(ProgrammingError, match=status):
            log.select(start=1, limit=1)


def test_a_wrong_address_or_token_is_no_outage(service: Service) -> None:
    for address, secret in (("ledger.example", "ledger_x"), (service.url, "")):
        with pytest.raises(ProgrammingError, match="check the ledger's address and the token"):
            RemoteNotificationLog(address, service.notice.name, secret).get_notifications(1, 1)


@pytest.mark.parametrize(
    ("status", "content", "error", "reason"),
    [
        (200, b"<h1>Sign in</h1>", ProgrammingError, "answers without JSON"),
        (302, b"", ProgrammingError, "302"),
        (403, b"[]", ProgrammingError, "403"),
        (502, b"<h1>Bad gateway</h1>", OperationalError, "Bad gateway"),
        (503, b'{"detail"', OperationalError, "503"),
        (503, b'{"title": "busy"}', OperationalError, "busy"),
    ],
)
def test_an_answer_of_a_proxy_is_an_error_of_the_library(
    monkeypatch: pytest.MonkeyPatch, status: int, content: bytes, error: type[Exception], reason: str
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=content, headers={"content-type": "application/problem+json"})

    client = httpx.Client
    monkeypatch.setattr(
        httpx, "Client", lambda **settings: client(**settings, transport=httpx.MockTransport(answer))
    )
    with pytest.raises(error, match=reason):
        RemoteNotificationLog("https://ledger.example", "n", "ledger_x").get_notifications(1, 1)


@pytest.mark.parametrize("address", ["https://ledger\0.example", f"https://ledger.example/{'a' * 70_000}"])
def test_an_invalid_address_is_no_outage(address: str) -> None:
    with pytest.raises(ProgrammingError, match="check the ledger's address"):
        RemoteNotificationLog(address, "n", "ledger_x").get_notifications(1, 1)


def test_a_follower_whose_token_is_revoked_gets_nothing_more_and_continues_with_another(service: Service) -> None:
    name = service.notice.name
    lost = run(issue(service.database, name, "officer", "COUNCIL_OFFICER"))
    with log_of(service, lost) as log:
        last = log.select(start=1, limit=3)[-1].id
        run(revoke(service.database, name, lost))
        with pytest.raises(ProgrammingError, match="401"):
            log.select(start=last, limit=3, inclusive_of_start=False)
    with log_of(service, token(service, "officer")) as log:
        assert log.select(start=last, limit=1, inclusive_of_start=False)[0].id == last + 1


@pytest.mark.parametrize("path", ["?start=x", "?limit=1001", "?topics=%00", "/1", "/a,b", "/1,2,3"])
def test_a_wrong_parameter_is_refused(service: Service, officer: httpx.Client, path: str) -> None:
    answer = officer.get(service.entries.replace("/entries", "/notifications") + path)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_PARAMETER")


def test_a_system_in_another_process_keeps_up(service: Service, officer: httpx.Client, tmp_path: Path) -> None:
    size = service.position() + 120
    words = [service.url, service.notice.name, token(service, "officer"), str(tmp_path / "system.db"), str(size)]
    command = [sys.executable, "-m", "tests.ledger.eventsourcing.follower", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as system:
        assert system.stdout is not None
        assert system.stdout.readline() == "1\n"
        for _ in range(3):
            lines = "\n".join(json.dumps(progress()) for _ in range(40))
            officer.post(service.entries, content=lines, headers={"Content-Type": NDJSON})
        *_, last = system.stdout
    stored = json.loads(last.removeprefix(DONE))
    assert stored["all"] == stored["echo"] == list(range(1, size + 1))
    assert len(stored["progress"]) >= 120
