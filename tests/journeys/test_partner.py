"""Test a partner's system and a running server: a nightly batch that crashes and resumes, and a revocation."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.api.process import Process, serving
from tests.api.service import (
    NDJSON,
    NO_TLS,
    NOTICE,
    STRUCTURED,
    Notice,
    begin,
    event,
    issue,
    progress,
    record,
    run,
)

pytestmark = pytest.mark.database
ENTRIES = f"/ledgers/{NOTICE}/entries"
PROGRESS = "improvement-ledger.plan.ProgressRecorded.v1"
SENDER = """
import sys, httpx
url, token, name = sys.argv[1:]
def lines():
    with open(name, "rb") as file:
        for line in file:
            print("sent", flush=True)
            sys.stdin.readline()
            yield line
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/x-ndjson"}
with httpx.stream("POST", url, content=lines(), headers=headers, timeout=60) as answer:
    for line in answer.iter_lines():
        print(line, flush=True)
"""
"""A partner's script that sends a file's lines, each on a signal."""


@pytest.fixture
def partner(database: str) -> Iterator[tuple[Process, Notice, str]]:
    """Run a server, and return it with its notice and the token of a case system."""
    notice = run(begin(database))
    registered = [
        event("people.ActorRegistered", {"actor": "cases", "kind": "SYSTEM"}, "operator"),
        event("people.RoleGranted", {"actor": "cases", "role": "INTEGRATION"}, "operator"),
        event(
            "people.IntegrationRegistered",
            {"integration": "I1", "actor": "cases", "source": "council/cases", "facts": [PROGRESS]},
            "operator",
        ),
    ]
    run(record(database, NOTICE, registered))
    bounds = {"source": "council/cases", "facts": [PROGRESS], "until": "2099-01-01T00:00:00Z"}
    token = run(issue(database, NOTICE, "cases", "INTEGRATION", **bounds))
    with serving(database) as process:
        yield process, notice, token
        process.stop()


def stored(database: str, source: str) -> list[tuple[str, int]]:
    with psycopg.connect(database) as connection:
        return connection.execute(
            "SELECT id, position FROM ledger.entries WHERE source = %s ORDER BY position", (source,)
        ).fetchall()


def nightly(total: int) -> list[dict[str, Any]]:
    return [progress(f"Visit {n}.", "council/cases") | {"id": f"night-1/{n}"} for n in range(total)]


def test_a_nightly_batch_that_crashed_is_simply_run_again(
    partner: tuple[Process, Notice, str], database: str, tmp_path: Path
) -> None:
    process, _, token = partner
    batch = nightly(400)
    file = tmp_path / "night-1.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in batch), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", SENDER, process.url + ENTRIES, token, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as sender:
        assert sender.stdin is not None
        assert sender.stdout is not None
        for _ in range(200):
            assert sender.stdout.readline() == "sent\n"
            sender.stdin.write("\n")
            sender.stdin.flush()
        while len(stored(database, "council/cases")) < 100:
            pass
        sender.kill()  # in the middle of the night
    first = stored(database, "council/cases")
    assert 100 <= len(first) <= 200
    headers = {"Authorization": f"Bearer {token}", "Content-Type": NDJSON}
    answer = httpx.post(
        process.url + ENTRIES, content=file.read_bytes(), headers=headers, verify=NO_TLS, timeout=60
    )
    again = [json.loads(line) for line in answer.text.splitlines()]
    ids = stored(database, "council/cases")
    assert [one["id"] for one in again] == [name for name, _ in ids] == [one["id"] for one in batch]
    assert [one["position"] for one in again] == [position for _, position in ids]
    assert ids[: len(first)] == first
    assert [one["duplicate"] for one in again] == [True] * len(first) + [False] * (400 - len(first))


def test_the_server_may_be_killed_in_the_middle_as_well(
    partner: tuple[Process, Notice, str], database: str
) -> None:
    process, _, token = partner
    batch = nightly(3_000)
    content = "".join(json.dumps(one) + "\n" for one in batch).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": NDJSON}
    options: dict[str, Any] = {"headers": headers, "verify": NO_TLS, "timeout": 60}
    receipts: list[dict[str, Any]] = []

    def killing() -> None:
        with httpx.stream("POST", process.url + ENTRIES, content=content, **options) as answer:
            for line in answer.iter_lines():
                receipts.append(json.loads(line))
                process.popen.kill()

    with pytest.raises(httpx.HTTPError):
        killing()
    with serving(database) as other:
        answer = httpx.post(other.url + ENTRIES, content=content, headers=headers, verify=NO_TLS, timeout=60)
        other.stop()
    again = [json.loads(line) for line in answer.text.splitlines()]
    assert [(one["id"], one["position"]) for one in again] == stored(database, "council/cases")
    assert len(again) == 3_000
    assert [(one["position"], one["rootHash"]) for one in again[: len(receipts)]] == [
        (one["position"], one["rootHash"]) for one in receipts
    ]


@pytest.mark.parametrize("revoked", ["token", "integration"])
def test_an_integration_that_is_revoked_in_mid_stream_records_nothing_more(
    partner: tuple[Process, Notice, str], database: str, revoked: str
) -> None:
    process, _, token = partner
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT token FROM ledger.tokens WHERE secret_hash = sha256(%s::bytea)", (token.encode(),)
        ).fetchone()
    assert row is not None
    answers_by_id = {
        "token": event("people.TokenRevoked", {"token": row[0], "reason": "It leaked."}, "operator"),
        "integration": event(
            "people.IntegrationRevoked", {"integration": "I1", "reason": "It ended."}, "operator"
        ),
    }[revoked]

    def lines() -> Iterator[bytes]:
        for number, one in enumerate(nightly(6)):
            if number == 3:  # the first three are in, and the line stays open
                while len(stored(database, "council/cases")) < 3:
                    pass
                run(record(database, NOTICE, [answers_by_id]))
            yield json.dumps(one).encode() + b"\n"

    headers = {"Authorization": f"Bearer {token}", "Content-Type": NDJSON}
    streamed = httpx.post(process.url + ENTRIES, content=lines(), headers=headers, verify=NO_TLS, timeout=60)
    answers = [json.loads(line) for line in streamed.text.splitlines()]
    assert ["position" in one for one in answers] == [True] * 3 + [False] * 3
    assert [(one["code"], one["line"], one["id"]) for one in answers[3:]] == [
        ("FORBIDDEN", number, f"night-1/{number - 1}") for number in (4, 5, 6)
    ]
    assert len(stored(database, "council/cases")) == 3
    headers = {"Authorization": f"Bearer {token}", "Content-Type": STRUCTURED}
    answer = httpx.post(process.url + ENTRIES, json=nightly(7)[6], headers=headers, verify=NO_TLS, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == {
        "token": (401, "UNAUTHENTICATED"),
        "integration": (403, "FORBIDDEN"),
    }[revoked]


def test_the_first_event_of_the_partners_page_is_recorded_as_it_says(
    partner: tuple[Process, Notice, str],
) -> None:
    process, _, token = partner
    page = (Path(__file__).parents[2] / "docs" / "partners.md").read_text(encoding="utf-8")
    event_json = page.partition("-d '")[2].partition("}'")[0] + "}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": STRUCTURED}
    answer = httpx.post(process.url + ENTRIES, content=event_json, headers=headers, verify=NO_TLS, timeout=60)
    assert answer.status_code == 201, answer.text
    receipt = json.loads(page.partition("is `201` and a receipt:")[2].partition("Keep it")[0])
    assert set(receipt) == set(answer.json())
    again = httpx.post(process.url + ENTRIES, content=event_json, headers=headers, verify=NO_TLS, timeout=60)
    assert (again.status_code, again.json()) == (200, answer.json() | {"duplicate": True})
