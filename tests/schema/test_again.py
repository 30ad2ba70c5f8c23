"""Repeatable answers: the same bytes after later entries. Also the limits on their cost."""

import json
import time
import tracemalloc
from typing import Any

import msgspec
import pytest
from graphql import get_introspection_query

import schema
from projections.query import at_once
from projections.query.snapshot import Snapshot
from projections.query.tree import Statement
from schema import limits
from tests.schema.conftest import HEAD, NOTICE, World, event

EVERYTHING = """query($id: ID!, $position: Int!) {
  notice(id: $id, asOf: {position: $position}, on: "2023-01-01T00:00:00Z") {
    council kind status clauses { number parameters text } areas { area title }
    plan { objectives { nodes { objective title due activityRating progress { nodes { narrative position } } } } }
    compliance { nodes { clause status since reason entries } }
    entries(first: 1000) { nodes { position type data leafHash correctedBy narratives { path text } } }
    timeline(first: 1000) { nodes { subject kind position } pageInfo { endCursor } }
    ledger { size rootHash } asOf { position recordedAt on }
  }
}"""


async def whole(world: World, position: int) -> bytes:
    result = await world.ask(EVERYTHING, "operator", id=NOTICE, position=position)
    assert result.errors is None, result.errors
    return msgspec.json.encode({"data": result.data, "extensions": result.extensions})


async def test_two_thousand_entries_later_the_answer_is_the_same(world: World) -> None:
    before = await whole(world, HEAD)
    (rests_on,) = json.loads(before)["extensions"]["ledger"]
    assert (rests_on["notice"], rests_on["position"]) == (NOTICE, HEAD)
    progress = {"objective": "O1", "narrative": "More", "activityRating": "GREEN", "impactRating": "GREEN"}
    items = [event(f"later-{n}", "plan.ProgressRecorded", progress) for n in range(2_000)]
    receipts = await world.writer.append_all(NOTICE, items, world.context("operator").viewer.credential)
    await world.caught_up(HEAD + 2_000)
    assert len(receipts) == 2_000
    assert await whole(world, HEAD) == before
    assert await whole(world, HEAD + 2_000) != before


# --- limits


async def test_an_operation_may_not_go_on_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", -1)
    code, message = await world.error("query($id: ID!) { notice(id: $id) { id } }", id=NOTICE)
    assert (code, "seconds" in message) == ("LIMIT_EXCEEDED", True)


async def test_a_statement_in_one_round_trip_may_not_either(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup = at_once.LOOKUP.replace(b"OFFSET 0", b", set_config('statement_timeout', '20', true) OFFSET 0")
    monkeypatch.setattr(at_once, "LOOKUP", lookup)
    monkeypatch.setattr(at_once, "prepared", lambda *_: (b"SELECT ''::bytea, 0 FROM pg_sleep(5)", ()))
    code, message = await world.error("query($id: ID!) { notice(id: $id) { id } }", id=NOTICE)
    assert (code, "too long" in message) == ("LIMIT_EXCEEDED", True)


async def test_a_statement_may_not_either(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.reader.at_once = None
    fetch, answer = Snapshot.fetch, Snapshot.answer

    async def slow(self: Snapshot, _query: object, _parameters: object = ()) -> list[tuple[Any, ...]]:
        await fetch(self, "SELECT set_config('statement_timeout', '20', true)")
        return await fetch(self, "SELECT pg_sleep(5)")

    async def slow_at_once(
        self: Snapshot, _requests: object, **_options: object
    ) -> list[tuple[bytes, int] | None]:
        await fetch(self, "SELECT set_config('statement_timeout', '20', true)")
        return await answer(self, [(Statement(b"SELECT ''::bytea, 0 FROM pg_sleep(5)", ()), {}, None)])

    monkeypatch.setattr(Snapshot, "fetch", slow)
    monkeypatch.setattr(Snapshot, "answer", slow_at_once)
    code, message = await world.error("query($id: ID!) { notice(id: $id) { id } }", id=NOTICE)
    assert (code, "too long" in message) == ("LIMIT_EXCEEDED", True)


async def test_the_fields_at_the_root_are_limited(world: World) -> None:
    fields = " ".join(f"a{n}: me {{ actor }}" for n in range(limits.ROOT_FIELDS + 1))
    code, message = await world.error(f"{{ {fields} }}")
    assert (code, f"at most {limits.ROOT_FIELDS}" in message) == ("LIMIT_EXCEEDED", True)


@pytest.mark.parametrize(
    "document",
    [
        "{ " + " ".join(f"a{n}: me {{ actor }}" for n in range(50_000)) + " }",
        "{ me { actor } } #" + "x" * 1_000_000,
        "{ " + "me { " * 50_000 + "actor" + " }" * 50_000 + " }",
        "[" * 100_000,
        "query { me { " + "...F " * 5_000 + "} } fragment F on Me { ...F }",
    ],
    ids=["aliases", "one megabyte", "nesting", "brackets", "a fragment of itself"],
)
async def test_a_huge_document_is_answered_within_a_second_and_little_memory(document: str) -> None:
    built = schema.build()
    await built.execute("{ me { actor } }")
    began = time.process_time()  # the CPU time excludes other processes
    await built.execute(document)
    seconds = time.process_time() - began
    tracemalloc.start()
    await built.execute(document + " # again")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 1
    assert peak < 100_000_000


async def test_the_schema_tells_nothing_of_itself_where_that_is_wanted(world: World) -> None:
    closed = schema.build(introspection=False)
    context = world.context("alice")
    progress = await closed.execute(get_introspection_query(), None, context)
    assert progress.errors is not None
    assert "introspection" in progress.errors[0].message.lower()
    wrong = await closed.execute("{ me { actr } }", None, context)
    assert wrong.errors is not None
    assert "actor" not in wrong.errors[0].message
    open_ = await schema.build().execute("{ me { actr } }", None, context)
    assert open_.errors is not None
    assert "actor" in open_.errors[0].message
