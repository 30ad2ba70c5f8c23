"""Test the request errors and the content negotiation of the GraphQL endpoint, over each transport."""

import json
import socket
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from tests.api.http.test_subscriptions import ENTRIES, opened
from tests.api.service import Service, progress

pytestmark = pytest.mark.database
GRAPHQL_RESPONSE = "application/graphql-response+json"
URQL = f"{GRAPHQL_RESPONSE}, application/graphql+json, application/json, text/event-stream, multipart/mixed"
RECORD = "mutation %s($input: RecordProgressInput!) { recordProgress(input: $input) { receipt { position } } }"
TWO = f"{RECORD % 'First'} {RECORD % 'Second'}"
NAMED = "the document has several operations; name one of them in operationName"


def record_input(service: Service) -> dict[str, Any]:
    event = progress()
    return {"notice": service.notice.name, "data": event["data"]} | {
        each: event[each] for each in ("id", "source")
    }


def send(client: httpx.Client, accept: str = "*/*", /, **request: Any) -> httpx.Response:
    return client.post("/graphql", json=request, headers={"Accept": accept})


def by_get(client: httpx.Client, accept: str, /, **request: str) -> httpx.Response:
    return client.get(f"/graphql?{urlencode(request)}", headers={"Accept": accept})


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    lines = [line for line in answer.text.split("\n") if line.startswith("data: {")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


async def operate(connection: ClientConnection, **payload: Any) -> dict[str, Any]:
    await connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
    answer: dict[str, Any] = json.loads(await connection.recv())
    return answer


@pytest.mark.parametrize("accept", ["*/*", "application/json", GRAPHQL_RESPONSE, URQL])
def test_several_operations_need_a_name(service: Service, officer: httpx.Client, accept: str) -> None:
    before = service.position()
    variables = {"input": record_input(service)}
    answer = send(officer, accept, query=TWO, variables=variables)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["message"], error["extensions"]["code"]) == (400, NAMED, "BAD_REQUEST")
    assert "data" not in answer.json()
    assert service.position() == before
    assert send(officer, accept, query=TWO, variables=variables, operationName="Third").status_code == 400
    named = send(officer, accept, query=TWO, variables=variables, operationName="Second").json()
    assert named["data"]["recordProgress"]["receipt"]["position"] == before + 1


async def test_the_other_transports_need_it_too(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    request = {"query": TWO, "variables": {"input": record_input(service)}}
    streamed = send(officer, "text/event-stream", **request)
    (event,) = events(streamed)
    assert [(each["message"], each["extensions"]["code"]) for each in event["errors"]] == [(NAMED, "BAD_REQUEST")]
    connection = await opened(service, {"Authorization": f"Bearer {service.notice.tokens['officer']}"})
    await connection.recv()
    answer = await operate(connection, **request)
    assert (answer["type"], answer["payload"][0]["message"]) == ("error", NAMED)
    unknown = await operate(connection, **request, operationName="Third")
    assert (unknown["type"], unknown["payload"][0]["extensions"]["code"]) == ("error", "BAD_REQUEST")
    await connection.close()
    assert service.position() == before


@pytest.mark.parametrize(
    "document", ["{ me { actor }", "subscription {", "}", '"""', "{" * 3000, '{ me(a: "\\ud800") { actor } }']
)
async def test_a_syntax_error_is_an_error_over_every_transport(
    service: Service, officer: httpx.Client, document: str
) -> None:
    (error,) = send(officer, query=document).json()["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    (event,) = events(send(officer, "text/event-stream", query=document))
    assert event["errors"] == [error]
    connection = await opened(service, {"Authorization": f"Bearer {service.notice.tokens['officer']}"})
    await connection.recv()
    answer = await operate(connection, query=document)
    assert (answer["type"], answer["payload"]) == ("error", [error])
    assert (await operate(connection, query="{ __typename }"))["type"] == "next"
    await connection.close()


@pytest.mark.parametrize(
    "content",
    [
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b'{"query": "{ __typename }", "variables": {"a": -Infinity}}',
        '{"query": "{ __typename }"}'.encode("utf-16"),
        '{"query": "{ __typename }"}'.encode("utf-32-le"),
        '{"query": "{ __typename }", "variables": {"a": "Zo\u00eb"}}'.encode("cp1252"),
        b'{"query": "{ __typename }", "variables": {"a": "\xc0\x80"}}',
        b'{"query": "{ __typename }", "variables": {"a": "\xed\xa0\x80"}}',
        b"\xff",
    ],
)
def test_only_json_in_utf_8_is_executed(officer: httpx.Client, content: bytes) -> None:
    answer = officer.post("/graphql", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, "data" in answer.json()) == (400, False)


@pytest.mark.parametrize("name", ["query", "operationName", "variables", "documentId"])
def test_a_repeated_parameter_is_a_bad_request(officer: httpx.Client, name: str) -> None:
    """Refuse it: a proxy or a cache may have judged the other value."""
    parameters = urlencode(
        [("query", "query A { __typename }"), ("operationName", "A"), (name, "{}"), (name, "{}")]
    )
    answer = officer.get(f"/graphql?{parameters}")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert name in error["message"]


def test_a_repeated_key_is_a_bad_request_and_nothing_is_recorded(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    variables = json.dumps({"input": record_input(service)})
    document = json.dumps(RECORD % "Record")
    twice = variables.replace('"source": "', '"source": "x", "source": "')
    for content in (
        f'{{"query": "{{ __typename }}", "query": {document}, "variables": {variables}}}',
        f'{{"query": {document}, "variables": {twice}}}',
        f'{{"query": "{{ __typename }}", "variables": {twice}}}',
    ):
        answer = officer.post("/graphql", content=content, headers={"Content-Type": "application/json"})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (400, "BAD_REQUEST")
        assert "repeats the key" in error["message"]
    answer = officer.get(f"/graphql?{urlencode({'query': '{ __typename }', 'variables': twice})}")
    assert (answer.status_code, service.position()) == (400, before)


@pytest.mark.parametrize("content", ["null", "1", '"{ __typename }"', "true", "[]", "[null]"])
@pytest.mark.parametrize("accept", ["*/*", GRAPHQL_RESPONSE, "text/event-stream"])
def test_json_that_is_no_object_is_a_bad_request(officer: httpx.Client, content: str, accept: str) -> None:
    headers = {"Accept": accept, "Content-Type": "application/json"}
    answer = officer.post("/graphql", content=content, headers=headers)
    assert answer.status_code == 400
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_REQUEST"]


def test_a_query_is_answered_in_json_where_a_stream_is_accepted_too(officer: httpx.Client) -> None:
    for accept, media_type in (
        (URQL, GRAPHQL_RESPONSE),
        ("text/event-stream, application/json", "application/json"),
        ("text/event-stream;q=1, */*;q=0.1", "application/json"),
        (f"{GRAPHQL_RESPONSE};q=0, application/json", "application/json"),
        ("text/event-stream", "text/event-stream"),
        ("text/event-stream, application/json;q=0", "text/event-stream"),
    ):
        answer = send(officer, accept, query="{ me { actor } }")
        assert answer.headers["content-type"].partition(";")[0] == media_type, accept
        data = events(answer)[0] if media_type == "text/event-stream" else answer.json()
        assert data["data"] == {"me": {"actor": "officer"}}, accept


def test_a_stream_has_plain_line_ends_and_positions_as_ids(service: Service, officer: httpx.Client) -> None:
    variables = {"notice": service.notice.name, "after": 0}
    request = {"query": ENTRIES, "variables": variables}
    with officer.stream("POST", "/graphql", json=request, headers={"Accept": URQL}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        head = next(answer.iter_text())
    assert head.startswith("id: 1\nevent: next\ndata: {")
    assert "\r" not in head


def test_a_subscription_without_a_stream_says_where_to_send_it(service: Service, officer: httpx.Client) -> None:
    variables = {"notice": service.notice.name}
    by_get = officer.get("/graphql", params={"query": ENTRIES, "variables": json.dumps(variables)})
    for answer in (send(officer, query=ENTRIES, variables=variables), by_get):
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (400, "BAD_REQUEST")
        assert "text/event-stream" in error["message"]


def test_wrong_variables_are_a_request_error(officer: httpx.Client) -> None:
    query = "query($id: ID!) { notice(id: $id) { id } }"
    answer = send(officer, GRAPHQL_RESPONSE, query=query, variables={})
    assert (answer.status_code, "data" in answer.json()) == (400, False)
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in send(officer, "application/json", query=query, variables={}).json()


def test_the_content_type_of_a_post(officer: httpx.Client) -> None:
    for content_type, status in (
        ("Application/JSON", 200),
        ('application/json; charset="utf8"', 200),
        ("application/json;charset=UTF-8", 200),
        ("application/json; charset=latin1", 415),
        ("text/plain", 415),
        ("application/graphql", 415),
    ):
        headers = {"Content-Type": content_type}
        answer = officer.post("/graphql", content=b'{"query": "{ me { actor } }"}', headers=headers)
        assert answer.status_code == status, content_type
    assert officer.post("/graphql").status_code == 400


def test_other_methods_name_those_that_are_allowed(officer: httpx.Client) -> None:
    answer = officer.request("PUT", "/graphql")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_mutation_by_get_names_the_method_that_it_needs(officer: httpx.Client) -> None:
    answer = by_get(officer, "*/*", query="mutation { __typename }")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("accept", ["*/*", GRAPHQL_RESPONSE, "text/event-stream"])
async def test_an_empty_operation_name_is_none(service: Service, officer: httpx.Client, accept: str) -> None:
    one, two = "query A { __typename }", "query A { __typename } query B { __typename }"
    async with await opened(
        service, {"Authorization": f"Bearer {service.notice.tokens['officer']}"}
    ) as connection:
        await connection.recv()
        for document, expected in ((one, None), (two, NAMED)):
            request = {"query": document, "operationName": ""}
            payload = (await operate(connection, **request))["payload"]
            answers = [by_get(officer, accept, **request), send(officer, accept, **request)]
            for answer in (payload, *((events(each) or [each.json()])[0] for each in answers)):
                errors = answer if isinstance(answer, list) else answer.get("errors", [None])
                assert [error and error["message"] for error in errors] == [expected]
            assert expected or json.loads(await connection.recv())["type"] == "complete"


async def test_a_null_payload_means_none(service: Service) -> None:
    headers = {"Authorization": f"Bearer {service.notice.tokens['officer']}"}
    connection = await opened(service, None, additional_headers=headers, init={"payload": None})
    assert json.loads(await connection.recv())["type"] == "connection_ack"
    await connection.send(json.dumps({"type": "ping", "payload": None}))
    assert json.loads(await connection.recv())["type"] == "pong"
    await connection.send(json.dumps({"type": "complete", "id": "1", "payload": None}))
    assert (await operate(connection, query="{ me { actor } }"))["payload"]["data"] == {"me": {"actor": "officer"}}
    await connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_read_although_its_request_offers_http_2(service: Service, chunked: bool) -> None:
    body = b'{"query": "{ me { actor } }"}'
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    head = "\r\n".join((
        "POST /graphql HTTP/1.1", "Host: ledger", f"Authorization: Bearer {service.notice.tokens['officer']}",
        "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB",
        "Content-Type: application/json", length, "", "",
    )).encode()  # fmt: skip
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        for pieces in ((head + sent,), (head, sent[:9], sent[9:])):
            for piece in pieces:
                connection.sendall(piece)
            answer = b""
            while b'"actor":"officer"' not in answer:
                received = connection.recv(65_536)
                assert received, answer
                answer += received
            assert answer.startswith(b"HTTP/1.1 200"), answer


@pytest.mark.parametrize("accept", ["*/*", GRAPHQL_RESPONSE, "text/event-stream", "multipart/mixed"])
@pytest.mark.parametrize(
    "content",
    [
        *(
            "{}",
            '{"query": null}',
            '{"variables": {}}',
            '{"documentId": 5}',
            '{"query": null, "operationName": 5}',
        ),
        *("[]", "[{}]", "null", '{"query": 5}', "{", ""),
    ],
)
def test_a_request_without_a_query_is_refused_over_every_transport(
    officer: httpx.Client, accept: str, content: str
) -> None:
    answer = officer.post(
        "/graphql", content=content, headers={"Accept": accept, "Content-Type": "application/json"}
    )
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (400, "BAD_REQUEST")
