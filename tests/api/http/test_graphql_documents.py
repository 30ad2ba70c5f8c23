"""Test documents that a request names by an id: automatic persisted queries, and registered documents."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
from graphql import GraphQLError

from api.http.graphql_documents import NOT_FOUND, NOT_REGISTERED, PLACE_CHARACTERS, STORED_CHARACTERS, Documents
from schema.limits import CHARACTERS
from tests.api.http.test_graphql_requests import GRAPHQL_RESPONSE, events, operate
from tests.api.http.test_subscriptions import ENTRIES, opened
from tests.api.service import Service

ME = "{ me { actor } }"
ANSWER = {"me": {"actor": "officer"}}
database = pytest.mark.database


def persisted(name: str, version: int = 1) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": name}}


def hash_of(document: str) -> str:
    return sha256(document.encode()).hexdigest()


def code_of(documents: Documents, *request: Any) -> object:
    with pytest.raises(GraphQLError) as refused:
        documents.find(*request)
    return (refused.value.extensions or {})["code"]


def test_a_document_is_stored_under_its_hash_alone() -> None:
    documents = Documents()
    assert code_of(documents, None, None, persisted(hash_of(ME))) == NOT_FOUND
    assert code_of(documents, ME, None, persisted(hash_of("{ me { parts { notice } } }"))) == "BAD_REQUEST"
    assert code_of(documents, None, None, persisted(hash_of(ME))) == NOT_FOUND
    assert documents.find(ME, None, persisted(hash_of(ME))) == ME
    assert documents.find(None, None, persisted(hash_of(ME))) == ME
    assert documents.find(None, f"sha256:{hash_of(ME)}", None) == ME


@pytest.mark.parametrize(
    "extension", [5, [], {}, {"version": 1}, {"version": 2, "sha256Hash": "a"}, {"version": 1, "sha256Hash": 5}]
)
def test_another_form_of_the_extension_is_refused(extension: object) -> None:
    assert code_of(Documents(), ME, None, {"persistedQuery": extension}) == "BAD_REQUEST"


def test_the_store_is_bounded() -> None:
    documents = Documents()
    texts = [f"{number:>{CHARACTERS}}" for number in range(STORED_CHARACTERS // CHARACTERS + 1)]
    for text in texts:
        documents.find(text, None, persisted(hash_of(text)))
    assert code_of(documents, None, hash_of(texts[0]), None) == NOT_FOUND
    assert documents.find(None, hash_of(texts[-1]), None) == texts[-1]
    long = texts[0] + " "
    assert documents.find(long, None, persisted(hash_of(long))) == long
    assert code_of(documents, None, hash_of(long), None) == NOT_FOUND


def test_short_documents_do_not_fill_the_memory() -> None:
    """Store documents of six characters: without a weight of its own, each place took more than its document."""
    documents = Documents()
    texts = [f"{number:06}" for number in range(STORED_CHARACTERS // PLACE_CHARACTERS)]
    for text in texts:
        documents.find(text, None, persisted(hash_of(text)))
    assert code_of(documents, None, hash_of(texts[0]), None) == NOT_FOUND
    assert documents.find(None, hash_of(texts[-1]), None) == texts[-1]


def test_only_registered_documents_are_found() -> None:
    documents = Documents({"me": ME})
    assert (
        documents.find(None, "me", None) == documents.find(ME, None, None) == documents.find(ME, "me", None) == ME
    )
    for request in (
        ("{ __typename }", None, None),
        ("{ __typename }", None, persisted(hash_of("{ __typename }"))),
        (None, "other", None),
        (None, None, None),
    ):
        assert code_of(documents, *request) == NOT_REGISTERED
    assert code_of(documents, "{ __typename }", "me", None) == "BAD_REQUEST"
    assert code_of(Documents({}), ME, None, None) == NOT_REGISTERED


def by_post(client: httpx.Client, accept: str = "*/*", /, **request: Any) -> httpx.Response:
    return client.post("/graphql", json=request, headers={"Accept": accept})


def by_get(client: httpx.Client, accept: str = "*/*", /, **request: Any) -> httpx.Response:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in request.items()}
    return client.get("/graphql", params=texts, headers={"Accept": accept})


@database
@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_RESPONSE, "text/event-stream"])
def test_an_unknown_hash_is_named_and_then_known(officer: httpx.Client, accept: str) -> None:
    document = f"query Of{accept.replace('/', '').translate(str.maketrans('', '', '-+.'))} {ME}"
    extensions = persisted(hash_of(document))
    for send in (by_post, by_get):
        unknown = send(officer, accept, extensions=extensions)
        assert unknown.status_code == (400 if accept == GRAPHQL_RESPONSE else 200)
        assert unknown.json() == {
            "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": NOT_FOUND}}]
        }
    assert by_get(officer, accept, query=document, extensions=extensions).status_code == 200
    for send in (by_post, by_get):
        answer = send(officer, accept, extensions=extensions)
        data = events(answer)[0] if accept == "text/event-stream" else answer.json()
        assert data["data"] == ANSWER


@database
def test_a_document_by_its_hash_has_its_variables_and_its_name(service: Service, officer: httpx.Client) -> None:
    document = (
        "query One($id: ID!) { notice(id: $id) { id } } query Two($id: ID!) { node(id: $id) { __typename } }"
    )
    extensions = persisted(hash_of(document))
    variables = {"id": service.notice.name}
    assert by_post(officer, query=document, operationName="One", variables=variables, extensions=extensions).json()
    for send in (by_post, by_get):
        for name, data in (("One", {"notice": variables}), ("Two", {"node": {"__typename": "Notice"}})):
            answer = send(officer, operationName=name, variables=variables, extensions=extensions).json()
            assert answer["data"] == data
        assert send(officer, extensions=extensions).json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@database
def test_a_sender_without_a_token_stores_nothing(service: Service, officer: httpx.Client) -> None:
    document = f"query Nobody {ME}"
    with service.client() as nobody:
        answer = by_post(nobody, query=document, extensions=persisted(hash_of(document)))
        assert answer.status_code == 401
    unknown = by_post(officer, extensions=persisted(hash_of(document))).json()
    assert unknown["errors"][0]["message"] == "PersistedQueryNotFound"


@database
async def test_a_websocket_names_documents_too(service: Service) -> None:
    document = f"query Socket {ME}"
    connection = await opened(service, {"Authorization": f"Bearer {service.notice.tokens['officer']}"})
    await connection.recv()
    extensions = persisted(hash_of(document))
    unknown = await operate(connection, extensions=extensions)
    assert (unknown["type"], unknown["payload"][0]["message"]) == ("error", "PersistedQueryNotFound")
    for query in ({"query": document}, {}):
        answer = await operate(connection, **query, extensions=extensions)
        assert (answer["type"], answer["payload"]["data"]) == ("next", ANSWER)
        assert json.loads(await connection.recv())["type"] == "complete"
    await connection.close()


@pytest.fixture(scope="module")
def front_end(service: Service) -> Iterator[Service]:
    """Run a service for a public front end next to the other, on its database."""
    registered = {"me": ME, "entries": ENTRIES}
    with Service(
        service.database, service.notice, documents=registered, cors_origins=("https://front.example",)
    ) as running:
        yield running


@database
def test_a_service_with_registered_documents_executes_no_others(front_end: Service) -> None:
    other = "{ me { parts { notice } } }"
    with front_end.client("officer") as client:
        for send in (by_post, by_get):
            assert send(client, documentId="me").json()["data"] == ANSWER
            assert send(client, query=ME).json()["data"] == ANSWER
            refused = send(client, GRAPHQL_RESPONSE, query=other)
            assert refused.status_code == 400
            assert refused.json()["errors"][0]["extensions"]["code"] == NOT_REGISTERED
        headers = {"Content-Type": "application/json"}
        for content in (
            '{"query": "%s", "variables": {"n": NaN}}',
            '{"query": "%s", "operationName": 5}',
            '["%s"]',
        ):
            malformed = client.post("/graphql", content=content % other, headers=headers)
            assert (malformed.status_code, "data" in malformed.json()) == (400, False)
        twice = client.get("/graphql", params=[("query", other), ("query", ME), ("documentId", "me")])
        assert (twice.status_code, "data" in twice.json()) == (400, False)


@database
async def test_nor_over_a_websocket(front_end: Service) -> None:
    connection = await opened(front_end, {"Authorization": f"Bearer {front_end.notice.tokens['officer']}"})
    await connection.recv()
    refused = await operate(connection, query="{ __typename }")
    assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", NOT_REGISTERED)
    variables = {"notice": front_end.notice.name, "after": 0}
    answer = await operate(connection, documentId="entries", variables=variables)
    assert answer["payload"]["data"]["entries"]["position"] == 1
    await connection.close()


@database
def test_pages_of_set_origins_alone_may_send_requests(service: Service, front_end: Service) -> None:
    for running, origin, is_allowed in (
        (front_end, "https://front.example", True),
        (front_end, "https://other.example", False),
        (service, "https://front.example", False),
    ):
        preflight_headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,if-none-match",
        }
        with running.client("officer") as client:
            preflight = client.options("/graphql", headers=preflight_headers)
            answer = client.post("/graphql", json={"query": ME}, headers={"Origin": origin})
        assert (preflight.status_code == 200) is is_allowed, origin
        for response in (preflight, answer):
            allowed = response.headers.get("access-control-allow-origin")
            assert allowed == (origin if is_allowed else None), origin
            assert "access-control-allow-credentials" not in response.headers


@database
@pytest.mark.parametrize("origin", ["https://front.example", "https://other.example"])
async def test_a_websocket_of_another_origin_is_refused(front_end: Service, origin: str) -> None:
    headers = {"Authorization": f"Bearer {front_end.notice.tokens['officer']}", "Origin": origin}
    if origin == "https://other.example":
        with pytest.raises(Exception, match="HTTP 403"):
            await opened(front_end, None, additional_headers=headers)
        return
    connection = await opened(front_end, None, additional_headers=headers)
    assert json.loads(await connection.recv())["type"] == "connection_ack"
    await connection.close()
