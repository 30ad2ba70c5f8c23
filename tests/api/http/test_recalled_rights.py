"""Test reads judged from memory: a snapshot confirms the judgement, or it is made again before the answer."""

import random
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from api.auth.identity import Identity
from ledger.append.committed_state import CommittedStates
from projections.query.at_once import AnswerAtOnce, OneTripReader
from tests.api.service import NO_TLS, Service, event, issue, progress, record, revoke

pytestmark = pytest.mark.database
READ = """query($id: ID!, $asOf: AsOfInput) { notice(id: $id, asOf: $asOf) { title
    plan { objectives { nodes { objective title } } } } }"""
REFUSED = (401, "UNAUTHENTICATED")


class Reading:
    """A token of its own for the adviser, and a client that reads with it."""

    def __init__(self, service: Service, client: httpx.AsyncClient, token: str) -> None:
        self.service, self.client, self.token = service, client, token

    async def post(self, query: str = READ, **rest: Any) -> httpx.Response:
        """Send a query with the token."""
        variables = {"id": self.service.notice.name, **rest.pop("variables", {})}
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self.client.post(
            "/graphql", json={"query": query, "variables": variables, **rest}, headers=headers
        )

    async def answer(self, query: str = READ, **variables: Any) -> Any:
        """Return the data; the status and the code, if the token is not recognised."""
        answer = await self.post(query, variables=variables)
        body = answer.json()
        return body["data"] if answer.status_code == 200 else (answer.status_code, body["code"])

    async def revoke(self) -> None:
        """Revoke the token as another process would."""
        await revoke(self.service.database, self.service.notice.name, self.token)


@pytest.fixture
async def reading(service: Service) -> Any:
    """Return a reader whose notice is in the memory of the service."""
    token = await issue(service.database, service.notice.name, "adviser", "ADVISER")
    async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=NO_TLS) as client:
        reading = Reading(service, client, token)
        assert (await reading.answer())["notice"]["title"] == "An improvement notice"
        yield reading


@pytest.fixture
def heads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the notices whose heads are read to judge somebody, by a query of their own."""
    read, current = list[str](), CommittedStates._current

    async def noted(self: CommittedStates, notice: str) -> Any:
        read.append(notice)
        return await current(self, notice)

    monkeypatch.setattr(CommittedStates, "_current", noted)
    return read


async def test_a_read_at_an_unchanged_head_reads_no_head(reading: Reading, heads: list[str]) -> None:
    expected = await reading.answer()
    earlier = await reading.answer("query($id: ID!) { notice(id: $id, asOf: {position: 3}) { title } }")
    assert earlier["notice"] == {"title": expected["notice"]["title"]}
    assert [await reading.answer() for _ in range(3)] == [expected] * 3
    assert heads == []
    notice = reading.service.notice.name
    await record(reading.service.database, notice, [progress(source="operator")])
    heads.clear()
    assert [await reading.answer() for _ in range(3)] == [expected] * 3
    assert heads == [notice], "one read of the head makes the memory current"


@pytest.mark.parametrize(
    "query",
    [
        READ,
        "{ __typename }",
        "{ me { actor } }",
        "{ notices { nodes { id } } }",
        "query($id: ID!) { notice(id: $id) { checkpoint { size } } }",
        "query($id: ID!) { notice(id: $id) { nothing } }",
        'query($id: ID!) { a: notice(id: $id) { id } b: notice(id: "other") { id } }',
        '{ notice(id: "other") { id } }',
        "{",
    ],
)
async def test_a_revoked_token_is_refused_whatever_it_sends(reading: Reading, query: str) -> None:
    await reading.revoke()
    assert await reading.answer(query) == REFUSED


@pytest.mark.parametrize("position", [3, 1_000_000])
async def test_a_revoked_token_is_refused_at_earlier_and_later_positions(reading: Reading, position: int) -> None:
    await reading.revoke()
    assert await reading.answer(asOf={"position": position}) == REFUSED


async def test_a_revoked_token_learns_of_no_document(reading: Reading) -> None:
    await reading.revoke()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    refused = await reading.post("", extensions=extensions)
    assert (refused.status_code, refused.json()["code"]) == REFUSED


async def test_a_revocation_after_the_judgement_is_refused(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    recall = Identity.recall

    async def then_revoked(self: Identity, *args: Any) -> Any:
        recalled = await recall(self, *args)
        assert recalled is not None
        await reading.revoke()
        return recalled

    monkeypatch.setattr(Identity, "recall", then_revoked)
    assert await reading.answer() == REFUSED


@pytest.mark.parametrize("before", [True, False])
async def test_a_revocation_around_the_snapshot(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, *, before: bool
) -> None:
    """Refuse an answer from after the revocation; an answer from before it was the reader's."""
    answer = OneTripReader.answer

    async def revoked(self: OneTripReader, *args: Any, **wish: Any) -> AnswerAtOnce | None:
        monkeypatch.setattr(OneTripReader, "answer", answer)
        if before:
            await reading.revoke()
        answered = await answer(self, *args, **wish)
        if not before:
            await reading.revoke()
        return answered

    expected = await reading.answer()
    monkeypatch.setattr(OneTripReader, "answer", revoked)
    assert await reading.answer() == (REFUSED if before else expected)
    assert await reading.answer() == REFUSED


async def test_two_snapshots_around_a_revocation_answer_nothing(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revoke the token between two parts of a query that are read at different positions."""
    answer, calls = OneTripReader.answer, list[object]()

    async def revoked_after_one(self: OneTripReader, *args: Any, **wish: Any) -> AnswerAtOnce | None:
        calls.append(args)
        answered = await answer(self, *args, **wish)
        if len(calls) == 1:
            await reading.revoke()
        return answered

    monkeypatch.setattr(OneTripReader, "answer", revoked_after_one)
    two = "query($id: ID!) { a: notice(id: $id) { id } b: notice(id: $id, asOf: {position: 3}) { id } }"
    assert await reading.answer(two) == REFUSED
    assert len(calls) == 2


async def test_a_withdrawn_role_opens_nothing(reading: Reading) -> None:
    data = {"actor": "adviser", "role": "ADVISER", "reason": "They left."}
    service = reading.service
    await record(service.database, service.notice.name, [event("people.RoleRevoked", data, "operator")])
    assert (await reading.answer())["notice"] is None
    del data["reason"]
    await record(service.database, service.notice.name, [event("people.RoleGranted", data, "operator")])
    assert (await reading.answer())["notice"] is not None


async def test_any_history_of_rights_is_judged_as_at_the_head(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compare each read with one whose sender is recognised and judged at the head."""
    random_one, name = random.Random(1), service.notice.name
    actors = {"adviser": "ADVISER", "member": "BOARD_MEMBER", "officer": "COUNCIL_OFFICER"}
    tokens: dict[str, str] = {}
    issued, without_role = list[str](), set[str]()
    seen = set[tuple[int, bool]]()

    async def not_recalled(*_: object) -> None:
        pass

    async def change() -> None:
        actor = random_one.choice(sorted(actors))
        role = {"actor": actor, "role": actors[actor]}
        left = {**role, "reason": "They left."}
        match random_one.randrange(5):
            case 0 if actor in tokens:
                await revoke(service.database, name, tokens[actor])
                del tokens[actor]
            case 1 | 2 if actor in without_role:
                await record(service.database, name, [event("people.RoleGranted", role, "operator")])
                without_role.remove(actor)
            case 1 if actor not in without_role:
                await record(service.database, name, [event("people.RoleRevoked", left, "operator")])
                without_role.add(actor)
            case 2 | 3 if actor not in without_role:
                tokens[actor] = await issue(service.database, name, actor, actors[actor])
                issued.append(tokens[actor])
            case _:
                await record(service.database, name, [progress(source="operator")])

    async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=NO_TLS) as client:

        async def read() -> Sequence[tuple[int, Any]]:
            readers = [Reading(service, client, token) for token in issued[-2:]]
            answers = [await each.post() for each in readers]
            return [(each.status_code, each.json().get("data")) for each in answers]

        for _ in range(16):
            await change()
            recalled = await read()
            with monkeypatch.context() as patched:
                patched.setattr(Identity, "recall", not_recalled)
                assert await read() == recalled
            seen |= {(status, bool((data or {}).get("notice"))) for status, data in recalled}
    assert seen == {(200, True), (200, False), (401, False)}
