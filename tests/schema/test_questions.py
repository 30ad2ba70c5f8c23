"""The regular questions against the invented history, with answers read by hand."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_object_type,
)
from psycopg import sql

import schema
from ledger.append.receipt import Receipt
from ledger.domain.authorisation import Credential
from ledger.domain.roles import Role
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner
from projections.query import snapshot
from projections.query.reader import Reader
from projections.query.snapshot import Snapshot
from projections.views.registry import ALL
from schema.context import Context
from schema.derive.declaration import SECTIONS
from schema.questions import questions
from tests.benchmarks.synthetic import put
from tests.schema.history_answers import AT, VARIABLES

NOTICE = "tameside-2022"
BY_NAME = {question.name: question.document for question in questions()}


class Everybody:
    """A viewer in one role."""

    def __init__(self, role: Role) -> None:
        self.credential = Credential("somebody", role=role)
        self._role = role

    async def roles(self, _notice: str) -> list[Role]:
        return [self._role]

    async def is_live(self) -> bool:
        return True

    async def allowed(self) -> list[str]:
        return [NOTICE]


async def no_append(*_: object, **__: object) -> Receipt:
    raise AssertionError("nothing is recorded here")


@pytest.fixture
async def reader(history_database: str) -> AsyncIterator[Reader]:
    async with Reader(history_database, ALL) as reader:
        yield reader


async def ask(reader: Reader, document: str, role: Role = Role.ADVISER, **variables: Any) -> dict[str, Any]:
    context = Context(reader, no_append, Everybody(role))
    result = await schema.build().execute(document, {"notice": NOTICE} | variables, context)
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data


def test_each_question_says_what_it_asks() -> None:
    assert len(BY_NAME) == 25
    assert all(question.words.endswith(("?", ")", ".")) and "?" in question.words for question in questions())


async def answers(reader: Reader) -> dict[str, dict[str, Any]]:
    return {
        name: (await ask(reader, document, **AT | VARIABLES.get(name, {}))) for name, document in BY_NAME.items()
    }


async def test_the_ten_questions_on_the_invented_history(reader: Reader) -> None:
    results = await answers(reader)
    notice = {
        name: answer["notice"] for name, answer in results.items() if name != "compliance" and "notice" in answer
    }
    changes = notice["changes"]
    assert [entry["position"] for entry in changes["entries"]["nodes"]] == list(range(641, 742))
    assert changes["compliance"]["nodes"] == []  # no change of 2024 was in effect on 1 November 2023
    slow = notice["slow-objectives"]["plan"]["objectives"]["nodes"]
    assert [(each["objective"], each["due"]) for each in slow] == [
        ("O1", "2023-02-28"), ("O4", "2023-04-30"), ("O6", "2023-03-31"), ("O8", "2023-06-30"),
        ("O9", "2023-03-31"), ("O10", "2023-06-30"),
    ]  # fmt: skip
    uncovered = notice["uncovered-areas"]["plan"]["coverage"]["nodes"]
    assert [(each["kind"], each["subject"]) for each in uncovered] == [
        ("RECOMMENDATION", "RC3"), ("RECOMMENDATION", "RC4"),
    ]  # fmt: skip
    claims = notice["impact"]["board"]["claims"]["nodes"]
    assert [(claim["report"], [each["evidence"] for each in claim["documents"]]) for claim in claims] == [
        ("BRP2", ["E25"]), ("BRP3", ["E26"]), ("BRP5", ["E28"]), ("BRP6", ["E29"]),
    ]  # fmt: skip
    decisions = {each["decision"]: each for each in notice["decisions"]["board"]["decisions"]["nodes"]}
    assert decisions["D1"]["votes"] == {"for": 5, "against": 0, "abstained": 0}
    assert [(each["evidence"], each["statusThen"]) for each in decisions["D1"]["restsOn"]] == [("E6", "CURRENT")]
    chair = notice["chair"]["board"]
    assert [(each["chair"], each["inPost"]) for each in chair["chairs"]] == [("chair", False), ("chair-2", True)]
    assert chair["vacancies"] == [
        {"first": "2022-07-20", "last": "2022-07-24"}, {"first": "2023-04-01", "last": "2023-07-02"},
    ]  # fmt: skip
    held_up = notice["partner-updates"]["partners"]["partners"]
    assert [(each["partner"], each["late"], each["missed"]) for each in held_up] == [
        ("P1", 1, 1), ("P2", 1, 0), ("P3", 0, 0),
    ]  # fmt: skip
    assert notice["access"]["live"]["nodes"] == []
    assert [each["request"] for each in notice["access"]["neverUsed"]["nodes"]] == ["X3", "X7"]
    signals = {each["measure"]: each for each in notice["signals"]["measures"]["nodes"]}
    assert "OUTSIDE" in signals["M1"]["readings"]["nodes"][0]["signals"]
    line = {
        date: {each["clause"]: each["status"] for each in results["compliance"][date]["compliance"]["nodes"]}
        for date in ("first", "second")
    }
    assert (line["first"]["5b"], line["second"]["5b"], line["first"]["1a"]) == ("MET", "NOT_MET", "MET")
    assert len(line["first"]) == len(line["second"])


async def test_an_update_is_overdue_once_its_day_has_passed(reader: Reader) -> None:
    results = await ask(reader, BY_NAME["partner-updates"], on="2024-06-01T00:00:00Z")
    assert [each["update"] for each in results["notice"]["partners"]["updates"]["nodes"]] == ["U4"]


async def test_each_field_is_read_of_the_invented_history(reader: Reader) -> None:
    """Find a value for every field of every type, with a few exceptions."""
    live = build_schema(schema.build().as_str())
    fields_seen: dict[str, set[str]] = {}
    null: set[str] = set()
    for name, path in paths(live).items():
        declared = live.type_map[name]
        assert isinstance(declared, GraphQLObjectType)
        leaves = [
            field
            for field, each in declared.fields.items()
            if isinstance(get_named_type(each.type), LEAF) and field not in SIGNED
        ]
        more = [
            f"{field}{'(first: 1)' if 'first' in each.args else ''} {{ __typename }}"
            for field, each in declared.fields.items()
            if field not in leaves and field not in (*SIGNED, "groups")
        ]
        document = "query($notice: ID!) { " + " { ".join(path) + " { " + " ".join(leaves + more)
        document += " }" * (len(path) + 1)
        rows = []
        for arguments in ("", ', asOf: {position: 300}, on: "2022-12-31T00:00:00Z"'):
            query = document.replace("id: $notice", "id: $notice" + arguments)
            data = await ask(reader, query, Role.OPERATOR)
            rows += list(found_at(data, [step.partition("(")[0] for step in path]))
        fields_seen[name] = set(leaves)
        null |= {
            f"{name}.{leaf}"
            for leaf in leaves
            if all(row[leaf] is None or row[leaf] == [] for row in rows) and not leaf.endswith("rasedBy")
        }
    assert sorted(null ^ NEVER_IN_THE_HISTORY) == []
    assert len(fields_seen) > 50


SIGNED = ("checkpoint", "proof")
"""Fields that need a signing key; `test_proofs` reads them."""
LEAF = GraphQLScalarType | GraphQLEnumType
NEVER_IN_THE_HISTORY = {
    "Access.documents", "Action.partOf", "AdviserVacancy.last", "BaselineReset.baseline",
    "Basis.supersededByThen", "BoardReport.board", "Chair.board", "ChairReport.board", "Finding.review",
    "Loss.acceptedAt", "Loss.acceptedBy", "Loss.position", "Loss.resumedAt", "Loss.rootHash", "Loss.size",
    "Measure.per", "Meeting.board", "Meeting.minutesEvidence", "Member.board", "Milestone.evidence",
    "Notice.body", "Notice.bodyCode", "Notice.expiresOn", "Notice.predecessors", "Review.staffSurvey",
    "Review.supervision", "RoleRequest.fromAt", "Terms.board", "Timetable.board", "Token.facts", "Token.source",
    "Unreported.first", "Unreported.last", "Vacancy.board", "ViewState.failedAt", "ViewState.failure",
}  # fmt: skip
"""Fields that the invented history leaves empty; the tests of their views fill them."""


def paths(live: GraphQLSchema) -> dict[str, list[str]]:
    """Return each type with the shortest path to it from the root."""
    results = {"Notice": ["notice(id: $notice)"]}
    waiting = ["Notice"]
    for name in waiting:
        declared = live.type_map[name]
        assert isinstance(declared, GraphQLObjectType)
        for field, each in sorted(declared.fields.items(), key=_rank):
            if field == "groups" or field.endswith("Node"):
                continue  # `test_groups` reads groups; a list shows more rows than the nodes of ids
            below = get_named_type(each.type)
            if isinstance(below, GraphQLObjectType) and below.name not in results:
                results[below.name] = [*results[name], f"{field}(first: 1000)" if "first" in each.args else field]
                waiting.append(below.name)
    return results


def _rank(item: tuple[str, GraphQLField]) -> int:
    """Return the rank of a field: sections, whose lists are whole, then lists, then objects, which may be null."""
    below = get_named_type(item[1].type)
    return 0 if below.name in SECTIONS else 2 if is_object_type(item[1].type) else 1


def found_at(data: Any, path: list[str]) -> Iterator[dict[str, Any]]:
    if isinstance(data, list):
        for each in data:
            yield from found_at(each, path)
    elif data is not None and path:
        yield from found_at(data[path[0]], path[1:])
    elif data is not None:
        yield data


async def test_the_number_of_statements_does_not_grow_with_the_data(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[object] = []
    fetch = Snapshot.fetch

    async def counted(self: Snapshot, query: Any, parameters: Any = ()) -> list[tuple[Any, ...]]:
        statements.append(query)
        return await fetch(self, query, parameters)

    monkeypatch.setattr(Snapshot, "fetch", counted)
    early = datetime(2022, 10, 1, tzinfo=UTC).isoformat()
    for name, document in BY_NAME.items():
        counts = []
        for as_of in ({"knownAt": early}, {"position": 690}):
            statements.clear()
            await ask(reader, document, asOf=as_of, **VARIABLES.get(name, {}))
            counts.append(len(statements))
        assert counts[1] <= counts[0] + 2, (name, counts)
        assert max(counts) <= 8, (name, counts)


# --- query plans


class Explained:
    """Recorder of the query plans of the statements that an operation runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.plans: list[str] = []
        fetch = Snapshot.fetch

        async def explained(reading: Snapshot, query: Any, parameters: Any = ()) -> list[tuple[Any, ...]]:
            if isinstance(query, bytes):
                lines = await fetch(reading, b"EXPLAIN " + query, parameters)
                self.plans.append("\n".join(line for (line,) in lines))
            return await fetch(reading, query, parameters)

        monkeypatch.setattr(Snapshot, "fetch", explained)
        plans = self.plans

        class Explaining(psycopg.AsyncRawCursor[Any]):
            """Record the plan of a compiled statement."""

            async def execute(self, query: Any, params: Any = (), **more: Any) -> Any:
                cursor, name = psycopg.AsyncRawCursor(self.connection), b"plan_%d" % len(plans)
                await cursor.execute(b"PREPARE %b AS %b" % (name, query))
                nulls = b", ".join([b"NULL"] * len(params))
                await cursor.execute(b"EXPLAIN EXECUTE %b (%b)" % (name, nulls))  # the generic plan
                plans.append("\n".join(line for (line,) in await cursor.fetchall()))
                return await super().execute(query, params, **more)

        monkeypatch.setattr(snapshot, "AsyncRawCursor", Explaining)


LARGE = (
    "objective_progress",
    "readings",
    "bases",
    "evidence",
    "standings",
    "moments",
    "uses",
    "actions",
)


async def test_questions_of_lists_scan_no_large_table(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        await put(connection, NOTICE, 8_000)
    await Runner(database, ALL).open()
    await rebuild(database, ALL, notice=NOTICE)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        # The planner reads a small table whole, by its statistics of the moment: now only where no index serves.
        await connection.execute(
            sql.SQL("ALTER DATABASE {} SET enable_seqscan = off").format(sql.Identifier(connection.info.dbname))
        )
    fields_seen = Explained(monkeypatch)
    lists = {
        name: document for name, document in BY_NAME.items() if "groups" not in document
    }  # these read all rows
    async with Reader(database, ALL) as reader:
        for name, document in lists.items():
            await ask(reader, document, **VARIABLES.get(name, {}))
            apart, variables = len(fields_seen.plans), {"notice": NOTICE} | VARIABLES.get(name, {})
            context = Context(reader, no_append, Everybody(Role.ADVISER))
            assert await schema.build().answer(context, document, variables) is not None, (
                name,
                context.answered_by,
            )
            assert len(fields_seen.plans) > apart, name
    assert len(fields_seen.plans) >= 2 * len(lists)
    scanned = [plan for plan in fields_seen.plans if any(f"Seq Scan on {name} " in plan for name in LARGE)]
    assert scanned == []
