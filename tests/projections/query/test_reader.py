"""Snapshots: the rows visible to the reader's role, the position read, waiting, and the indexes used."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from ledger.append.writer import Writer
from ledger.domain.errors import Unavailable
from ledger.store.database import connect
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner
from projections.errors import NotCaughtUp, NotRecordedYet, UnknownNotice
from projections.query.reader import CONNECTIONS, AsOf, Reader
from projections.query.snapshot import Snapshot
from projections.views import entries, notice, plan
from projections.views.registry import ALL
from tests.benchmarks.synthetic import put
from tests.ledger.history import ALICE, DAN, NOTICE, OPERATOR, ROSA, SETTING_SIZE, Clock, begin, progress, submit
from tests.projections.folding import fold_all, until
from tests.projections.rows import RowQuery, find, rows_of

TABLES = [table.name for view in ALL for table in view.tables]
FILLED = ["notices", "clauses", "areas", "objectives", "objective_progress", "corrections"]
LAST = SETTING_SIZE + 4


async def two_notices(url: str) -> None:
    """Return a database with two notices of `LAST` entries each, and rows in the tables of `FILLED`."""
    clause = {"number": "4", "obligor": "COUNCIL", "modality": "MUST", "rule": "context", "text": "Keep a plan"}
    async with Writer(url) as writer:
        for of in (NOTICE, "other"):
            await begin(writer, of)
            wrong = await writer.append(of, progress(), ALICE)
            await writer.append(of, submit("ClauseRegistered", clause, "operator"), OPERATOR)
            correction = {"position": wrong.position, "reason": "wrong"}
            await writer.append(of, submit("EntryCorrected", correction), ALICE)
            await writer.append(of, progress(), ALICE)
            await fold_all(url, of)


async def seen(url: str, table: str, **settings: str) -> set[str]:
    """Return the notices whose rows the reader's role sees in a table under these settings."""
    async with await connect(url, "ledger_reader") as connection, connection.transaction():
        for name, value in settings.items():
            await connection.execute(
                sql.SQL("SET LOCAL {} = {}").format(sql.Identifier("ledger", name), sql.Literal(value))
            )
        cursor = await connection.execute(
            sql.SQL("SELECT DISTINCT notice FROM {}").format(sql.Identifier("views", table))
        )
        return {of for (of,) in await cursor.fetchall()}


async def test_the_reader_sees_the_notices_that_it_named_at_the_position_that_it_named(database: str) -> None:
    await two_notices(database)
    for table in FILLED:
        assert await seen(database, table, notices=NOTICE, position=str(LAST)) == {NOTICE}, table
        assert await seen(database, table, notices=f"{NOTICE},other", position=str(LAST)) == {NOTICE, "other"}
        assert await seen(database, table, notices=NOTICE) == set(), table
        assert await seen(database, table, notices=NOTICE, position="") == set(), table
        assert await seen(database, table, position=str(LAST)) == set(), table
    assert await seen(database, "progress", notices=NOTICE) == {NOTICE}
    assert await seen(database, "progress") == set()


@pytest.mark.parametrize("rebuilt", [False, True])
async def test_every_table_has_the_same_policy_and_grants(database: str, rebuilt: bool) -> None:
    await two_notices(database)
    if rebuilt:
        await rebuild(database, ALL)
    query = """SELECT c.relname, c.relrowsecurity, p.polcmd, pg_get_expr(p.polqual, p.polrelid), c.relacl::text,
        (SELECT string_agg(attacl::text, ' ') FROM pg_attribute WHERE attrelid = c.oid)
        FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
        WHERE c.relnamespace = 'views'::regnamespace AND c.relkind = 'r' AND c.relname <> 'progress'"""
    with psycopg.connect(database) as connection:
        policies = {name: tuple(rest) for name, *rest in connection.execute(query).fetchall()}
    assert policies.keys() == set(TABLES)
    (rule,) = set(policies.values())
    assert rule[:2] == (True, "r")
    assert rule[2] == '(ledger.visible(notice) AND (held @> views."position"()))'


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("ledger_reader", "DELETE FROM views.objectives"),
        ("ledger_reader", "INSERT INTO views.areas (notice, held, area) VALUES ('n', '[1,)', 'x')"),
        ("ledger_reader", "UPDATE views.progress SET position = 99"),
        ("ledger_reader", "SELECT views.make_table('x', '{a}', '{a}', '{text}')"),
        ("ledger_reader", "SELECT views.swap_table('objectives')"),
        ("ledger_projector", "DELETE FROM views.objectives"),
        ("ledger_projector", "UPDATE views.objectives SET owner = 'me'"),
        ("ledger_projector", "SELECT views.swap_table('progress')"),
        ("ledger_projector", "SELECT body FROM ledger.narratives"),
        ("ledger_projector", "DELETE FROM ledger.entries"),
        ("ledger_writer", "SELECT * FROM views.objectives"),
    ],
)
async def test_nobody_may_do_more_to_a_view_than_their_part(
    database: str, role: Any, statement: LiteralString
) -> None:
    await Runner(database, ALL).open()
    async with await connect(database, role) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(statement)


async def test_types_and_names_given_for_a_table_are_no_way_to_run_anything(database: str) -> None:
    async with await connect(database, "ledger_projector") as connection:
        call = "SELECT views.make_table(%s, %s, %s, %s)"
        with pytest.raises(psycopg.Error):
            await connection.execute(call, ("t", ["a"], ["a"], ["text); DROP TABLE views.progress; --"]))
        await connection.execute(call, ('t"; DROP TABLE views.progress; --', ["a"], ["a"], ["text"]))
        await connection.execute("SELECT FROM views.progress")


async def test_a_reading_waits_for_the_position_that_it_must_have_seen(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        await fold_all(database, NOTICE)
        receipt = await writer.append(NOTICE, progress(), ALICE)
        async with reader.at(NOTICE) as reading:
            assert reading.position == SETTING_SIZE
        waiting = asyncio.create_task(position_of(reader, at_least=receipt.position, wait=20.0))
        await until(lambda: listens(database))
        assert not waiting.done()
        await fold_all(database, NOTICE)
        assert await waiting == receipt.position


async def position_of(reader: Reader, **arguments: Any) -> int:
    async with reader.at(NOTICE, **arguments) as reading:
        return reading.position


async def listens(database: str) -> bool:
    with psycopg.connect(database) as connection:
        listeners = connection.execute(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
        return listeners.rowcount > 0


@pytest.mark.parametrize(
    "arguments", [{"at_least": 8}, {"as_of": AsOf(8)}, {"as_of": AsOf(known_at=datetime.max.replace(tzinfo=UTC))}]
)
async def test_a_reading_does_not_wait_longer_than_it_was_given(database: str, arguments: dict[str, Any]) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        await fold_all(database, NOTICE)
        await writer.append(NOTICE, progress(), ALICE)
        with pytest.raises(NotCaughtUp, match="have reached position 7 of 8, not 8;"):
            await position_of(reader, **arguments, wait=0.05)


async def test_a_connection_that_the_server_ends_during_a_snapshot_goes_back_to_the_pool(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        for _ in range(CONNECTIONS + 1):
            async with reader.at(NOTICE, views=()) as reading:
                assert reading.position == SETTING_SIZE
                with psycopg.connect(database) as connection:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND state = 'idle in transaction'"
                    )
        assert await position_of(reader, views=()) == SETTING_SIZE


async def test_views_that_were_never_folded_are_not_taken_for_empty(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        with pytest.raises(NotCaughtUp):
            await position_of(reader, wait=0.05)
        assert await position_of(reader, views=()) == SETTING_SIZE
        await fold_all(database, NOTICE, [notice.VIEW])
        assert await position_of(reader, views=["notice"]) == SETTING_SIZE
        with pytest.raises(NotCaughtUp):
            await position_of(reader, views=["notice", "plan"], wait=0.05)


async def test_rows_of_another_version_of_a_view_are_not_read(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        await fold_all(database, NOTICE)
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE views.progress SET version = version + 1 WHERE view = 'plan'")
        with pytest.raises(NotCaughtUp):
            await position_of(reader, wait=0.05)
        assert await position_of(reader, views=["notice"]) == SETTING_SIZE


async def test_as_of_an_instant_is_as_of_the_last_position_recorded_by_then(database: str) -> None:
    clock = Clock()
    async with Writer(database, clock) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        instants = {}
        for _ in range(3):
            clock.advance(days=1)
            receipt = await writer.append(NOTICE, progress(), ALICE)
            instants[receipt.position] = receipt.recorded_at
        await fold_all(database, NOTICE)
        moment = timedelta(microseconds=1)
        for position, instant in instants.items():
            assert await position_of(reader, as_of=AsOf(known_at=instant)) == position
            assert await position_of(reader, as_of=AsOf(known_at=instant - moment)) == position - 1
        async with reader.at(NOTICE, as_of=AsOf(9), on=clock.at) as reading:
            assert (reading.recorded_at, reading.on) == (instants[9], clock.at)
            rows = await reading.fetch("SELECT root_hash FROM ledger.entries WHERE position = 9")
            assert reading.root_hash == rows[0][0]
        with pytest.raises(NotRecordedYet, match=r"by 2022-07-05T08:59:59\+00:00"):
            await position_of(reader, as_of=AsOf(known_at=datetime(2022, 7, 5, 8, 59, 59, tzinfo=UTC)))
        for position in (0, -1, 11):
            with pytest.raises(NotRecordedYet, match="have positions 1 to 10"):
                await position_of(reader, as_of=AsOf(position))


async def test_what_is_no_notice_is_not_found(database: str) -> None:
    await two_notices(database)
    async with Reader(database, ALL) as reader:
        for name in ("elsewhere", f"{NOTICE},other", "", "'; SELECT 1; --", f"{NOTICE}\n"):
            with pytest.raises(UnknownNotice) as refusal:
                async with reader.at(name):
                    pass
            assert refusal.value.code == "NOT_FOUND"
            assert await reader.notices([name]) == []


async def test_the_notices_allowed_are_listed_each_with_its_own_end(database: str) -> None:
    await two_notices(database)
    async with Reader(database, ALL) as reader:
        notices = await reader.notices(["other", "missing", NOTICE])
        assert [(head.notice, head.position) for head in notices] == [("other", LAST), (NOTICE, LAST)]
        async with reader.at(NOTICE) as reading:
            assert notices[1].root_hash == reading.root_hash
        assert await reader.notices([]) == []


async def test_an_erased_text_reads_as_erased_also_as_of_before(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        recorded = await writer.append(NOTICE, progress(), ALICE)
        request = {"position": recorded.position, "reason": "names a child", "authority": "Article 17"}
        erasure_request = await writer.append(NOTICE, submit("ErasureRequested", request, "rosa"), ROSA)
        erased = {"position": recorded.position, "request": erasure_request.position}
        erasing = await writer.append(NOTICE, submit("NarrativeErased", erased, "dan"), DAN)
        await fold_all(database, NOTICE)
        async with reader.at(NOTICE, as_of=AsOf(recorded.position)) as reading:
            (row,) = await rows_of(reading, plan.PROGRESS_MADE, objective="O1")
            (entry,) = await entries.page(reading, after=recorded.position - 1)
        assert (row.narrative.body, row.narrative.erased_by) == (None, erasing.position)
        assert entry.narratives["narrative"] == row.narrative


async def test_a_reading_leaves_nothing_behind_on_its_connection(database: str) -> None:
    await two_notices(database)
    async with Reader(database, ALL) as reader:
        for _ in range(20):
            with pytest.raises(ZeroDivisionError):
                async with reader.at(NOTICE) as reading:
                    raise ZeroDivisionError
            with pytest.raises(psycopg.errors.UndefinedTable):
                async with reader.at(NOTICE) as reading:
                    await reading.fetch("SELECT FROM nowhere")
        readings = [reader.at(of) for of in (NOTICE, "other") * 20]
        seen = await asyncio.gather(*[notices_seen(reading) for reading in readings])
        assert seen == [{NOTICE}, {"other"}] * 20


async def notices_seen(opening: Any) -> set[str]:
    async with opening as reading:
        return {of for (of,) in await reading.fetch("SELECT notice FROM views.objectives")}


async def test_a_connection_lost_while_it_reads_is_an_outage(database: str) -> None:
    await two_notices(database)
    async with Reader(database, ALL) as reader, reader.at(NOTICE) as snapshot:
        ((pid,),) = await snapshot.fetch("SELECT pg_backend_pid()")
        async with await psycopg.AsyncConnection.connect(database) as other:
            await other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(Unavailable):
            await snapshot.fetch("SELECT 1")


async def test_without_a_database_it_says_so() -> None:
    with pytest.raises(Unavailable):
        await Reader("host=/nowhere/at/all", ALL, timeout=0.5).open()


# --- indexes

VERSIONS = 10_000


@pytest.mark.parametrize(
    "arguments", [(None, None), (2_500, None), (None, "2022-12-01")], ids=["now", "as of", "known at"]
)
async def test_a_reading_begins_without_reading_the_whole_notice(
    database: str, arguments: tuple[object, object]
) -> None:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        await put(connection, NOTICE, 5_000)
        await connection.execute("ANALYZE ledger.entries, ledger.heads, views.progress")
    query = sql.SQL(
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM views.found({}, '{{plan}}', '{{1}}', {}, {})"
    )
    statement = query.format(NOTICE, *arguments)
    async with await connect(database, "ledger_reader") as connection, connection.transaction():
        await connection.execute(sql.SQL("SET LOCAL ledger.notices = {}").format(sql.Literal(NOTICE)))
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")  # as compiled answers run
        pages = []
        for _ in range(2):  # the first run also reads the catalogue
            plan_rows = await connection.execute(statement)
            [[[plan]]] = await plan_rows.fetchall()
            pages.append(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])
    assert pages[-1] < 30, pages  # the notice has hundreds


class Explained(Snapshot):
    """A snapshot that keeps the plan of its last query and does not run the query."""

    plan = ""

    async def fetch(
        self,
        query: LiteralString | sql.Composed | bytes,
        parameters: Sequence[object] | Mapping[str, object] = (),
    ) -> list[tuple[Any, ...]]:
        assert isinstance(query, bytes)
        rows = await super().fetch(b"EXPLAIN " + query, parameters)
        self.plan = "\n".join(row[0] for row in rows)
        return []


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (lambda reading: rows_of(reading, plan.OBJECTIVE), "objectives_notice_held_idx"),
        (
            lambda reading: find(reading, plan.PROGRESS_MADE, RowQuery(by="objective", keys=["O7"])),
            "objective_progress_notice_objective_position_lower_idx",
        ),
    ],
    ids=["objectives by the positions at which they held", "progress by its objective"],
)
async def test_a_view_is_read_by_an_index(database: str, query: Callable[[Snapshot], Any], index: str) -> None:
    await two_notices(database)
    with psycopg.connect(database) as admin:
        admin.execute(
            "INSERT INTO views.objectives (notice, held, objective, position, added_at, areas, owner, due) "
            "SELECT %s, int8range(i, CASE WHEN i > %s - 100 THEN NULL ELSE i + 100 END), 'O' || i %% 100, i, "
            "now(), '{1a}', 'alice', now() FROM generate_series(1, %s) i",
            (NOTICE, VERSIONS, VERSIONS),
        )
        admin.execute(
            "INSERT INTO views.objective_progress (notice, held, objective, position) "
            "SELECT %s, int8range(i, NULL), 'O' || i %% 1000, i FROM generate_series(1, %s) i",
            (NOTICE, VERSIONS),
        )
        admin.execute("ANALYZE views.objectives, views.objective_progress")
    async with await connect(database, "ledger_reader") as connection, connection.transaction():
        await connection.execute(
            sql.SQL("SET LOCAL ledger.notices = {}; SET LOCAL ledger.position = '5000'").format(
                sql.Literal(NOTICE)
            )
        )
        explained = Explained(connection, NOTICE, (5_000, datetime.now(UTC), b""), datetime.now(UTC), {})
        await query(explained)
    assert index in explained.plan, explained.plan
    if index.endswith("held_idx"):
        (condition,) = (line for line in explained.plan.splitlines() if "Index Cond" in line and "held @>" in line)
        assert "notice" in condition
