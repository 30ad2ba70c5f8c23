"""`ledger verify` holds each notice to the size and root that this host knows of it."""

import asyncio
from pathlib import Path

import pytest

from ledger.proof.high_water import open_marks
from ledger.store.database import connect
from ledger.store.entries import read_head
from tests.api.cli_tools import Ledger, caller, url_of
from tests.ledger.bundle.test_comparison import agree
from tests.ledger.damage import SIZE, damage, record
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database
TABLES = ("entries", "narratives", "heads")
"""Tables with rows of the recorded notice."""


@pytest.fixture
async def ledger(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Ledger:
    """Return the command of a host that has recorded a notice and knows its size."""
    await record(database)
    monkeypatch.setenv("LEDGER_DATA", str(tmp_path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(database))
    marks = await open_marks(tmp_path / "high-water.json", database)
    async with await connect(database, "ledger_writer") as connection:
        await marks.check(connection, NOTICE, await read_head(connection, NOTICE))
    marks.save()
    return caller(capsys)


async def test_entries_that_went_without_a_trace_in_the_database(ledger: Ledger, database: str) -> None:
    assert (await asyncio.to_thread(ledger, "verify")).status == 0
    await damage(
        database,
        "DELETE FROM ledger.entries WHERE position > {size} - 2",
        "DELETE FROM ledger.narratives WHERE position > {size} - 2",
    )
    await agree(database)
    for arguments in ([], [NOTICE]):
        answer = await asyncio.to_thread(ledger, "verify", *arguments)
        assert answer.status == 1
        told = f"the high-water mark of this host has {SIZE} entries, but they end at {SIZE - 2}"
        assert told in answer.out, answer


async def test_a_notice_that_went_without_a_trace_in_the_database(ledger: Ledger, database: str) -> None:
    await damage(database, *(f"TRUNCATE ledger.{table}" for table in TABLES))
    for arguments in ([], [NOTICE]):
        answer = await asyncio.to_thread(ledger, "verify", *arguments)
        assert answer.status == 1
        assert f"the high-water mark of this host has {SIZE} entries, but they end at 0" in answer.out, answer


async def test_a_damaged_file_of_marks_is_said_and_the_record_verified(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "high-water.json").write_text("{")
    answer = await asyncio.to_thread(ledger, "verify")
    assert answer.status == 0
    assert f"{NOTICE} is sound" in answer.out
    assert "high-water.json is damaged" in answer.err
