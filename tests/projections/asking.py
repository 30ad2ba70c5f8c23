"""Fixtures and helpers that query the views of the invented history."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest

from projections.query.reader import AsOf, Reader
from projections.query.relation import Relation
from projections.query.snapshot import Snapshot
from projections.views.gaps import Gap
from projections.views.registry import ALL
from tests.ledger.history import NOTICE
from tests.projections.rows import ComputedRow, RowQuery, find

ON = datetime(2023, 6, 30, 12, tzinfo=UTC)


@pytest.fixture
async def reader(history_database: str) -> AsyncIterator[Reader]:
    async with Reader(history_database, ALL) as open_reader:
        yield open_reader


@asynccontextmanager
async def at(reader: Reader, position: int | None = None, on: datetime = ON) -> AsyncIterator[Snapshot]:
    async with reader.at(NOTICE, as_of=AsOf(position), on=on) as reading:
        yield reading


def days(first: str, last: str | None) -> Gap:
    return Gap(date.fromisoformat(first), None if last is None else date.fromisoformat(last))


async def everything(
    reading: Snapshot, relation: Relation[Any], *, redacted: bool = False, **conditions: object
) -> list[ComputedRow[Any]]:
    (page,) = await find(reading, relation, RowQuery(conditions), redacted=redacted)
    return page


def rows(page: list[ComputedRow[Any]]) -> list[Any]:
    return [each.row for each in page]
