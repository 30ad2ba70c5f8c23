"""A database that lost entries: restored from an older copy, or taken over by a lagging standby."""

import asyncio
import fcntl
import logging
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import RolledBack, Stopped
from ledger.proof import high_water
from ledger.proof.checkpoint import Signer
from ledger.proof.checkpoint_signer import CheckpointSigner
from ledger.proof.high_water import HighWaterMarks, open_marks
from ledger.store.database import connect
from ledger.store.entries import read_head
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress

OTHER = "other-2023"
ORIGIN = "log.example"
LOST = 3
"""Number of entries recorded after the copy."""


class Backup:
    """A copy of a database, which can replace the database under its name."""

    def __init__(self, url: str) -> None:
        self._name = str(conninfo_to_dict(url)["dbname"])
        self.copy = f"{self._name}_copy"
        self._admin = make_conninfo(url, dbname="postgres")

    def take(self) -> None:
        """Copy the database; nobody may be connected to it."""
        self._run(f'CREATE DATABASE "{self.copy}" TEMPLATE "{self._name}"')

    def restore(self) -> None:
        """End every connection and put the copy in the place of the database."""
        self._run(
            f'ALTER DATABASE "{self._name}" RENAME TO "{self._name}_lost"',
            f'ALTER DATABASE "{self.copy}" RENAME TO "{self._name}"',
        )

    def _run(self, *statements: str) -> None:
        with psycopg.connect(self._admin, autocommit=True) as connection:
            for statement in statements:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (self._name,)
                )
                connection.execute(statement.encode())


@pytest.fixture
async def backup(database: str) -> Backup:
    """Return a copy of two notices, each with its setting and one entry."""
    async with Writer(database) as writer:
        for notice in (NOTICE, OTHER):
            await begin(writer, notice)
            await writer.append(notice, progress(), ALICE)
    backup = Backup(database)
    backup.take()
    return backup


async def head_size(url: str, notice: str = NOTICE) -> int:
    async with await connect(url) as connection:
        head = await read_head(connection, notice)
    assert head is not None
    return head.size


async def record_more(writer: Writer, notice: str = NOTICE, count: int = LOST) -> None:
    for _ in range(count):
        assert isinstance(await writer.append(notice, progress(), ALICE), Receipt)


def signer(url: str, marks: HighWaterMarks) -> CheckpointSigner:
    return CheckpointSigner(url, ORIGIN, Signer.generate(f"{ORIGIN}/key"), marks)


async def test_a_running_process_stops_the_notice_that_lost_entries(database: str, backup: Backup) -> None:
    marks = HighWaterMarks()
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        await record_more(writer)
        await writer.append(OTHER, progress(), ALICE)
        await log.sign_heads()
        signed = (await log.checkpoint(NOTICE)).root_hash
        backup.restore()
        refused, other = await asyncio.gather(
            writer.append(NOTICE, progress(), ALICE),
            writer.append(OTHER, progress(), ALICE),
            return_exceptions=True,
        )
        assert isinstance(refused, RolledBack)
        assert f"ledger resume {NOTICE} --accept-loss" in str(refused)
        assert isinstance(other, RolledBack)
        with pytest.raises(RolledBack):
            await writer.append(NOTICE, progress(), ALICE)
        await log.sign_heads()
        assert set(log.refused) == {NOTICE, OTHER} == set(marks.stopped)
    assert await head_size(database) == SETTING_SIZE + 1
    assert signed


async def test_the_other_notices_go_on(database: str, backup: Backup) -> None:
    marks = HighWaterMarks()
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        await record_more(writer)
        backup.restore()
        refused, other = await asyncio.gather(
            writer.append(NOTICE, progress(), ALICE),
            writer.append(OTHER, progress(), ALICE),
            return_exceptions=True,
        )
        assert isinstance(refused, RolledBack)
        assert isinstance(other, Receipt)
        await log.sign_heads()
        assert set(log.refused) == {NOTICE}
        assert (await log.checkpoint(OTHER)).size == SETTING_SIZE + 2


async def test_a_new_process_knows_what_was_signed(database: str, backup: Backup, tmp_path: Path) -> None:
    file = tmp_path / "high-water.json"
    marks = await open_marks(file, database)
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        await record_more(writer)
        await log.sign_heads()
    backup.restore()
    marks = await open_marks(file, database)
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        with pytest.raises(RolledBack):
            await writer.append(NOTICE, progress(), ALICE)
        await log.sign_heads()
        assert NOTICE in log.refused


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_host_knows_the_entries_that_another_host_recorded_and_signed(
    database: str, backup: Backup, tmp_path: Path, *, restarted: bool
) -> None:
    file = tmp_path / "second" / "high-water.json"
    first, second = HighWaterMarks(), await open_marks(file, database)
    async with Writer(database, marks=first) as writer, signer(database, first) as log:
        await record_more(writer)
        await log.sign_heads()
    async with signer(database, second) as log:
        await log.sign_heads()  # nothing is left to be signed
    backup.restore()
    if restarted:
        second = await open_marks(file, database)
    async with Writer(database, marks=second) as writer, signer(database, second) as log:
        with pytest.raises(RolledBack):
            await writer.append(NOTICE, progress(), ALICE)
        await log.sign_heads()
    assert NOTICE in log.refused
    assert await head_size(database) == SETTING_SIZE + 1


async def test_a_loss_is_noted_before_anybody_records(database: str, backup: Backup) -> None:
    marks = HighWaterMarks()
    async with Writer(database) as writer, signer(database, marks) as log:
        await log.sign_heads()
        await record_more(writer)
        await log.sign_heads()
        backup.restore()
        await log.sign_heads()
        assert set(marks.stopped) == {NOTICE}


async def test_a_fork_that_has_grown_past_the_mark_is_not_signed(
    database: str, backup: Backup, tmp_path: Path
) -> None:
    file = tmp_path / "high-water.json"
    marks = await open_marks(file, database)
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        await record_more(writer)
        await log.sign_heads()
        backup.restore()
        async with Writer(database) as stranger:  # another host, which does not know the lost entries
            await record_more(stranger, count=LOST + 2)
        with pytest.raises(RolledBack):
            await writer.append(NOTICE, progress(), ALICE)
        await log.sign_heads()
        assert NOTICE in log.refused
    async with await connect(database) as connection:
        cursor = await connection.execute("SELECT count(*) FROM ledger.checkpoints WHERE notice = %s", (NOTICE,))
        assert await cursor.fetchone() == (0,)


@pytest.mark.usefixtures("backup")
async def test_a_fork_of_the_same_size_does_not_take_the_state_in_memory(database: str) -> None:
    """Keep the connection, as a proxy in front of the database does."""
    async with Writer(database) as writer:
        await record_more(writer, count=1)
        async with await connect(database) as connection, connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(
                "UPDATE ledger.heads SET root_hash = sha256('another') WHERE notice = %s", (NOTICE,)
            )
        with pytest.raises(RolledBack):
            await writer.append(NOTICE, progress(), ALICE)


async def test_an_accepted_loss_lets_a_running_process_go_on(
    database: str, backup: Backup, tmp_path: Path
) -> None:
    file = tmp_path / "high-water.json"
    marks = await open_marks(file, database)
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        await record_more(writer)
        await log.sign_heads()
        await record_more(writer)  # known in memory only
        backup.restore()
        with pytest.raises(RolledBack):
            await writer.append(NOTICE, progress(), ALICE)
        async with await connect(database) as connection:
            operator = await open_marks(file, database)
            operator.accept_loss(NOTICE, await read_head(connection, NOTICE))
        assert (await writer.append(NOTICE, progress(), ALICE)).position == SETTING_SIZE + 2
        await log.sign_heads()
        assert not log.refused
        assert not marks.stopped


@pytest.mark.usefixtures("backup")
async def test_a_commit_during_the_check_is_no_loss(database: str) -> None:
    marks = HighWaterMarks()
    async with Writer(database, marks=marks) as writer, await connect(database) as connection:
        old = await read_head(connection, NOTICE)
        await record_more(writer)
        await marks.check(connection, NOTICE, old)


async def test_a_copy_under_another_name_has_the_marks_of_its_history(
    database: str, backup: Backup, tmp_path: Path
) -> None:
    """Restore a dump as docs/operating.md says, into a database of another name."""
    file = tmp_path / "high-water.json"
    marks = await open_marks(file, database)
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        await record_more(writer)
        await log.sign_heads()
    copy = make_conninfo(database, dbname=backup.copy)
    marks = await open_marks(file, copy)
    assert NOTICE in marks.notices
    async with Writer(copy, marks=marks) as writer, signer(copy, marks) as log:
        with pytest.raises(RolledBack):
            await writer.append(NOTICE, progress(), ALICE)
        assert isinstance(await writer.append(OTHER, progress(), ALICE), Receipt)
        await log.sign_heads()
        assert set(log.refused) == {NOTICE} == set(marks.stopped)
        async with await connect(copy) as connection:
            marks.accept_loss(NOTICE, await read_head(connection, NOTICE))
        await record_more(writer)
    async with Writer(database, marks=await open_marks(file, database)) as writer:
        await record_more(writer)


async def test_a_database_left_for_its_copy_does_not_go_on_at_its_old_end(
    database: str, backup: Backup, tmp_path: Path
) -> None:
    """Move a service to a copy of its database and back, as when the move is given up."""
    file = tmp_path / "high-water.json"
    copy = make_conninfo(database, dbname=backup.copy)
    for url in (database, copy):
        marks = await open_marks(file, url)
        async with Writer(url, marks=marks) as writer, signer(url, marks) as log:
            await record_more(writer, count=LOST if url == copy else 0)
            await log.sign_heads()
            assert not log.refused
    marks = await open_marks(file, database)
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        with pytest.raises(RolledBack):
            await writer.append(NOTICE, progress(), ALICE)
        await log.sign_heads()
        assert NOTICE in marks.stopped
        assert isinstance(await writer.append(OTHER, progress(), ALICE), Receipt)
        async with await connect(database) as connection:
            marks.accept_loss(NOTICE, await read_head(connection, NOTICE))
        await record_more(writer)


async def test_a_notice_that_begins_again_in_another_database_is_warned_of(
    database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Begin a notice in a copy from before it. It has marks of its own, as in another ledger of this host."""
    caplog.set_level(logging.WARNING)
    file = tmp_path / "high-water.json"
    empty = Backup(database)
    empty.take()
    for url, count in ((database, LOST), (make_conninfo(database, dbname=empty.copy), 1)):
        marks = await open_marks(file, url)
        caplog.clear()
        async with Writer(url, marks=marks) as writer, signer(url, marks) as log:
            await begin(writer, NOTICE)
            await record_more(writer, count=count)
            await log.sign_heads()
            await log.sign_heads()
            assert not log.refused
        warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        signed = f"this host signed {SETTING_SIZE + LOST} entries of {NOTICE} in another database"
        assert [signed in warning for warning in warnings] == ([] if url == database else [True])


@pytest.mark.parametrize("content", ["", "[]", "null", '{"database":', '{"database": {"notice": {"size": "x"}}}'])
async def test_a_damaged_file_stops_recording_and_signing_until_it_is_restored(
    database: str, tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "high-water.json"
    marks = await open_marks(file, database)
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        await begin(writer, NOTICE)
        await log.sign_heads()
        await record_more(writer)
        saved = file.read_text()
        file.write_text(content)
        for _ in range(2):
            await log.sign_heads()
            assert "is damaged" in log.refused[NOTICE]
        assert (await log.latest(NOTICE)).size == SETTING_SIZE
        assert str(file) in (marks.fault or "")
        assert len([record for record in caplog.records if "is damaged" in record.message]) == 2
        async with Writer(database, marks=await open_marks(file, database)) as other:
            with pytest.raises(Stopped):
                await other.append(NOTICE, progress(), ALICE)
        assert file.read_text() == content
        file.write_text(saved)
        await log.sign_heads()
        assert (log.refused, marks.fault) == ({}, None)
        await record_more(writer)


async def test_a_locked_file_of_marks_stops_signing_for_a_moment_only(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lock the file as another process does that hangs while it writes."""
    monkeypatch.setattr(high_water, "LOCK_SECONDS", 0.05)
    marks = await open_marks(tmp_path / "high-water.json", database)
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        await begin(writer, NOTICE)
        with (tmp_path / "high-water.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            await log.sign_heads()
            assert "another process has locked" in log.refused[NOTICE]
            assert "high-water.lock" in log.refused[NOTICE]
            await record_more(writer)
        await log.sign_heads()
        assert log.refused == {}


@pytest.mark.parametrize("obstacle", ["high-water.new", "high-water.lock"])
async def test_no_head_is_signed_that_the_file_of_marks_cannot_take(
    database: str, tmp_path: Path, obstacle: str, caplog: pytest.LogCaptureFixture
) -> None:
    marks = await open_marks(tmp_path / "high-water.json", database)
    (tmp_path / obstacle).mkdir()
    async with Writer(database, marks=marks) as writer, signer(database, marks) as log:
        await begin(writer, NOTICE)
        for _ in range(2):
            await log.sign_heads()
            assert "cannot be written" in log.refused[NOTICE]
        assert len([record for record in caplog.records if "cannot be written" in record.message]) == 1
        with pytest.raises(Stopped):
            await log.latest(NOTICE)
        await record_more(writer)
        (tmp_path / obstacle).rmdir()
        assert (await log.checkpoint(NOTICE)).size == SETTING_SIZE + LOST
