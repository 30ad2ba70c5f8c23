"""Answers equal those evaluated field by field from other SQL: any query, any role, as of any position.

A query is answered in three ways: by the statement's bytes, by graphql-core from the same statement, and by
`tests.schema.compiled.by_fields`.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import psycopg
import pytest
from graphql import GraphQLObjectType, get_named_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from strawberry.types.execution import ExecutionResult

import schema
from ledger.domain.roles import Role
from projections.query.reader import Reader
from projections.query.sql import compose
from projections.views.registry import ALL
from schema import limits
from schema.compiled import execution
from schema.context import Context
from schema.derive.declaration import SECTIONS
from schema.limits import ROWS
from tests.databases import copied_database
from tests.schema.compiled.by_fields import evaluate
from tests.schema.compiled.documents import NOTICE, Request, documents
from tests.schema.history_answers import AT, VARIABLES
from tests.schema.test_questions import BY_NAME, Everybody, no_append

ROLES = (
    Role.ADVISER,
    Role.COUNCIL_OFFICER,
    Role.BOARD_MEMBER,
    Role.BOARD_SECRETARY,
    Role.AUDITOR,
    Role.PARTNER,
    Role.REVIEWER,
    Role.OPERATOR,
    Role.RECORDS_OFFICER,
)


DEEP = """{ notice(id: "tameside-2022") { areas { objectives { nodes { evidence { nodes { resting {
    documents { evidence } } } } } } } } }"""


class Both:
    """The invented history, with all ways to answer."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.schema = schema.build()
        self.runner = runner
        self.url = url
        self.reader = Reader(url, ALL)
        self.ways: Counter[str] = Counter()
        runner.run(self.reader.open())

    def context(self, role: Role) -> Context:
        return Context(self.reader, no_append, Everybody(role), wait=0.0)

    def compiled(self, asked: Request, role: Role) -> tuple[bytes | None, Context]:
        context = self.context(role)
        answer = self.runner.run(self.schema.answer(context, asked.document, asked.variables))
        self.ways[context.answered_by] += 1
        return answer, context

    def resolved(self, asked: Request, role: Role) -> tuple[ExecutionResult, Context]:
        context = self.context(role)
        return self.runner.run(self.schema.execute(asked.document, asked.variables, context)), context

    def evaluated(self, asked: Request, role: Role) -> tuple[dict[str, Any], int]:
        return self.runner.run(evaluate(self.reader, [role], [NOTICE], asked.document, asked.variables))

    def compare(self, asked: Request, role: Role) -> bool:
        """Compare the answers and return True, if the query is compiled."""
        answer, context = self.compiled(asked, role)
        result, resolved_context = self.resolved(asked, role)
        expected, rows = self.evaluated(asked, role)
        if rows > ROWS:
            codes = [(error.extensions or {}).get("code") for error in result.errors or ()]
            assert (answer, "LIMIT_EXCEEDED" in codes) == (None, True), (rows, codes)
            return False
        if any("aliases, of at most" in error.message for error in result.errors or ()):
            assert (answer, result.data) == (None, None)  # a document by chance too long for either way
            return False
        written = json.loads(msgspec.json.encode({"data": result.data, "extensions": result.extensions}))
        assert json.dumps(written["data"]) == json.dumps(expected["data"])  # the order is the same too
        assert bool(result.errors) == ("errors" in expected), (result.errors, expected)
        if not result.errors:
            # a list of notices reads only those of which something is selected
            if "notices" not in asked.document:
                assert written["extensions"] == expected["extensions"]
            assert resolved_context.budget.spent == rows
        if answer is None:
            return False
        assert result.errors is None, (context.answered_by, result.errors)
        assert json.dumps(json.loads(answer)) == json.dumps(written)
        assert context.budget.spent == rows
        return True


@pytest.fixture(scope="module")
def both(history_template: str) -> Iterator[Both]:
    with copied_database(history_template, "history_template") as url, asyncio.Runner() as runner:
        answers = Both(url, runner)
        yield answers
        runner.run(answers.reader.close())


@pytest.fixture(params=range(1, 9))
def part(request: pytest.FixtureRequest) -> int:
    """Return a part of a long test, for the test processes to share; each draws its own queries."""
    number: int = request.param
    return number


@pytest.fixture(scope="module")
def cursors(both: Both) -> dict[str, str]:
    """Return a cursor of each list of a notice or a section."""
    types = both.schema._schema.type_map
    notice = types["Notice"]
    assert isinstance(notice, GraphQLObjectType)
    owners = {"Notice": ""} | {
        get_named_type(field.type).name: name
        for name, field in notice.fields.items()
        if get_named_type(field.type).name in SECTIONS
    }
    by_list: dict[str, str | None] = {}
    for owner, way in owners.items():
        of = types[owner]
        assert isinstance(of, GraphQLObjectType)
        lists = [name for name, field in of.fields.items() if "after" in field.args]
        if lists:
            inner = " ".join(f"{name}(first: 2) {{ pageInfo {{ endCursor }} }}" for name in lists)
            asked = f'{{ notice(id: "{NOTICE}") {{ {inner if not way else f"{way} {{ {inner} }}"} }} }}'
            data: Any = both.resolved(Request(asked, {}), Role.OPERATOR)[0].data
            read = data["notice"][way] if way else data["notice"]
            by_list |= {f"{owner}.{name}": read[name]["pageInfo"]["endCursor"] for name in lists}
    return {name: cursor for name, cursor in by_list.items() if cursor is not None}


SECONDS = 60.0
"""Seconds in which one test compares queries; a rare query takes seconds, as whole lists are evaluated."""


def differ(both: Both, cursors: dict[str, str], examples: int) -> None:
    """Compare that many random queries, or as many as the time allows; hypothesis prints a differing one."""
    drawn = documents(both.schema._schema, cursors)
    compiled: Counter[bool] = Counter()
    ends = time.monotonic() + SECONDS

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn, st.sampled_from(ROLES))
    def each(asked: Request, role: Role) -> None:
        nonlocal ends
        if time.monotonic() < ends:
            try:
                compiled[both.compare(asked, role)] += 1
            except AssertionError:
                ends = float("inf")  # Hypothesis compares a differing query again, to shorten it
                raise

    each()
    assert compiled[True] > compiled.total() // 10, both.ways  # otherwise too few queries were compared
    assert both.ways["inexact"] == 0


def test_any_query_is_answered_alike(both: Both, cursors: dict[str, str]) -> None:
    differ(both, cursors, 25)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.usefixtures("part")
def test_hundreds_of_queries_are_answered_alike(both: Both, cursors: dict[str, str]) -> None:
    differ(both, cursors, 50)


def test_objects_of_which_nothing_is_asked_are_empty(both: Both) -> None:
    """Exclude every selected field by a directive."""
    fields = "plan { __typename @include(if: $all) } views(first: 1) { pageInfo { endCursor @include(if: $all) } "
    fields += "nodes { themes { path @include(if: $all) } } }"
    asked = f'query($all: Boolean!) {{ notice(id: "{NOTICE}") {{ {fields} }} }}'
    assert both.compare(Request(asked, {"all": False}), Role.ADVISER)
    answer, _ = both.compiled(Request(asked, {"all": False}), Role.ADVISER)
    assert b'"themes":[{},{}]' in (answer or b""), answer


def test_decisions_are_found_by_two_subjects_at_once(both: Both) -> None:
    """Compare each subject with the subjects of all decisions."""
    fields = (
        'plan { objectives { nodes { objective decisions(filter: {relatesTo: "O1"}) { nodes { decision } } } } }'
    )
    asked = Request(f'{{ notice(id: "{NOTICE}") {{ {fields} }} }}', {})
    assert both.compare(asked, Role.ADVISER)
    answer, _ = both.compiled(asked, Role.ADVISER)
    assert b'{"objective":"O2","decisions":{"nodes":[{"decision":"D1"}]}}' in (answer or b""), answer


@pytest.mark.parametrize("name", BY_NAME)
def test_each_question_is_compiled(both: Both, name: str) -> None:
    for more in ({}, {"asOf": {"position": 690}, "filter": {}}):
        asked = Request(BY_NAME[name], AT | VARIABLES.get(name, {}) | more)
        assert both.compare(asked, Role.ADVISER), both.ways


def test_a_compiled_read_is_one_statement_for_each_notice_read(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def recorded(self: Any, query: Any, *given: Any, **options: Any) -> Any:
        text = query.as_string() if isinstance(query, sql.Composed) else query
        sent.append(text.decode() if isinstance(text, bytes) else text)
        return await execute(self, query, *given, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", recorded)
    assert both.compiled(Request(BY_NAME["decisions"], {"notice": NOTICE}), Role.ADVISER)[0] is not None
    words = [
        each.split(" ")[0] for each in sent if each
    ]  # the pool sends an empty statement to check the connection
    assert [each for each in words if each != "LISTEN"] == ["SELECT", "SELECT"], "the snapshot, then the answer"


@pytest.mark.parametrize(
    ("document", "role", "reason"),
    [
        ("{ __schema { types { name } } }", Role.ADVISER, "introspection"),
        ('{ node(id: "tameside-2022/objective/O99") { id } }', Role.ADVISER, "refused"),
        ("{ nothing }", Role.ADVISER, "invalid"),
        ("query($id: ID!) { notice(id: $id) { id } }", Role.ADVISER, "invalid"),
        (
            '{ notice(id: "tameside-2022") { records { erasures { nodes { position } } } } }',
            Role.PARTNER,
            "refused",
        ),
        ('{ notice(id: "tameside-2022", asOf: { position: 0 }) { id } }', Role.ADVISER, "refused"),
        ('{ notice(id: "tameside-2022", asOf: { position: 9999 }) { id } }', Role.ADVISER, "refused"),
        ('{ notice(id: "tameside-2022") { entries(first: 1001) { nodes { id } } } }', Role.ADVISER, "refused"),
        ('{ notice(id: "tameside-2022") { entries(after: "x") { nodes { id } } } }', Role.ADVISER, "refused"),
        ('{ notice(id: "tameside-2022") { ledger { checkpoint } } }', Role.ADVISER, "refused"),
        ("mutation { a: __typename }", Role.ADVISER, "operation"),
    ],
)
def test_why_the_bytes_of_a_statement_are_not_the_answer_is_told(
    both: Both, document: str, role: Role, reason: str
) -> None:
    answer, context = both.compiled(Request(document, {}), role)
    assert (answer, context.answered_by) == (None, reason)


def test_an_answer_of_too_many_rows_is_not_sent(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Request(f'{{ notice(id: "{NOTICE}") {{ entries(first: 30) {{ nodes {{ position }} }} }} }}', {})
    monkeypatch.setattr(limits, "ROWS", 30)
    assert both.compiled(asked, Role.ADVISER)[0] is not None
    monkeypatch.setattr(limits, "ROWS", 29)
    assert both.compiled(asked, Role.ADVISER)[1].answered_by == "limit"


def test_the_rows_of_a_deep_query_are_counted_while_they_are_read(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop at the limit, within the statement."""
    asked = Request(DEEP, {})
    assert both.compare(asked, Role.ADVISER)
    _, context = both.compiled(asked, Role.ADVISER)
    spent = context.budget.spent
    assert spent > 10
    monkeypatch.setattr(execution, "compose", partial(_with_most, compose, spent - 1))
    both.schema.compiler._operations.clear()
    answer, refused = both.compiled(asked, Role.ADVISER)
    assert (answer, refused.answered_by) == (None, "limit")
    result, _ = both.resolved(asked, Role.ADVISER)
    assert [(error.path, error.extensions) for error in result.errors or ()] == [
        (["notice"], {"code": "LIMIT_EXCEEDED"})
    ]


def _with_most(write: Any, most: int, *given: Any, **options: Any) -> Any:
    return write(*given, **options | {"most_rows": most})


def test_a_cursor_of_a_list_below_a_row_is_for_that_row(both: Both) -> None:
    selection = 'plan {{ objectives(filter: {{objectiveIn: ["{}"]}}) {{ nodes {{ '
    selection += "actions(first: 1{}) {{ nodes {{ action }} pageInfo {{ endCursor }} }} }} }} }}"

    def actions(objective: str, after: str) -> Any:
        asked = Request(f'{{ notice(id: "{NOTICE}") {{ {selection.format(objective, after)} }} }}', {})
        both.compare(asked, Role.ADVISER)
        result, _ = both.resolved(asked, Role.ADVISER)
        plan = (result.data or {})["notice"]["plan"]
        return plan and plan["objectives"]["nodes"][0]["actions"], result.errors

    first, _ = actions("O1", "")
    after = f', after: "{first["pageInfo"]["endCursor"]}"'
    second, errors = actions("O1", after)
    assert (len(second["nodes"]), second["nodes"] != first["nodes"], errors) == (1, True, None)
    missing, (error,) = actions("O2", after)
    assert (missing, error.extensions) == (None, {"code": "BAD_USER_INPUT"})
    assert error.path == ["notice", "plan", "objectives", "nodes", 0, "actions"]
