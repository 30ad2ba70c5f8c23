"""Test that a cluster answers as one server does, after a rebuild and a verification."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from ledger.store.database import migrate
from ledger.verify import catalogue
from ledger.verify.database import verify
from projections.engine.rebuild import rebuild
from projections.query.reader import AsOf, Reader
from projections.views.registry import ALL
from tests.benchmarks.synthetic import put
from tests.benchmarks.views import QUESTIONS
from tests.citus.cluster import Cluster
from tests.projections.folding import fold_all
from tests.projections.stored import store
from tests.schema import test_questions as regular
from tests.schema.history_answers import AT, VARIABLES

ENTRIES = 2_000
TIMES = ((None, datetime(2024, 1, 1, tzinfo=UTC)), (ENTRIES // 2, datetime(2023, 1, 1, tzinfo=UTC)))
"""Positions, and instants at which rules are judged."""


async def fill(url: str, notices: list[str]) -> None:
    """Store the same entries, and build the views."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        for notice in notices:
            await put(connection, notice, ENTRIES)
    result = await rebuild(url, ALL)
    assert [view.failure for view in result.views if view.failure] == []


async def ask(url: str, notices: list[str]) -> dict[tuple[str, str, int | None], Any]:
    """Return the answers to all questions about each notice, now and as of the past."""
    answers = {}
    async with Reader(url, ALL) as reader:
        for notice in notices:
            for position, on in TIMES:
                as_of = AsOf(position) if position else None
                async with reader.at(notice, as_of=as_of, on=on) as snapshot:
                    for name, question in QUESTIONS.items():
                        answers[notice, name, position] = await question(snapshot)
        answers["", "heads", None] = await reader.notices(notices)
    return answers


@pytest.mark.timeout(600)
async def test_answers_are_those_of_one_server(distributed: Cluster, database: str) -> None:
    await migrate(database)
    notices = sorted(distributed.on_each_worker("answered"))
    for url in (distributed.coordinator, database):
        await fill(url, notices)
    answers = await ask(distributed.coordinator, notices)
    assert answers == await ask(database, notices)
    assert sum(bool(answer) for answer in answers.values()) > len(QUESTIONS)
    again = await rebuild(distributed.coordinator, ALL, compare=True)
    assert [view for view in again.views if view.failure or view.divergences] == []
    assert await ask(distributed.coordinator, notices) == answers
    report = await verify(distributed.coordinator)
    assert report.sound
    assert [notice.notice for notice in report.notices] == notices
    assert (await catalogue.check(distributed.coordinator)).findings == []


def comparable(document: str) -> str:
    """Return a regular question without what is drawn at random: ids, and salted digests."""
    return document.replace("eventId ", "").replace("recordedAt data", "recordedAt")


async def ask_regular(url: str) -> dict[str, Any]:
    """Record the invented history, and return the answers to the regular questions."""
    await store(url)
    await fold_all(url, regular.NOTICE)
    async with Reader(url, ALL) as reader:
        return {
            name: await regular.ask(reader, comparable(document), **AT | VARIABLES.get(name, {}))
            for name, document in regular.BY_NAME.items()
        }


async def test_composed_answers_are_those_of_one_server(distributed: Cluster, database: str) -> None:
    answers = await ask_regular(distributed.coordinator)
    assert answers == await ask_regular(database)
    assert len(answers) == len(regular.BY_NAME) >= 10
