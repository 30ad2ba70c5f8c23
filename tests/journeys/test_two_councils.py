"""Test two councils on one server: neither ever sees the other's data, by any path, with any of its tokens."""

import json
import re
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.api.http.test_feed import events
from tests.api.process import Process, serving
from tests.api.service import BATCH, NO_TLS, STRUCTURED, Notice, begin, progress, run

pytestmark = pytest.mark.database


@pytest.fixture
def councils(database: str) -> Iterator[tuple[Process, Notice, Notice]]:
    """Run a server with the notices of two councils, whose people and ids are the same."""
    both = run(begin(database, "barnet-1")), run(begin(database, "ealing-1"))
    with serving(database, LEDGER_LOG="info") as process:
        yield process, *both


def client_of(process: Process, notice: Notice, actor: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {notice.tokens[actor]}"}
    return httpx.Client(base_url=process.url, headers=headers, verify=NO_TLS, timeout=30)


def test_neither_sees_the_other(councils: tuple[Process, Notice, Notice], database: str) -> None:
    process, *notices = councils
    for own, other in (notices, notices[::-1]):
        secret = f"Only {own.name} knows of this."
        with client_of(process, own, "officer") as client:
            path = f"/ledgers/{own.name}/entries"
            sent = client.post(path, json=progress(secret), headers={"Content-Type": STRUCTURED}).json()
            assert sent["position"] == 14
        for actor in other.tokens:
            with client_of(process, other, actor) as client:
                seen = everything(client, own.name, other.name)
            assert own.name not in seen, actor
            assert secret not in seen, actor
            assert sent["leafHash"] not in seen, actor
            assert sent["rootHash"] not in seen, actor
    log = process.stop()
    failed = [line for line in log if line["message"] == "request" and line["status"] == 404]
    assert not any("notice" in line for line in failed)
    with psycopg.connect(database) as connection:
        counted = connection.execute("SELECT notice, size FROM ledger.heads ORDER BY notice").fetchall()
    assert counted == [("barnet-1", 14), ("ealing-1", 14)]


def everything(client: httpx.Client, other: str, own: str) -> str:
    """Return all that a viewer can see of both notices, without the words of the requests."""
    path = f"/ledgers/{other}/entries"
    answers = [
        client.get(path).text,
        client.get(path, headers={"Accept": "text/event-stream", "Last-Event-ID": "1"}).text,
        client.post(path, json=progress(), headers={"Content-Type": STRUCTURED}).text,
        client.post(path, json=[progress()], headers={"Content-Type": BATCH}).text,
        client.get(f"/ledgers/{own}/entries").text,
        client.get("/readyz").text,
        client.get("/metrics").text,
        client.get("/openapi.json").text,
    ]
    own_path = f"/ledgers/{own}/entries"
    with client.stream("GET", own_path, headers={"Accept": "text/event-stream"}) as answer:
        if answer.status_code == 200:
            feed = events(answer)
            answers += [next(feed)[2] for _ in range(13)]
    query = """query($id: ID!) { me { actor parts { notice roles } } notices { nodes { id council title } }
        notice(id: $id) { id plan { objectives { nodes { title } } } entries { nodes { data leafHash } } } }"""
    answer = client.post("/graphql", json={"query": query, "variables": {"id": other}})
    assert answer.json()["errors"]
    answers.append(re.sub(rf"no notice '?{other}'?", "no notice", answer.text))
    mutation = """mutation($input: RecordProgressInput!) { recordProgress(input: $input) {
        receipt { position } refusals { code } } }"""
    data = {"objective": "O1", "narrative": "n", "activityRating": "RED", "impactRating": "RED"}
    mutation_input = {"notice": other, "id": "x", "source": "officer", "data": data}
    recorded = client.post("/graphql", json={"query": mutation, "variables": {"input": mutation_input}}).json()
    assert recorded["data"]["recordProgress"]["receipt"] is None if recorded["data"] else recorded["errors"]
    answers.append(json.dumps(recorded).replace(f"no notice {other}", "").replace(f"'{other}'", ""))
    return "\n".join(answers)
