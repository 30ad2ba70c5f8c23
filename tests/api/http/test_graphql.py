"""Test GraphQL over HTTP: viewers, answers, and requests that the transport refuses."""

import gzip
import json
import time
from typing import Any

import httpx
import pytest

from projections.query.reader import WAIT_SECONDS
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
    mutation_input = {name: sent[name] for name in ("id", "source")} | {
        "notice": service.notice.name,
        "data": sent["data"],
    }
    answer = ask(officer, RECORD, input=mutation_input)
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


def test_batches_and_what_is_too_long_are_not_taken(service: Service, officer: httpx.Client) -> None:
    one = {"query": HEAD, "variables": {"id": service.notice.name}}
    assert officer.post("/graphql", json=[one, one]).status_code == 400
    bomb = gzip.compress(b" " * 20_000_000)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    digits = b'{"query": "{ me { actor } }", "variables": {"n": 1%s}}' % (b"0" * 5_000)
    number = officer.post("/graphql", content=digits, headers={"Content-Type": "application/json"})
    assert number.status_code == 400
    long = officer.post("/graphql", content=bomb, headers=headers)
    assert (long.status_code, long.json()["code"]) == (413, "TOO_LARGE")
    assert ask(officer, HEAD, id=service.notice.name).status_code == 200


def test_it_is_counted_how_queries_are_answered(service: Service, officer: httpx.Client) -> None:
    def counted(way: str) -> float:
        lines = officer.get("/metrics").text.splitlines()
        name = f'ledger_graphql_answers_total{{way="{way}"}} '
        return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0.0)

    before = counted("compiled"), counted("introspection")
    assert ask(officer, HEAD, id=service.notice.name).status_code == 200
    assert ask(officer, "{ __schema { queryType { name } } }").status_code == 200
    assert (counted("compiled"), counted("introspection")) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    "text",
    [
        '{"query": "{ notice(id: 1) { id } }", "variables": {"\\ud800": 1}}',
        '{"query": "{ \\ud800 }"}',
        '{"query": "query($n: ID!) { notice(id: $n) { id } }", "variables": {"n": "\\ud800"}}',
    ],
)
def test_what_is_no_text_is_answered_as_it_came(officer: httpx.Client, text: str) -> None:
    answer = officer.post("/graphql", content=text, headers={"Content-Type": "application/json"})
    assert (answer.status_code, len(answer.json()["errors"])) == (200, 1), answer.text


def test_a_request_that_asks_nothing_is_told_so(officer: httpx.Client) -> None:
    answer = officer.get("/graphql")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


def test_a_position_that_is_not_recorded_is_not_waited_for(service: Service, officer: httpx.Client) -> None:
    began = time.monotonic()
    answer = ask(officer, "query($id: ID!) { notice(id: $id, atLeast: 999999) { id } }", id=service.notice.name)
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_CAUGHT_UP"
    assert time.monotonic() - began < WAIT_SECONDS


def test_what_is_signed_is_given_to_whoever_reads_the_notice(service: Service) -> None:
    document = """query($id: ID!) { notice(id: $id) { ledger { size checkpoint }
        entries(first: 1) { nodes { position withheld proof } } } }"""
    for actor, withheld in (("officer", False), ("member", True)):
        with service.client(actor) as client:
            answer = ask(client, document, id=service.notice.name).json()
        notice = answer["data"]["notice"]
        (entry,) = notice["entries"]["nodes"]
        assert (entry["withheld"], entry["proof"].split("\n")[0]) == (withheld, "c2sp.org/tlog-proof@v1")
        assert str(notice["ledger"]["size"]) == notice["ledger"]["checkpoint"].split("\n")[1]
