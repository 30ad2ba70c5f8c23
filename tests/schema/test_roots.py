"""Every root of a query is compiled, with proofs and checkpoints; graphql-core completes an equal answer."""

import json
from typing import Any

import msgspec
import pytest

from projections.query.sql import compose
from projections.query.tree import Listing, Statement
from schema.compiled import execution
from schema.derive.connection import LARGEST
from tests.schema.conftest import NOTICE, World

pytestmark = pytest.mark.database
MIXED = """query($id: ID!, $entry: ID!, $objective: ID!, $with: Boolean!) {
  me { who: actor __typename parts { notice roles } }
  entry: node(id: $entry) { __typename id ... on Entry { position withheld leafHash proof @include(if: $with) } }
  objective: node(id: $objective) { ...Owned }
  constant: node(id: "tameside-2022/area/1a") { id ... on Area { objectives { nodes { ...Owned } } } }
  section: node(id: "tameside-2022@10/plan") { id ... on Plan { objectives { totalCount } } }
  notices(orderBy: [{field: ISSUED_ON}]) {
    totalCount nodes { id ledger { checkpoint } } edges { cursor node { plan { objectives { totalCount } } } }
  }
  notice(id: $id) { id ledger { size checkpoint } entries(last: 2) { nodes { position proof } } }
}
fragment Owned on Objective { id owner due progressCount }"""
VARIABLES = {"id": NOTICE, "entry": f"{NOTICE}/entry/3", "objective": f"{NOTICE}/objective/O1", "with": True}


async def both_ways(world: World, document: str, actor: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Return the compiled answer, which equals graphql-core's completion."""
    compiled = await world.schema.answer(world.context(actor), document, variables)
    assert compiled is not None
    result = await world.schema.execute(document, variables, world.context(actor))
    assert result.errors is None
    completed = msgspec.json.encode({"data": result.data, "extensions": result.extensions})
    assert json.dumps(json.loads(compiled)) == json.dumps(json.loads(completed))  # in the same order, too
    data: dict[str, Any] = json.loads(compiled)["data"]
    return data


@pytest.mark.parametrize(("actor", "withheld"), [("alice", False), ("bea", True)])
async def test_every_root_is_compiled_in_one_query(world: World, actor: str, withheld: bool) -> None:
    data = await both_ways(world, MIXED, actor, VARIABLES)
    assert (data["me"]["who"], data["me"]["__typename"]) == (actor, "Me")
    assert (data["entry"]["position"], data["entry"]["withheld"]) == (3, withheld)
    assert data["entry"]["proof"].startswith("c2sp.org/tlog-proof@v1\nindex 2\n")
    assert data["constant"]["objectives"]["nodes"][0] == data["objective"]
    assert data["section"] == {"id": f"{NOTICE}@10/plan", "objectives": {"totalCount": 2}}
    assert data["notices"]["nodes"][0]["ledger"]["checkpoint"] == data["notice"]["ledger"]["checkpoint"]


async def test_one_statement_serves_all_objects_of_a_type(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    document = "query($id: ID!) { node(id: $id) { id ... on Objective { title } } notices { nodes { id } } }"
    composed: list[object] = []

    def counted(listing: Listing, *rest: Any, **options: Any) -> Statement:
        composed.append(listing)
        return compose(listing, *rest, **options)

    monkeypatch.setattr(execution, "compose", counted)
    for objective in ("O1", "O2"):
        variables = {"id": f"{NOTICE}/objective/{objective}"}
        answer = await world.schema.answer(world.context("alice"), document, variables)
        assert json.loads(answer or b"")["data"]["node"]["id"] == variables["id"]
    assert len(composed) == 3  # the objective, the page, and a notice of the page
    assert await world.schema.answer(world.context("alice"), document, {"id": f"{NOTICE}/area/1a"}) is not None
    assert len(composed) == 4


WRONG = {
    'node(id: "tameside-2022/objective/O9") { id }': "NOT_FOUND",
    'node(id: "tameside-2022/records") { id }': "FORBIDDEN",
    'node(id: "elsewhere-2022/objective/O1") { id }': "NOT_FOUND",
    f"notices(first: {LARGEST + 1}) {{ totalCount }}": "BAD_USER_INPUT",
    'notice(id: "tameside-2022", atLeast: 0) { id }': "BAD_USER_INPUT",
}


async def test_an_error_of_one_root_leaves_the_others(world: World) -> None:
    for selection, code in WRONG.items():
        result = await world.ask(f"{{ me {{ actor }} wrong: {selection} }}", "bea")
        assert result.errors is not None
        (error,) = result.errors
        assert (error.path, (error.extensions or {})["code"]) == (["wrong"], code)
        assert result.data is None or result.data["me"] == {"actor": "bea"}


async def test_a_checkpoint_that_cannot_be_signed_is_an_error_of_its_field(world: World) -> None:
    world.sign = None
    document = '{ notice(id: "tameside-2022") { id ledger { size checkpoint } } }'
    assert await world.schema.answer(world.context("alice"), document) is None
    assert (await world.error(document))[0] == "NO_PROOF"
