"""Test answers in the round trip that opens their snapshot: right bytes or none, and no trace left behind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ledger.append.writer import Writer
from projections.engine.runner import Runner
from projections.errors import Inexact
from projections.query.reader import AsOf, Reader
from projections.query.tree import Statement
from projections.views.registry import ALL
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress
from tests.projections.folding import fold_all

SEEN = """SELECT convert_to(concat_ws('|', (SELECT string_agg(DISTINCT notice, ',') FROM views.progress),
    (SELECT count(*) FROM views.objectives), views.position(), current_setting('plan_cache_mode'),
    current_setting('transaction_read_only'),
    current_setting('ledger.notices')), 'UTF8'), 1"""
"""Statement that shows what its transaction may see."""
REQUEST = (Statement(SEEN.encode(), ()), dict[object, object](), None)
LAST = SETTING_SIZE
LATEST = AsOf()
CONNECTION = "SELECT current_setting('ledger.notices') || current_setting('ledger.position')"


async def answer(reader: Reader, notice: str = NOTICE, as_of: AsOf = LATEST, **wish: Any) -> Any:
    """Return the position and the bytes; None if `at` has to be used."""
    assert reader.at_once is not None
    result = await reader.at_once.answer(notice, [REQUEST, REQUEST], as_of=as_of, **wish)
    if result is None:
        return None
    first, second = result.answers
    assert first == second
    assert first is not None
    assert first[1] == 1
    return result.snapshot.position, first[0].decode()


async def test_the_answer_is_that_of_a_snapshot_and_leaves_no_notice_on_the_connection(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        for notice in (NOTICE, "other"):
            await begin(writer, notice)
            await fold_all(database, notice)
        for position in (LAST, 2, LAST):
            position_read, text = await answer(reader, as_of=AsOf(position))
            async with reader.at(NOTICE, as_of=AsOf(position), composed=True) as snapshot:
                expected = await snapshot.answer([REQUEST])
                assert (snapshot.position, expected) == (position_read, [(text.encode(), 1)])
            seen, _, at, mode, read_only, named = text.split("|")
            assert (seen, at, named) == (NOTICE, str(position), NOTICE)
            assert (mode, read_only) == ("force_generic_plan", "on")
        assert (await answer(reader, "other"))[0] == LAST
        async with reader.without_notice() as snapshot:
            assert await snapshot.fetch(CONNECTION) == [("0",)]


async def test_only_a_snapshot_as_requested_is_answered_at_once(database: str) -> None:
    early, late = datetime(1999, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await Runner(database, ALL).open()
        assert await answer(reader) is None, "no such notice"
        await begin(writer)
        assert await answer(reader, at_least=1) is None, "nothing is folded"
        await fold_all(database, NOTICE)
        assert await answer(reader, "No Notice") is None
        for position in (0, -1, LAST + 1, 10**6):
            assert await answer(reader, as_of=AsOf(position)) is None
        assert await answer(reader, as_of=AsOf(known_at=early)) is None
        assert (await answer(reader, as_of=AsOf(known_at=late)))[0] == LAST
        receipt = await writer.append(NOTICE, progress(), ALICE)
        assert (await answer(reader))[0] == LAST
        assert await answer(reader, at_least=receipt.position) is None
        assert await answer(reader, as_of=AsOf(receipt.position)) is None


async def test_a_closed_connection_is_left_to_the_other_way(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        await fold_all(database, NOTICE)
        async with reader.at(NOTICE) as snapshot:
            [(pid,)] = await snapshot.fetch("SELECT pg_backend_pid()")
        async with reader.without_notice() as snapshot:
            assert await snapshot.fetch("SELECT pg_backend_pid()") == [(pid,)]
        await writer.append(NOTICE, progress(), ALICE)
        await fold_all(database, NOTICE)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
        assert await answer(reader) is None
        async with reader.at(NOTICE) as snapshot:
            assert snapshot.position == LAST + 1
        assert (await answer(reader))[0] == LAST + 1


async def test_a_statement_with_a_value_of_the_snapshot_waits_for_it(database: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        await fold_all(database, NOTICE)
        assert reader.at_once is not None
        for name, is_known in (
            ("notice", True),
            ("position", False),
            ("recorded_at", False),
            ("root_hash", False),
        ):
            request = (Statement(b"SELECT convert_to($1::text, 'UTF8'), 1", (name,)), dict[object, object](), None)
            result = await reader.at_once.answer(NOTICE, [request], as_of=AsOf())
            assert (result is not None) == is_known


@pytest.mark.parametrize("sql", ["SELECT 1 / 0, 1", "SELECT no_such_column, 1"])
async def test_the_errors_of_a_statement_are_those_of_a_snapshot(database: str, sql: str) -> None:
    async with Writer(database) as writer, Reader(database, ALL) as reader:
        await begin(writer)
        await fold_all(database, NOTICE)
        request = (Statement(sql.encode(), ()), dict[object, object](), None)
        assert reader.at_once is not None
        for _ in range(2):
            with pytest.raises(Inexact):
                await reader.at_once.answer(NOTICE, [request], as_of=AsOf())
            async with reader.at(NOTICE) as snapshot:
                with pytest.raises(Inexact):
                    await snapshot.answer([request])
        assert (await answer(reader))[0] == LAST
