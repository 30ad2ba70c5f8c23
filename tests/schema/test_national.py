"""The list of notices: filters, orders, pages and groups, each notice at its own position."""

from collections.abc import Sequence
from typing import Any

import pytest

from ledger.domain.authorisation import Credential
from ledger.domain.roles import Role
from schema.context import Context
from tests.schema.compiled.by_fields import evaluate
from tests.schema.conftest import HISTORY, NOTICE, Someone, World, event

pytestmark = pytest.mark.database
ISSUED = HISTORY[0][1]
OTHERS = {
    "alpha-2023": {"council": "E08000001", "issuedOn": "2023-04-30", "kind": "STATUTORY_DIRECTION"},
    "beta-2021": {"council": "E08000002", "issuedOn": "2021-01-15"},
    "gamma-2023": {"council": "E08000001", "issuedOn": "2023-05-01"},
}
ROWS = {NOTICE: ISSUED} | {name: ISSUED | changed for name, changed in OTHERS.items()}
CLOSED = "beta-2021"
MINISTER = Credential("official", role=Role.DEPARTMENT_OFFICIAL)


@pytest.fixture
async def nation(world: World) -> World:
    """Return a ledger of four notices, one of them closed."""
    for name, changed in OTHERS.items():
        await world.record("notice.NoticeIssued", ISSUED | changed, f"i-{name}", name)
        await world.record("people.RoleGranted", {"actor": "alice", "role": "AUDITOR"}, f"r-{name}", name)
        world.notices.append(name)
    closed = {"outcome": "FULFILLED", "closedOn": "2022-01-15", "reason": "Done"}
    receipt = await world.writer.append(
        CLOSED, event("c", "notice.NoticeClosed", closed, source="official"), MINISTER
    )
    for name in OTHERS:
        await world.caught_up(receipt.position if name == CLOSED else 2, name)
    return world


async def ask(world: World, selection: str, actor: str = "operator") -> Any:
    """Return the list of notices, which equals that evaluated in Python."""
    data = (await world.data(f"{{ {selection} }}", actor))["notices"]
    expected, _ = await evaluate(world.reader, [Role.OPERATOR], world.notices, f"{{ {selection} }}", {})
    assert data == expected["data"]["notices"], expected
    return data


@pytest.mark.parametrize(
    ("conditions", "meets"),
    [
        ('{council: "E08000001"}', lambda row: row["council"] == "E08000001"),
        ('{councilIn: ["E08000001", "E08000002"]}', lambda row: row["council"] != ISSUED["council"]),
        ("{kind: STATUTORY_DIRECTION}", lambda row: row["kind"] == "STATUTORY_DIRECTION"),
        ("{status: CLOSED}", lambda row: row["issuedOn"] == "2021-01-15"),
        ("{not: {status: LIVE}}", lambda row: row["issuedOn"] == "2021-01-15"),
        (
            '{issuedFrom: "2022-07-05", issuedUntil: "2023-05-01"}',
            lambda row: "2022-07-05" <= row["issuedOn"] < "2023-05-01",
        ),
        (
            '{or: [{issuedUntil: "2022-01-01"}, {kind: STATUTORY_DIRECTION}]}',
            lambda row: row["issuedOn"] in ("2021-01-15", "2023-04-30"),
        ),
        (
            '{issuedAtFrom: "2026-01-01T00:00:00Z", issuedUntil: "2022-01-01"}',
            lambda row: row["issuedOn"] == "2021-01-15",
        ),
        ('{issuedAtUntil: "2026-01-01T00:00:00Z"}', lambda _row: False),
        ("{or: []}", lambda _row: False),
        ("{}", lambda _row: True),
    ],
)
async def test_notices_are_selected(nation: World, conditions: str, meets: Any) -> None:
    page = await ask(nation, f"notices(filter: {conditions}) {{ totalCount nodes {{ id council }} }}")
    expected = [{"id": name, "council": row["council"]} for name, row in sorted(ROWS.items()) if meets(row)]
    assert (page["nodes"], page["totalCount"]) == (expected, len(expected))


async def test_notices_are_ordered_and_paged_from_both_ends(nation: World) -> None:
    expected = sorted(sorted(ROWS), key=lambda name: ROWS[name]["issuedOn"], reverse=True)
    order = "orderBy: [{field: ISSUED_ON, direction: DESC}]"
    fields = "edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    whole = await ask(nation, f"notices({order}) {{ {fields} }}")
    assert [edge["node"]["id"] for edge in whole["edges"]] == expected
    start, end = (f'"{whole["edges"][at]["cursor"]}"' for at in (0, 3))
    page = await ask(nation, f"notices({order}, first: 2, after: {start}) {{ {fields} }}")
    assert (page["edges"], page["pageInfo"]["hasNextPage"]) == (whole["edges"][1:3], True)
    page = await ask(nation, f"notices({order}, last: 2, before: {end}) {{ {fields} }}")
    assert (page["edges"], page["pageInfo"]["hasPreviousPage"]) == (whole["edges"][1:3], True)
    by_council = await ask(
        nation, "notices(orderBy: [{field: COUNCIL}, {field: ISSUED_ON}], last: 1) { nodes { id } }"
    )
    assert by_council == {"nodes": [{"id": NOTICE}]}
    code, message = await nation.error(f"{{ notices(after: {start}) {{ totalCount }} }}")
    assert (code, "the order issued_on DESC" in message) == ("BAD_USER_INPUT", True)


async def test_notices_are_counted(nation: World) -> None:
    groups = "groups(by: [{field: COUNCIL}, {field: STATUS}]) { keys count days(of: ISSUED_ON) { first last } }"
    page = await ask(nation, f"notices(first: 1) {{ totalCount {groups} }}")
    assert page["totalCount"] == 4
    assert page["groups"] == [
        {"keys": ["E08000001", "LIVE"], "count": 2, "days": {"first": "2023-04-30", "last": "2023-05-01"}},
        {"keys": ["E08000002", "CLOSED"], "count": 1, "days": {"first": "2021-01-15", "last": "2021-01-15"}},
        {"keys": ["E08000008", "LIVE"], "count": 1, "days": {"first": "2022-07-05", "last": "2022-07-05"}},
    ]
    by_quarter = "groups(by: [{field: ISSUED_ON, period: QUARTER}]) { keys count }"
    page = await ask(nation, f"notices(filter: {{status: LIVE}}, first: 1) {{ {by_quarter} }}")
    assert [(group["keys"], group["count"]) for group in page["groups"]] == [(["2022-Q3"], 1), (["2023-Q2"], 2)]
    spent = (
        "groups { count duration(start: ISSUED_ON, end: CLOSED_ON) { count max } days(of: ISSUED_AT) { count } }"
    )
    page = await ask(nation, f"notices(first: 1) {{ {spent} }}")
    assert page["groups"] == [{"count": 4, "duration": {"count": 1, "max": 365.0}, "days": {"count": 4}}]


async def test_a_viewer_counts_their_own_notices_only(nation: World) -> None:
    document = "{ notices { totalCount nodes { id } groups { count } pageInfo { hasNextPage } } }"
    assert (await nation.data(document, "bea"))["notices"]["totalCount"] == 1
    nothing = {"totalCount": 0, "nodes": [], "groups": [{"count": 0}], "pageInfo": {"hasNextPage": False}}
    assert (await nation.data(document, "mallory"))["notices"] == nothing
    document = "{ notices(filter: {status: LIVE}, orderBy: [{field: COUNCIL}]) { totalCount } }"
    assert (await nation.data(document, "mallory"))["notices"] == {"totalCount": 0}


async def test_errors_of_one_notice_are_errors_of_its_field(nation: World) -> None:
    result = await nation.ask("{ notices { nodes { id records { erasures { totalCount } } } } }", "bea")
    assert result.errors is not None
    assert [(e.path, (e.extensions or {})["code"]) for e in result.errors] == [
        (["notices", "nodes", 0, "records"], "FORBIDDEN")
    ]
    assert result.data == {"notices": {"nodes": [{"id": NOTICE, "records": None}]}}


class Arriving(Someone):
    """A viewer in whose notices another one arrives at each look, as in a copy that catches up."""

    def __init__(self, world: World) -> None:
        super().__init__(world.writer, Credential("alice"), ())
        self._arriving = list(world.notices)

    async def allowed(self) -> Sequence[str]:
        self._notices = [*self._notices, self._arriving.pop()]
        return await super().allowed()


@pytest.mark.parametrize("fields", ["me {{ {0} }} {1}", "{1} me {{ {0} }}"])
async def test_a_list_and_the_viewers_parts_name_the_same_notices(nation: World, fields: str) -> None:
    document = fields.format("parts { notice roles }", "notices { nodes { id } }")
    context = Context(nation.reader, nation.writer.append, Arriving(nation))
    result = await nation.schema.ask(context, f"{{ {document} }}", {})
    assert result.errors is None
    assert result.data is not None
    parts = [part["notice"] for part in result.data["me"]["parts"]]
    assert parts == [node["id"] for node in result.data["notices"]["nodes"]]
    assert len(parts) == 1
