"""Recording through the library after the database lost entries: the marks of the host's service hold here too."""

import asyncio
from pathlib import Path

import pytest

from ledger.append.writer import Writer
from ledger.domain.areas.plan import ProgressRecorded
from ledger.eventsourcing import NoticeLedger, RecordingStoppedError
from ledger.proof.high_water import HighWaterMarks, marks_file, open_marks
from ledger.store.database import connect
from ledger.store.entries import read_head
from tests.ledger.append.test_rollback import LOST, Backup, head_size, record_more, signer
from tests.ledger.eventsourcing.conftest import record_notice
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE

DATA = {"objective": "O1", "narrative": "Ten of ten.", "activityRating": "GREEN", "impactRating": "GREEN"}
SIZE = SETTING_SIZE + 1


@pytest.fixture
def backup(database: str) -> Backup:
    """Return a copy of the notice with its setting and one entry."""
    asyncio.run(record_notice(database, 1))
    backup = Backup(database)
    backup.take()
    return backup


def application(url: str, place: Path) -> NoticeLedger:
    """Return the library's application of a host whose service keeps its data in `place`."""
    return NoticeLedger({"LEDGER_DATABASE_URL": url, "LEDGER_NOTICE": NOTICE, "LEDGER_DATA": str(place)})


def record(ledger: NoticeLedger, key: str) -> int:
    return ledger.record(ProgressRecorded, DATA, id=key, source="alice", credential=ALICE)


async def record_and_sign(url: str, marks: HighWaterMarks) -> None:
    """Record what will be lost, and sign it, as the service of this host does."""
    async with Writer(url, marks=marks) as writer, signer(url, marks) as log:
        await record_more(writer)
        await log.sign_heads()


def test_entries_that_the_service_signed_are_known_to_the_application(
    database: str, backup: Backup, tmp_path: Path
) -> None:
    marks = asyncio.run(open_marks(marks_file(tmp_path), database))
    asyncio.run(record_and_sign(database, marks))
    backup.restore()
    with application(database, tmp_path) as ledger:
        with pytest.raises(RecordingStoppedError, match=f"ledger resume {NOTICE} --accept-loss"):
            record(ledger, "after-the-restore")
        assert ledger.recorder.max_notification_id() == SIZE
    with application(database, tmp_path / "elsewhere") as stranger:
        assert record(stranger, "on-another-host") == SIZE + 1


def test_entries_of_the_application_itself_are_known_until_the_operator_accepts_the_loss(
    database: str, backup: Backup, tmp_path: Path
) -> None:
    with application(database, tmp_path) as ledger:
        for number in range(LOST):
            record(ledger, f"lost-{number}")
        backup.restore()
        with pytest.raises(RecordingStoppedError, match=f"had {SIZE + LOST} entries"):
            record(ledger, "after-the-restore")
        asyncio.run(accept_loss(database, marks_file(tmp_path)))
        assert record(ledger, "after-the-resume") == SIZE + 1
    assert asyncio.run(head_size(database)) == SIZE + 1


async def accept_loss(url: str, file: Path) -> None:
    """Accept the loss, as `ledger resume` does."""
    marks = await open_marks(file, url)
    mark = marks.mark(NOTICE)
    assert mark is not None
    assert mark.size == SIZE + LOST
    async with await connect(url) as connection:
        marks.accept_loss(NOTICE, await read_head(connection, NOTICE))
