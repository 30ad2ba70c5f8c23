"""Test which answers a client may keep: those of a GET whose notices are all read as of a position."""

import json

import httpx
import pytest

from tests.api.service import Service, progress

pytestmark = pytest.mark.database
AS_OF = """query($id: ID!, $p: Int) { notice(id: $id, asOf: { position: $p }) {
    id plan { objectives { nodes { id } } } } }"""
NODE = "query($id: ID!) { node(id: $id) { id } }"
NOW = "query($id: ID!) { notice(id: $id) { id } }"
BOTH = "query($id: ID!) { now: notice(id: $id) { id } then: notice(id: $id, asOf: { position: 3 }) { id } }"


def get(client: httpx.Client, query: str, id: str, /, **headers: str) -> httpx.Response:  # noqa: A002 - the variable
    variables = json.dumps({"id": id, "p": 3})
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/graphql", params={"query": query, "variables": variables}, headers=sent)


@pytest.mark.parametrize("query", [AS_OF, NODE])
def test_an_answer_at_a_fixed_position_is_revalidated(service: Service, officer: httpx.Client, query: str) -> None:
    name = service.notice.name
    thing = name if query == AS_OF else f"{name}@3"
    first = get(officer, query, thing)
    assert first.status_code == 200
    assert "errors" not in first.json()
    assert first.headers["cache-control"] == "private, no-cache"
    assert {"Authorization", "Accept-Encoding"} <= set(first.headers["vary"].split(", "))
    tag = first.headers["etag"]
    assert service.post(officer, progress()).status_code == 201
    for sent in (tag, f'"other", {tag}', tag.removeprefix("W/")):
        again = get(officer, query, thing, If_None_Match=sent)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert get(officer, query, thing, If_None_Match='"other"').content == first.content
    compressed = get(officer, query, thing, Accept_Encoding="gzip")
    assert compressed.headers["etag"] == tag


def test_the_tag_is_of_the_reader_s_own_answer(service: Service, officer: httpx.Client) -> None:
    own = "query($id: ID!) { notice(id: $id, asOf: { position: 3 }) { entries { nodes { withheld } } } }"
    tag = get(officer, own, service.notice.name).headers["etag"]
    with service.client("member") as member:
        answer = get(member, own, service.notice.name, If_None_Match=tag)
    assert (answer.status_code, answer.headers["etag"] == tag) == (200, False)
    with service.client() as nobody:
        assert get(nobody, own, service.notice.name, If_None_Match=tag).status_code == 401


@pytest.mark.parametrize("query", [NOW, BOTH, "{ me { actor } }", "{"])
def test_other_answers_are_not_kept(service: Service, officer: httpx.Client, query: str) -> None:
    answer = get(officer, query, service.notice.name)
    assert answer.headers["cache-control"] == "private, no-store"
    assert "etag" not in answer.headers


def test_an_answer_to_a_post_is_not_kept(service: Service, officer: httpx.Client) -> None:
    request = {"query": AS_OF, "variables": {"id": service.notice.name, "p": 3}}
    answer = officer.post("/graphql", json=request, headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")
