"""Test the log over HTTP: stored bytes for readers of entries, positions and leaf hashes for others."""

import json
from base64 import b64decode
from typing import Any

import httpx
import psycopg
import pytest

from ledger.proof.merkle import leaf_hash
from tests.api.service import NDJSON, Service, progress, revoke, run

pytestmark = pytest.mark.database


def stored(service: Service) -> list[tuple[bytes, bytes]]:
    """Return each entry's bytes and leaf hash from the database."""
    with psycopg.connect(service.database) as connection:
        return connection.execute(
            "SELECT body, leaf_hash FROM ledger.entries WHERE notice = %s ORDER BY position",
            (service.notice.name,),
        ).fetchall()


def caught_up(service: Service, client: httpx.Client, **parameters: int) -> list[bytes]:
    """Return the lines of a page, once the views have reached the head."""
    while True:
        answer = client.get(service.entries, params=parameters)
        assert (answer.status_code, answer.headers["content-type"]) == (200, NDJSON)
        if int(answer.headers["ledger-position"]) == service.position():
            return answer.content.splitlines()


def test_the_stored_bytes_are_served_as_they_are(service: Service, officer: httpx.Client) -> None:
    lines = [json.dumps(progress()) for _ in range(700)]
    officer.post(service.entries, content="\n".join(lines), headers={"Content-Type": NDJSON})
    assert caught_up(service, officer) == [body for body, _ in stored(service)][:1_000]
    for served, (_, leaf) in zip(caught_up(service, officer, limit=20), stored(service), strict=False):
        assert leaf_hash(served) == leaf


@pytest.mark.parametrize(
    ("parameters", "positions"),
    [({"limit": 2}, [1, 2]), ({"after": 3, "limit": 2}, [4, 5]), ({"after": 100_000}, []), ({"limit": 0}, [])],
)
def test_pages_follow_one_another(
    service: Service, officer: httpx.Client, parameters: dict[str, int], positions: list[int]
) -> None:
    assert [json.loads(line)["position"] for line in caught_up(service, officer, **parameters)] == positions


def test_who_does_not_see_entries_gets_their_hashes(service: Service) -> None:
    with service.client("member") as client:
        lines: list[dict[str, Any]] = [json.loads(line) for line in caught_up(service, client, limit=5)]
    assert [set(line) for line in lines] == [{"position", "leafHash", "withheld"}] * 5
    assert [line["withheld"] for line in lines] == [True] * 5
    assert [b64decode(line["leafHash"]) for line in lines] == [leaf for _, leaf in stored(service)][:5]


def test_who_only_records_reads_nothing(service: Service) -> None:
    with service.client("system") as client:
        answer = client.get(service.entries)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("text", ["after=-1", "after=x", "limit=10001", "limit=1.5", "after=1&after=2", "limit="])
def test_what_is_no_number_is_refused(service: Service, officer: httpx.Client, text: str) -> None:
    answer = officer.get(f"{service.entries}?{text}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_PARAMETER")
    assert answer.json()["errors"][0]["path"] == text.partition("=")[0]


def test_a_page_under_way_ends_with_the_right_to_it(service: Service, officer: httpx.Client) -> None:
    lines = "\n".join(json.dumps(progress()) for _ in range(3_000))  # more than all buffers hold
    officer.post(service.entries, content=lines, headers={"Content-Type": NDJSON})
    caught_up(service, officer)
    with service.client("chair") as client:
        headers = {"Accept-Encoding": "identity"}
        with client.stream("GET", f"{service.entries}?limit=10000", headers=headers) as answer:
            pieces = answer.iter_raw()
            next(pieces)
            run(revoke(service.database, service.notice.name, service.notice.tokens["chair"]))
            with pytest.raises(httpx.RemoteProtocolError):
                list(pieces)
