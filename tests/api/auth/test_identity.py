"""Test how HTTP recognises a viewer, and its answer where the viewer has no access."""

import secrets
import time
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from api.auth.identity import Bearer, counted_as
from ledger.domain.authorisation import Credential
from ledger.domain.state import State
from tests.api.service import NO_TLS, STRUCTURED, Service, begin, event, issue, progress, record, revoke, run

pytestmark = pytest.mark.database


def bearing(service: Service, token: str) -> httpx.Client:
    return httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {token}"}, verify=NO_TLS)


def must_be_unauthenticated(service: Service, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    with service.client() as client:
        for answer in (service.post(client, progress(), **headers), client.get(service.entries, headers=headers)):
            assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer x",
        "Bearer ledger_" + "A" * 43,
        "Bearer ledger_" + "A" * 44,
    ],
)
def test_nobody_in_particular_is_refused(service: Service, authorization: str | None) -> None:
    before = service.position()
    must_be_unauthenticated(service, authorization)
    assert service.position() == before


def test_another_scheme_is_refused(service: Service) -> None:
    must_be_unauthenticated(service, "Basic " + service.notice.tokens["officer"])


def test_the_scheme_is_read_in_any_case(service: Service) -> None:
    with service.client() as client:
        token = service.notice.tokens["officer"]
        assert service.post(client, progress(), Authorization=f"bearer {token}").status_code == 201


def test_a_row_without_its_entry_opens_nothing(service: Service) -> None:
    token = "ledger_" + secrets.token_urlsafe(32)
    with psycopg.connect(service.database) as connection:
        connection.execute(
            "INSERT INTO ledger.tokens (secret_hash, notice, token) VALUES (sha256(%s::bytea), %s, 'unissued')",
            (token.encode(), service.notice.name),
        )
    must_be_unauthenticated(service, f"Bearer {token}")


def test_a_revoked_token_opens_nothing_from_then_on(service: Service) -> None:
    token = run(issue(service.database, service.notice.name, "officer", "COUNCIL_OFFICER"))
    with bearing(service, token) as client:
        assert service.post(client, progress()).status_code == 201
    run(revoke(service.database, service.notice.name, token))
    must_be_unauthenticated(service, f"Bearer {token}")


def test_an_expired_token_opens_nothing(service: Service) -> None:
    for seconds in (1.5, 6, 24, 96):  # on a busy machine it may have expired before it is used
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        token = run(
            issue(service.database, service.notice.name, "officer", "COUNCIL_OFFICER", until=until.isoformat())
        )
        with bearing(service, token) as client:
            is_open = client.get(service.entries).status_code == 200
        while datetime.now(UTC) < until:
            time.sleep(0.05)
        must_be_unauthenticated(service, f"Bearer {token}")
        if is_open:
            return
    raise AssertionError("no token was used before it had expired")


def test_a_notice_without_a_part_looks_like_one_that_is_not_there(service: Service) -> None:
    other = run(begin(service.database, "elsewhere"))
    with service.client("officer") as client:
        answers = []
        for notice in (other.name, "nowhere", "No Such.Name"):
            path = f"/ledgers/{notice}/entries"
            answers += [client.post(path, json=progress(), headers={"Content-Type": STRUCTURED}), client.get(path)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


def test_a_token_is_for_its_own_notice_even_where_another_has_its_id(service: Service) -> None:
    """Check that a token's id grants nothing in another notice that has the same id."""
    notice = run(begin(service.database, "twin"))
    shared = {"token": "shared", "actor": "officer", "role": "COUNCIL_OFFICER"}
    run(record(service.database, notice.name, [event("people.TokenIssued", shared, "operator")]))
    token = "ledger_" + secrets.token_urlsafe(32)
    with psycopg.connect(service.database) as connection:
        connection.execute(
            "INSERT INTO ledger.tokens (secret_hash, notice, token) VALUES (sha256(%s::bytea), %s, 'shared')",
            (token.encode(), service.notice.name),
        )
    run(record(service.database, service.notice.name, [event("people.TokenIssued", shared, "operator")]))
    with bearing(service, token) as client:
        assert service.post(client, progress()).status_code == 201
        assert client.get(f"/ledgers/{notice.name}/entries").status_code == 404
        entries = f"/ledgers/{notice.name}/entries"
        assert client.post(entries, json=progress(), headers={"Content-Type": STRUCTURED}).status_code == 404


def test_whose_role_has_ended_has_no_part(service: Service) -> None:
    granted = event("people.RoleGranted", {"actor": "leaver", "role": "CHAIR"}, "operator")
    run(record(service.database, service.notice.name, [granted]))
    token = run(issue(service.database, service.notice.name, "leaver", "CHAIR"))
    with bearing(service, token) as client:
        assert client.get(service.entries).status_code == 200
        ended = event("people.RoleRevoked", {"actor": "leaver", "role": "CHAIR", "reason": "Left."}, "operator")
        run(record(service.database, service.notice.name, [ended]))
        assert client.get(service.entries).status_code == 404


def test_tokens_of_two_notices_are_counted_apart() -> None:
    async def state(_notice: str) -> State:
        raise NotImplementedError

    adviser = Credential("adviser", "T1")
    first, same, other = (Bearer(adviser, home, state) for home in ("alpha", "alpha", "beta"))
    assert counted_as(first) == counted_as(same) != counted_as(other)
