"""GraphQL over HTTP: who asks, what is answered, and what the transport does not take."""

import gzip
import json
from typing import Any

import httpx
import pytest

from tests.api.service import NO_TLS, Service, progress

pytestmark = pytest.mark.database
HEAD = "query($id: ID!) { notice(id: $id) { id } }"
RECORD = """mutation($input: RecordProgressInput!) { recordProgress(input: $input) {
    receipt { position duplicate } refusals { code path } } }"""


def ask(client: httpx.Client, query: str, **variables: Any) -> httpx.Response:
    return client.post("/graphql", json={"query": query, "variables": variables})


def test_a_reader_is_answered(service: Service, officer: httpx.Client) -> None:
    answer = ask(officer, HEAD, id=service.notice.name)
    assert answer.status_code == 200
    assert answer.json()["data"] == {"notice": {"id": service.notice.name}}, answer.text
    (read,) = answer.json()["extensions"]["ledger"]
    assert (read["notice"], set(read)) == (service.notice.name, {"notice", "position", "rootHash"})


def test_nobody_in_particular_is_refused(service: Service) -> None:
    with httpx.Client(base_url=service.url, verify=NO_TLS) as client:
        answer = ask(client, HEAD, id=service.notice.name)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_mutation_records_as_the_viewer(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    sent = progress()
    given = {name: sent[name] for name in ("id", "source")} | {"notice": service.notice.name, "data": sent["data"]}
    answer = ask(officer, RECORD, input=given)
    assert answer.json()["data"] == {
        "recordProgress": {"receipt": {"position": before + 1, "duplicate": False}, "refusals": []}
    }, answer.text
    again = service.post(officer, sent)
    assert (again.status_code, again.json()["duplicate"]) == (200, True), (
        "the same act over HTTP is the same entry"
    )


def test_a_query_may_come_by_get_and_a_mutation_may_not(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    variables = json.dumps({"id": service.notice.name})
    assert officer.get("/graphql", params={"query": HEAD, "variables": variables}).status_code == 200
    refused = officer.get("/graphql", params={"query": RECORD, "variables": "{}"})
    assert 400 <= refused.status_code < 500
    assert service.position() == before


def test_batches_pages_and_what_is_too_long_are_not_taken(service: Service, officer: httpx.Client) -> None:
    one = {"query": HEAD, "variables": {"id": service.notice.name}}
    assert officer.post("/graphql", json=[one, one]).status_code == 400
    assert "html" not in officer.get("/graphql", headers={"Accept": "text/html"}).headers["content-type"]
    bomb = gzip.compress(b" " * 20_000_000)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    long = officer.post("/graphql", content=bomb, headers=headers)
    assert (long.status_code, long.json()["code"]) == (413, "TOO_LARGE")
    assert ask(officer, HEAD, id=service.notice.name).status_code == 200
