"""Peers of the GraphQL benchmark, each a server of its own: hand-written SQL, and plain strawberry.

The first composes the same JSON in hand-written statements, in as few round trips. Role, policies and position are
the same. The second has a type, a resolver and a loader.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any, cast

import strawberry
import uvicorn
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg.sql import SQL, Literal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from api.http.server import address, listen
from api.settings import Bind
from ledger.store.database import pool
from projections.query.reader import SETTINGS
from projections.views.registry import ALL

Connection = AsyncConnection[Any]
BEGIN = SQL(
    "BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL ledger.notices = {0}; "
    "SELECT min(p.position) FROM views.progress p WHERE p.notice = {0} AND p.view = ANY ({1}::text[])"
)
PLAN = """SELECT convert_to(json_build_object('data', json_build_object('notice', json_build_object('plan',
    json_build_object('objectives', json_build_object('nodes', coalesce(json_agg(json_build_object(
        'objective', t.objective, 'title', n.body, 'areas', t.areas, 'owner', t.owner, 'due', t.due,
        'slow', t.outcome IS NULL AND t.due < (%(on)s AT TIME ZONE 'Europe/London')::date,
        'activityRating', t.activity_rating, 'impactRating', t.impact_rating,
        'actions', json_build_object('nodes', a.nodes)) ORDER BY t.position), '[]'))))))::text, 'UTF8')
    FROM (SELECT * FROM views.objectives WHERE notice = %(notice)s ORDER BY position LIMIT 100) t
    LEFT JOIN ledger.narratives n ON n.notice = t.notice
        AND n.position = t.title_position AND n.path = t.title_path
    CROSS JOIN LATERAL (SELECT coalesce(json_agg(json_build_object('action', t.action, 'title', n.body,
        'owner', t.owner, 'due', t.due) ORDER BY t.position), '[]') AS nodes
        FROM (SELECT * FROM views.actions a WHERE a.notice = %(notice)s AND a.objective = t.objective
            ORDER BY position LIMIT 50) t LEFT JOIN ledger.narratives n ON n.notice = t.notice
        AND n.position = t.title_position AND n.path = t.title_path) a"""
ENTRIES = """SELECT convert_to(json_build_object('data', json_build_object('notice', json_build_object('entries',
    json_build_object('nodes', coalesce(json_agg(json_build_object('position', e.position, 'type', e.type,
        'actor', j.actor, 'subject', j.subject, 'occurredAt', coalesce(j.time, e.recorded_at), 'data', j.data,
        'leafHash', encode(e.leaf_hash, 'base64')) ORDER BY e.position), '[]')))))::text, 'UTF8')
    FROM (SELECT * FROM ledger.entries WHERE notice = %(notice)s AND position <= %(position)s ORDER BY position
        LIMIT 1000) e
    CROSS JOIN LATERAL json_to_record(convert_from(e.body, 'UTF8')::json)
        j(subject text, time timestamptz, actor text, data json)"""
COMPLIANCE = """SELECT convert_to(json_build_object('data', json_build_object('notice', json_build_object(
    'compliance', json_build_object('nodes', coalesce(json_agg(json_build_object('clause', o.number,
        'obligor', o.obligor, 'modality', o.modality, 'status', s.status, 'since', s.since,
        'sincePosition', s.since_position, 'reason', s.reason, 'entries', s.entries) ORDER BY o.position), '[]')
    ))))::text, 'UTF8')
    FROM views.obligations o CROSS JOIN LATERAL (SELECT * FROM (
        (SELECT * FROM views.prospects p WHERE p.notice = o.notice AND p.number = o.number AND p.begins <= %(on)s
            ORDER BY p.number DESC, p.begins DESC LIMIT 1)
        UNION ALL
        (SELECT * FROM views.standings p WHERE p.notice = o.notice AND p.number = o.number AND p.begins <= %(on)s
            ORDER BY p.number DESC, p.begins DESC LIMIT 1)) u ORDER BY begins DESC LIMIT 1) s
    WHERE o.notice = %(notice)s"""
SLOW = """SELECT convert_to(json_build_object('data', json_build_object('notice', json_build_object('plan',
    json_build_object('objectives', json_build_object('nodes', coalesce(json_agg(json_build_object(
        'objective', t.objective, 'title', n.body, 'areas', t.areas, 'owner', t.owner, 'due', t.due,
        'firstDue', t.first_due, 'slippageDays', t.due - t.first_due, 'activityRating', t.activity_rating,
        'impactRating', t.impact_rating, 'progressAt', t.progress_at,
        'actions', json_build_object('nodes', a.nodes)) ORDER BY t.position), '[]'))))))::text, 'UTF8')
    FROM (SELECT * FROM views.objectives WHERE notice = %(notice)s AND outcome IS NULL
        AND due < (%(on)s AT TIME ZONE 'Europe/London')::date AND highlighted_position IS NULL
        ORDER BY position LIMIT 50) t LEFT JOIN ledger.narratives n ON n.notice = t.notice
        AND n.position = t.title_position AND n.path = t.title_path
    CROSS JOIN LATERAL (SELECT coalesce(json_agg(json_build_object('action', t.action, 'title', n.body,
        'owner', t.owner, 'due', t.due) ORDER BY t.position), '[]') AS nodes
        FROM (SELECT * FROM views.actions a WHERE a.notice = %(notice)s AND a.objective = t.objective
            AND a.completed_on IS NULL AND a.due < (%(on)s AT TIME ZONE 'Europe/London')::date
            ORDER BY position LIMIT 50) t LEFT JOIN ledger.narratives n ON n.notice = t.notice
        AND n.position = t.title_position AND n.path = t.title_path) a"""
_ACTIONS = """SELECT convert_to(json_build_object('data', json_build_object('notice', json_build_object('plan',
    json_build_object('actions', json_build_object('nodes', coalesce(json_agg(json_build_object(
        'action', t.action, 'title', n.body, 'owner', t.owner, 'due', t.due) ORDER BY {}), '[]'))))))::text,
        'UTF8')
    FROM (SELECT * FROM views.actions WHERE notice = %(notice)s {} LIMIT 100) t
    LEFT JOIN ledger.narratives n ON n.notice = t.notice
        AND n.position = t.title_position AND n.path = t.title_path"""
_TOTAL = "'totalCount', (SELECT count(*) FROM views.actions WHERE notice = %(notice)s), 'nodes'"
ORDERED = _ACTIONS.replace("'nodes'", _TOTAL).format(
    "t.due DESC, t.action, t.position", "ORDER BY due DESC, action, position"
)
FILTERED = _ACTIONS.format(
    "t.position", "AND (owner = 'officer' OR due >= '2024-01-01') AND objective <> 'O1' ORDER BY position"
)
GROUPED = """SELECT convert_to(json_build_object('data', json_build_object('notice', json_build_object('plan',
    json_build_object('actions', json_build_object('groups', coalesce(json_agg(json_build_object(
        'keys', json_build_array(objective, to_char(month, 'YYYY-MM')), 'count', n,
        'days', json_build_object('first', first, 'last', last)) ORDER BY objective, month), '[]'))))))::text,
        'UTF8')
    FROM (SELECT objective, date_trunc('month', due)::date AS month, count(*) AS n, min(due) AS first,
        max(due) AS last FROM views.actions WHERE notice = %(notice)s GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 1001) t"""
STATEMENTS = {
    "plan": PLAN,
    "entries1000": ENTRIES,
    "compliance": COMPLIANCE,
    "ordered": ORDERED,
    "filtered": FILTERED,
    "grouped": GROUPED,
    "question": SLOW,
}


def by_hand(url: str) -> Starlette:
    """Return the app of `GET /{what}/{notice}`: the answer of a hand-written statement."""
    connections = pool(url, "ledger_reader", 8, settings=SETTINGS)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with connections:
            yield

    async def answer(request: Request) -> Response:
        notice = request.path_params["notice"]
        statement = STATEMENTS[request.path_params["what"]]
        async with connections.connection() as connection:
            position = await _begin(connection, notice)
            async with connection.pipeline():
                await connection.execute(_place(position))
                parameters = {"notice": notice, "on": datetime.now(UTC), "position": position}
                cursor = await connection.execute(statement.encode(), parameters, prepare=True, binary=True)
                await connection.execute("COMMIT")
            row: Any = await cursor.fetchone()
        return Response(row[0], media_type="application/json")

    return Starlette(routes=[Route("/{what}/{notice}", answer)], lifespan=lifespan)


async def _begin(connection: Connection, notice: str) -> int:
    cursor = await connection.execute(BEGIN.format(Literal(notice), Literal(sorted(view.name for view in ALL))))
    while cursor.nextset():
        pass
    row: Any = await cursor.fetchone()
    return int(row[0])


def _place(position: int) -> Any:
    return SQL("SET LOCAL ledger.position = {}").format(Literal(str(position)))


# --- strawberry as it is taught


@strawberry.type
class Action:
    """Action of the plan."""

    action: strawberry.ID
    title: str | None
    owner: str
    due: date


@strawberry.type
class Actions:
    """Page of actions."""

    nodes: list[Action]


@strawberry.type
class Objective:
    """Objective of the plan."""

    objective: strawberry.ID
    title: str | None
    areas: list[strawberry.ID]
    owner: str
    due: date
    slow: bool
    activity_rating: str | None
    impact_rating: str | None

    @strawberry.field
    async def actions(self, info: Info[Any, None]) -> Actions:
        """Return the actions."""
        return Actions(nodes=await info.context["actions"].load(self.objective))


@strawberry.type
class Objectives:
    """Page of objectives."""

    nodes: list[Objective]


@strawberry.type
class Plan:
    """Plan of a notice."""

    notice: strawberry.Private[str]

    @strawberry.field
    async def objectives(self, info: Info[Any, None], first: int = 50) -> Objectives:
        """Return the objectives."""
        rows = await info.context["fetch"](
            """SELECT t.*, n.body AS title FROM views.objectives t LEFT JOIN ledger.narratives n
            ON n.notice = t.notice AND n.position = t.title_position AND n.path = t.title_path
            WHERE t.notice = %s ORDER BY t.position LIMIT %s""",
            (self.notice, first),
        )
        today = datetime.now(UTC).date()
        return Objectives(
            nodes=[
                Objective(
                    objective=row["objective"],
                    title=row["title"],
                    areas=row["areas"],
                    owner=row["owner"],
                    due=row["due"],
                    slow=row["outcome"] is None and row["due"] < today,
                    activity_rating=row["activity_rating"],
                    impact_rating=row["impact_rating"],
                )
                for row in rows
            ]
        )


@strawberry.type
class Notice:
    """Notice."""

    plan: Plan


@strawberry.type
class Query:
    """Root of queries."""

    @strawberry.field
    async def notice(self, id: strawberry.ID) -> Notice:  # noqa: A002 - GraphQL's name for it
        """Return the notice."""
        return Notice(plan=Plan(notice=id))


class Naive(GraphQL[dict[str, Any], None]):
    """Strawberry's view, with one transaction for each read."""

    def __init__(self, url: str) -> None:
        super().__init__(strawberry.Schema(Query), graphql_ide=None)
        self.connections = pool(url, "ledger_reader", 8)

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:  # noqa: ARG002 - strawberry's signature
        """Return the context that resolvers share."""
        notice = request.headers["notice"]

        async def fetch(query: str, parameters: Sequence[object]) -> list[dict[str, Any]]:
            async with self.connections.connection() as connection:
                await connection.execute(_place(await _begin(connection, notice)))
                cursor = connection.cursor(row_factory=dict_row, binary=True)
                await cursor.execute(query.encode(), parameters)
                rows = await cursor.fetchall()
                await connection.execute("COMMIT")
            return rows

        async def load(keys: list[str]) -> list[list[Action]]:
            rows = await fetch(
                """SELECT t.action, t.objective, t.owner, t.due, n.body AS title FROM views.actions t
                LEFT JOIN ledger.narratives n
                ON n.notice = t.notice AND n.position = t.title_position AND n.path = t.title_path
                WHERE t.notice = %s AND t.objective = ANY (%s) ORDER BY t.position""",
                (notice, keys),
            )
            actions: dict[str, list[Action]] = {}
            for row in rows:
                values = {name: row[name] for name in ("action", "title", "owner", "due")}
                actions.setdefault(row["objective"], []).append(Action(**values))
            return [actions.get(key, []) for key in keys]

        return {"fetch": fetch, "actions": DataLoader(load)}


def naive(url: str) -> Starlette:
    """Return the app of `POST /graphql`, with the notice in a header."""
    endpoint = Naive(url)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with endpoint.connections:
            yield

    return Starlette(routes=[Route("/graphql", endpoint)], lifespan=lifespan)


def main() -> None:
    """Serve one of the peers on a free port, and print its address."""
    which, url = sys.argv[1:]
    app = by_hand(url) if which == "sql" else naive(url)
    with listen(Bind("127.0.0.1", 0)) as listening:
        print(address(listening), flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        asyncio.run(server.serve([cast(Any, listening)]))


if __name__ == "__main__":
    main()
