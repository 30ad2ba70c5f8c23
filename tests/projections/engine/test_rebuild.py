"""Rebuild while others read, follow and record, and repair of damaged rows."""

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from ledger.append.writer import Writer
from ledger.domain.entry import Entry
from ledger.domain.errors import LedgerError
from ledger.domain.fact import Fact
from ledger.store.database import connect
from projections.engine import digest, tables
from projections.engine import rebuild as rebuilding
from projections.engine.rebuild import Divergence, rebuild
from projections.engine.rows import Rows
from projections.engine.view import View
from projections.errors import UnknownNotice
from projections.query.reader import Reader
from projections.views import notice, plan
from projections.views.registry import ALL
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress
from tests.projections.folding import fold_all, owning, reached, running, stored, until, with_fold
from tests.projections.rows import rows_of


async def test_rebuilding_goes_unnoticed_by_readers_and_by_the_runner(database: str) -> None:
    heard: list[int] = []
    async with running(database) as runner, Writer(database, on_commit=runner.wake) as writer:
        await owning(runner)
        await begin(writer)
        await reached(runner, SETTING_SIZE)
        async with Reader(database, ALL) as reader:
            for _ in range(3):
                receipts = asyncio.gather(*[writer.append(NOTICE, progress(), ALICE) for _ in range(20)])
                await rebuild(
                    database, [plan.VIEW], progress=lambda _notice, position, _size: heard.append(position)
                )
                last = max(receipt.position for receipt in await receipts)
                async with reader.at(NOTICE, at_least=last) as reading:
                    (objective,) = await rows_of(reading, plan.OBJECTIVE)
                    assert objective.progress_count == last - SETTING_SIZE
    assert heard == sorted(heard)
    versions = stored(database, NOTICE, [plan.VIEW])["objectives"]
    assert [version[0] for version in versions] == list(range(SETTING_SIZE, SETTING_SIZE + 61))


async def owner_of(reader: Reader, at_least: int) -> str:
    async with reader.at(NOTICE, at_least=at_least) as reading:
        (objective,) = await rows_of(reading, plan.OBJECTIVE)
        return objective.owner


async def test_a_runner_goes_on_from_what_was_rebuilt_not_from_its_memory(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        await fold_all(database, NOTICE)
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE views.objectives SET owner = 'mallory'")
        async with running(database) as runner:
            await owning(runner)
            for owner in ("mallory", "alice"):
                receipt = await writer.append(NOTICE, progress(), ALICE)
                runner.wake()
                assert await owner_of(reader, receipt.position) == owner
                await rebuild(database, [plan.VIEW])


async def test_a_notice_begun_while_the_rows_are_swapped_is_not_lost(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    following: list[asyncio.Task[None]] = []

    async def waits_or_has_done() -> bool:
        with psycopg.connect(database) as connection:
            waiting = connection.execute(
                "SELECT FROM pg_locks WHERE NOT granted AND relation = 'views.progress'::regclass"
            )
            return waiting.rowcount > 0 or following[0].done()

    swap = rebuilding._Work._swap

    async def interrupted(work: Any, view: View) -> None:
        if not following:
            async with Writer(database) as writer:
                await begin(writer, "late")
            following.append(asyncio.create_task(fold_all(database, "late", [plan.VIEW])))
            await until(waits_or_has_done)
        await swap(work, view)

    async with Writer(database) as writer:
        await begin(writer)
    await fold_all(database, NOTICE)
    monkeypatch.setattr(rebuilding._Work, "_swap", interrupted)
    await rebuild(database, [plan.VIEW])
    await following[0]
    assert [row[2] for row in stored(database, "late", [plan.VIEW])["objectives"]] == ["O1"]


# --- what it says


async def two_folded(database: str) -> None:
    async with Writer(database) as writer:
        for of in (NOTICE, "other"):
            await begin(writer, of)
            for _ in range(3):
                await writer.append(of, progress(), ALICE)
            await fold_all(database, of)


async def test_it_says_what_differed_and_from_where(database: str) -> None:
    await two_folded(database)
    assert [view.divergences for view in (await rebuild(database, ALL, compare=True)).views] == [[]] * len(ALL)
    with psycopg.connect(database) as connection:
        connection.execute(
            "UPDATE views.objectives SET owner = 'mallory' WHERE notice = 'other' AND lower(held) >= 9"
        )
        connection.execute("DELETE FROM views.areas WHERE notice = %s", (NOTICE,))
    done = await rebuild(database, ALL, compare=True)
    divergences = {view.view: view.divergences for view in done.views if view.divergences}
    assert divergences == {
        "notice": [Divergence(NOTICE, "areas", 1, 0, 2)],
        "plan": [Divergence("other", "objectives", 2, 2, 9)],
    }
    assert done.entries == 2 * (SETTING_SIZE + 3)
    assert [view.divergences for view in (await rebuild(database, ALL, compare=True)).views] == [[]] * len(ALL)


async def test_a_view_that_is_behind_differs_in_nothing_up_to_there(database: str) -> None:
    await two_folded(database)
    async with Writer(database) as writer:
        await writer.append(NOTICE, progress(), ALICE)
    done = await rebuild(database, [plan.VIEW], compare=True)
    assert done.views[0].divergences == []
    counts = {row[column("progress_count")] for row in stored(database, NOTICE, [plan.VIEW])["objectives"]}
    assert counts == {0, 1, 2, 3, 4}


async def test_one_notice_is_rebuilt_and_the_others_stay_as_they_are(database: str) -> None:
    await two_folded(database)
    before = stored(database, "other")
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE views.objectives SET owner = 'mallory'")
    await rebuild(database, [plan.VIEW], notice=NOTICE)
    owners = {row[column("owner")] for row in stored(database, NOTICE, [plan.VIEW])["objectives"]}
    others = {row[column("owner")] for row in stored(database, "other", [plan.VIEW])["objectives"]}
    assert (owners, others) == ({"alice"}, {"mallory"})
    assert len(stored(database, "other")["objectives"]) == len(before["objectives"])
    with pytest.raises(UnknownNotice):
        await rebuild(database, [plan.VIEW], notice="nowhere")
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE views.progress SET version = 0 WHERE notice = 'other'")
    with pytest.raises(LedgerError, match="plan was built by another version"):
        await rebuild(database, [plan.VIEW], notice=NOTICE)
    assert shadows(database) == []


def column(name: str) -> int:
    return 2 + [column.name for column in plan.OBJECTIVES.columns].index(name)


async def test_a_fold_that_raises_keeps_its_rows_and_the_others_are_swapped(database: str) -> None:
    await two_folded(database)

    def raises(rows: Rows, entry: Entry, _fact: Fact) -> None:
        if entry.position == 9:
            raise ZeroDivisionError("no")
        plan.VIEW.fold(rows, entry)

    broken = with_fold(plan.VIEW, raises)
    before = stored(database, NOTICE)
    done = await rebuild(database, [broken, notice.VIEW])
    assert [(view.view, view.failed_at) for view in done.views] == [("plan", 9), ("notice", None)]
    assert done.views[0].failure == f"plan of {'other'} cannot be folded past entry 9: ZeroDivisionError: no"
    assert stored(database, NOTICE) == before
    assert shadows(database) == []


async def test_rows_that_cannot_be_stored_fail_their_view_alone(database: str) -> None:
    await two_folded(database)

    def refused(rows: Rows, entry: Entry, _fact: Fact) -> None:
        plan.VIEW.fold(rows, entry)
        if entry.position == 9:
            rows.change(plan.OBJECTIVES, "O1", owner="\0")

    done = await rebuild(database, [with_fold(plan.VIEW, refused), notice.VIEW])
    assert [(view.view, view.failed_at) for view in done.views] == [("plan", 1), ("notice", None)]
    assert done.views[0].failure == (
        "plan of other cannot be folded past entry 1: the rows of entries 1 to 10 cannot be stored: "
        'invalid byte sequence for encoding "UTF8": 0x00'
    )
    assert shadows(database) == []


def shadows(database: str) -> list[str]:
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'views'::regnamespace AND relname ~ '_shadow$'"
        ).fetchall()
    return [name for (name,) in rows]


async def test_interrupted_it_leaves_the_old_in_place(database: str) -> None:
    await two_folded(database)
    before = stored(database, NOTICE)

    def interrupt(_notice: str, _position: int, _size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rebuild(database, ALL, progress=interrupt)
    assert (stored(database, NOTICE), shadows(database)) == (before, [])


async def test_what_a_killed_rebuild_left_is_dropped_by_the_next_owner_and_nothing_else(database: str) -> None:
    await two_folded(database)
    async with await connect(database, "ledger_projector") as connection:
        for view in (notice.VIEW, plan.VIEW):
            for table in view.tables:
                await tables.create_shadow(connection, table)
        assert await rebuilding._lock(connection, plan.VIEW, "pg_advisory_lock"), (
            "as if one filled those of the plan"
        )
        async with running(database) as runner:
            await owning(runner)
            await reached(runner, SETTING_SIZE + 3)

            async def swept() -> bool:
                return sorted(shadows(database)) == sorted(f"{table.name}_shadow" for table in plan.VIEW.tables)

            await until(swept)


# --- the digest of a view's state


async def test_a_state_has_one_digest_live_rebuilt_and_offline(database: str) -> None:
    await two_folded(database)
    live = await digest.digests(database, ALL)
    await rebuild(database, ALL)
    assert [each.stored for each in await digest.digests(database, ALL)] == [each.stored for each in live]
    assert all(each.sound for each in live)
    assert {(each.notice, each.position) for each in live} == {
        (NOTICE, SETTING_SIZE + 3),
        ("other", SETTING_SIZE + 3),
    }
    assert len(live) == 2 * len(ALL)
    assert len({each.stored for each in live if each.view == "plan"}) == 2, "another state has another digest"
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE views.objectives SET owner = 'mallory' WHERE notice = 'other'")
    assert [(each.notice, each.view) for each in await digest.digests(database, ALL) if not each.sound] == [
        ("other", "plan")
    ]


async def test_an_earlier_state_has_the_digest_that_it_had(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        seen: dict[int, str] = {}
        for _ in range(3):
            receipt = await writer.append(NOTICE, progress(), ALICE)
            await fold_all(database, NOTICE)
            (seen[receipt.position],) = [d.stored for d in await digest.digests(database, [plan.VIEW])]
    async with await connect(database, "ledger_projector") as connection:
        assert len(set(seen.values())) == 3
        for position, earlier in seen.items():
            assert await digest.stored_digest(connection, plan.VIEW, NOTICE, position) == earlier


@pytest.mark.parametrize("held", ["(,)", "(,20)", "[900,)", "[5,900)", "empty"])
async def test_rows_that_no_fold_stores_differ_wherever_they_lie(database: str, held: str) -> None:
    async def past() -> str:
        async with await connect(database, "ledger_projector") as connection:
            return await digest.stored_digest(connection, plan.VIEW, NOTICE, SETTING_SIZE + 1)

    await two_folded(database)
    before = await past()
    forged = {"held": held, "owner": "mallory"}
    with psycopg.connect(database) as connection:
        connection.execute("SET ROLE ledger_projector")  # a right of the service's login
        connection.execute(
            "INSERT INTO views.objectives SELECT (jsonb_populate_record(o, %s)).* FROM views.objectives o "
            "WHERE notice = %s ORDER BY lower(held) LIMIT 1",
            (Jsonb(forged), NOTICE),
        )
    compared = await digest.digests(database, [plan.VIEW])
    assert {each.notice: each.sound for each in compared} == {NOTICE: False, "other": True}
    assert await past() != before
    (view,) = (await rebuild(database, [plan.VIEW], compare=True)).views
    assert [(each.notice, each.missing, each.surplus) for each in view.divergences] == [(NOTICE, 0, 1)]
    assert all(each.sound for each in await digest.digests(database, [plan.VIEW]))


async def test_what_was_never_built_or_by_another_version_is_compared_with_nothing(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        done = await rebuild(database, ALL, compare=True)
        assert not any(view.divergences or view.failure for view in done.views)
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE views.progress SET version = 0 WHERE view = 'plan'")
            connection.execute("ALTER TABLE views.objectives RENAME COLUMN owner TO keeper")
        done = await rebuild(database, ALL, compare=True)
        assert not any(view.divergences or view.failure for view in done.views)
        assert await owner_of(reader, SETTING_SIZE) == "alice"
