"""Test letter case, nulls and charsets where the protocols' specifications leave a choice."""

import json
from typing import Any

import httpx
import pytest

from tests.api.http.test_intake import binary, last
from tests.api.http.test_subscriptions import opened
from tests.api.service import Service, progress

OPTIONAL = (
    *("subject", "time", "clauses", "confirm", "datacontenttype"),
    *("dataschema", "traceparent", "position", "nonce"),
)


@pytest.mark.parametrize(
    "media_type",
    [
        "APPLICATION/CloudEvents+JSON",
        "application/cloudevents+json;charset=utf8",
        "application/cloudevents+json; Charset=UTF-8",
        'application/cloudevents+json; charset="Utf-8"',
        "application/cloudevents+json; charset=us-ascii",
        "application/cloudevents+json; profile=x; charset=UTF_8",
    ],
)
def test_a_media_type_and_its_charset_have_no_letter_case(
    service: Service, officer: httpx.Client, media_type: str
) -> None:
    answer = officer.post(service.entries, json=progress(), headers={"Content-Type": media_type})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("media_type", ["Application/JSON", "application/JSON; charset=utf8"])
def test_binary_events_have_no_letter_case(service: Service, officer: httpx.Client, media_type: str) -> None:
    answer = binary(service, officer, progress(), Content_Type=media_type)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    "media_type",
    [
        "Application/JSON",
        "application/json; Charset=UTF_8",
        'application/json;charset="us-ascii"',
        "application/json;",
    ],
)
def test_graphql_has_no_letter_case(officer: httpx.Client, media_type: str) -> None:
    content, headers = '{"query": "{ me { actor } }"}', {"Content-Type": media_type}
    assert officer.post("/graphql", content=content, headers=headers).status_code == 200
    for charset in ("latin-1", "utf-16", "nonsense", "utf-8; charset=latin-1"):
        headers = {"Content-Type": f"application/json; charset={charset}"}
        assert officer.post("/graphql", content=content, headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("Text/HTML", "text/html"),
        ("text/html;q=0, application/json", "application/"),
        ("application/json, text/HTML;q=0.5", "text/html"),
    ],
)
def test_accept_has_no_letter_case_and_may_refuse(officer: httpx.Client, accept: str, media_type: str) -> None:
    for path in ("/nowhere", "/graphql"):
        answer = officer.get(path, headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(media_type), path


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
async def test_the_token_of_a_socket_has_a_name_in_any_case(service: Service, name: str) -> None:
    joined = await opened(service, {name: f"bearer {service.notice.tokens['officer']}"})
    assert json.loads(await joined.recv()) == {"type": "connection_ack"}
    await joined.close()


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "nonsense", "x" * 100])
def test_another_charset_is_refused(service: Service, officer: httpx.Client, charset: str) -> None:
    headers = {"Content-Type": f"application/cloudevents+json; charset={charset}"}
    answer = officer.post(service.entries, json=progress(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_null_attribute_is_unset(service: Service, officer: httpx.Client, name: str) -> None:
    sent: dict[str, Any] = {**progress(), name: None}
    answer = service.post(officer, sent)
    assert answer.status_code == 201, answer.text
    assert last(service).get(name) is not None or name not in last(service)
    repeated = service.post(officer, {key: value for key, value in sent.items() if value is not None})
    assert (repeated.status_code, repeated.json()["duplicate"]) == (200, True)


def test_a_null_attribute_is_unset_in_a_batch_and_in_lines(service: Service, officer: httpx.Client) -> None:
    events = [{**progress(), "dataschema": None} for _ in range(2)]
    batch = officer.post(
        service.entries,
        content=json.dumps(events[:1]),
        headers={"Content-Type": "Application/CloudEvents-Batch+JSON"},
    )
    lines = officer.post(
        service.entries, content=json.dumps(events[1]) + "\n", headers={"Content-Type": "application/X-NDJSON"}
    )
    assert "position" in batch.json()[0]
    assert "position" in lines.json()


@pytest.mark.parametrize("name", ["id", "source", "type", "specversion"])
def test_a_null_attribute_that_is_required_is_missing(service: Service, officer: httpx.Client, name: str) -> None:
    answer = service.post(officer, {**progress(), name: None})
    assert answer.status_code in (400, 422)
    assert answer.json()["errors"][0]["path"] == name
