"""Popular GraphQL clients with their default settings, against the running service."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.api.service import NOTICE, Service, progress
from tests.conformance.npm import installed, node

pytestmark = [pytest.mark.database, pytest.mark.long(seconds=6)]
SCHEMA = Path(__file__).parents[2] / "schema" / "schema.graphql"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the clients of the locked manifest."""
    return installed("clients", tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="module")
def before(service: Service) -> int:
    """Record two entries of one id from two sources, and return the position before them."""
    position = service.position()
    for actor in ("officer", "system"):
        with service.client(actor) as client:
            assert service.post(client, progress(source=actor, id="same")).status_code == 201
    with service.client("officer") as client:
        query = "query($id: ID!, $p: Int) { notice(id: $id, atLeast: $p) { id } }"
        sent = {"query": query, "variables": {"id": NOTICE, "p": position + 2}}
        assert "errors" not in client.post("/graphql", json=sent).json()
    return position


def output(place: Path, program: str, service: Service, *arguments: str) -> Any:
    """Return the JSON that a client's program prints."""
    token = service.notice.tokens["officer"]
    return json.loads(node(program, f"{service.url}/graphql", token, *arguments, place=place))


def objectives(before: int) -> list[list[dict[str, Any]]]:
    """Return the objective now and at the earlier position."""
    return [
        [{"id": f"{NOTICE}/objective/O1", "progressCount": 2}],
        [{"id": f"{NOTICE}@{before}/objective/O1", "progressCount": 0}],
    ]


@pytest.mark.parametrize("program", ["apollo.mjs", "urql.mjs"])
def test_a_cache_keeps_the_past_and_the_present_apart(
    place: Path, service: Service, before: int, program: str
) -> None:
    answers = output(place, program, service, NOTICE, str(before))
    nodes = [
        [{name: each[name] for name in ("id", "progressCount")} for each in answer["plan"]["objectives"]["nodes"]]
        for answer in answers
    ]
    assert nodes == objectives(before)
    assert [(each["eventId"], each["source"]) for each in answers[0]["entries"]["nodes"]] == [
        ("same", "officer"),
        ("same", "system"),
    ]
    assert answers[1]["entries"]["nodes"] == []


@pytest.mark.parametrize("hashed_by", ["POST", "GET"])
def test_apollo_sends_a_query_by_its_hash(place: Path, service: Service, hashed_by: str) -> None:
    sent = output(place, "persisted.mjs", service, "true" if hashed_by == "GET" else "false")
    assert sent["answers"] == ["officer", "officer"]
    assert [(each["method"], each["hasQuery"]) for each in sent["requests"]] == [
        (hashed_by, False),
        ("POST", True),
        (hashed_by, False),
    ]


def test_relay_refetches_an_object_at_its_standpoint(place: Path, service: Service, before: int) -> None:
    shutil.copyfile(SCHEMA, place / "schema.graphql")
    node("node_modules/relay-compiler/cli.js", place=place)
    answers = output(place, "relay.mjs", service, NOTICE, str(before))
    expected = objectives(before)
    assert answers == {"objectives": expected, "refetched": [each for (each,) in expected]}


def test_graphql_sse_follows_entries_and_answers_a_query(place: Path, service: Service) -> None:
    assert output(place, "sse.mjs", service, NOTICE) == {
        "positions": [1, 2, 3],
        "answers": [{"me": {"actor": "officer"}}],
    }


def test_apollo_shows_where_a_subscription_has_to_be_sent(place: Path, service: Service) -> None:
    message = output(place, "subscription.mjs", service, NOTICE)["message"]
    assert message.startswith("a subscription needs a stream: send it with Accept: text/event-stream")


def test_graphqurl_finds_words_in_any_order_and_nothing_is_left_out(
    place: Path, service: Service, before: int
) -> None:
    query = """query($id: ID!, $text: String) { notice(id: $id) {
        entries(filter: { type: "ProgressRecorded", text: $text }) { totalCount } } }"""
    authorization = f"Authorization: Bearer {service.notice.tokens['officer']}"
    counts = []
    for text in ("visits made ten", '"ten visits"', '"visits ten"', ""):
        variables = json.dumps({"id": NOTICE, "text": text})
        arguments = ("-H", authorization, "-q", query, "-j", variables)
        answer = node("node_modules/graphqurl/bin/run", f"{service.url}/graphql", *arguments, place=place)
        counts.append(json.loads(answer)["data"]["notice"]["entries"]["totalCount"])
    assert before > 0
    assert counts == [2, 2, 0, 2]


def test_graphql_codegen_generates_types(place: Path, service: Service) -> None:
    types = node("codegen.mjs", f"{service.url}/graphql", service.notice.tokens["officer"], place=place)
    assert "export type RatingQueryVariables" in types
    assert "title: string | null" in types
