"""Test `ledger resume`: a server's database is restored from an older copy, and the operator accepts the loss."""

import shutil
from pathlib import Path

import httpx
import psycopg
import pytest

from api.cli import resume
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.follow.source import Slot
from ledger.intake.parse import accept
from ledger.proof.high_water import HighWaterMarks, open_marks
from tests.api.cli_tools import Ledger, caller, url_of
from tests.api.process import serving
from tests.api.service import NO_TLS, NOTICE, STRUCTURED, begin, progress, run
from tests.ledger.append.test_rollback import Backup

pytestmark = pytest.mark.database


async def follower_slots(_connection: object) -> list[Slot]:
    """Return the slot of a follower; the test's server does not replicate logically."""
    return [Slot("dfe", active=False, backlog=0, status="reserved")]


def test_a_loss_stops_the_notice_until_the_operator_accepts_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: str
) -> None:
    notice = run(begin(database))
    backup = Backup(database)
    backup.take()
    monkeypatch.setenv("LEDGER_DATA", str(tmp_path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(database))
    headers = {"Authorization": f"Bearer {notice.tokens['officer']}", "Content-Type": STRUCTURED}
    with (
        serving(database, LEDGER_DATA=str(tmp_path)) as process,
        httpx.Client(base_url=process.url, verify=NO_TLS, timeout=60) as client,
    ):

        def post() -> httpx.Response:
            return client.post(f"/ledgers/{NOTICE}/entries", json=progress(), headers=headers)

        first = post().json()
        checkpoint = client.get(f"/ledgers/{NOTICE}/checkpoint", headers=headers).text
        assert checkpoint.splitlines()[1] == str(first["position"])
        backup.restore()
        while (answer := post()).json()["detail"].startswith("the database cannot be reached"):
            assert answer.status_code == 503  # until every connection is open again
        assert answer.status_code == 503
        assert f"ledger resume {NOTICE} --accept-loss" in answer.json()["detail"]
        ready = client.get("/readyz").json()
        assert ready["status"] == "ready"
        assert ready["rolledBack"]["notices"] == 1
        assert "ledger resume" in ready["rolledBack"]["remedy"]

        ledger: Ledger = caller(capsys)
        warned = ledger("resume", NOTICE)
        assert warned.status == 1
        assert f"{NOTICE} had {first['position']} entries" in warned.err
        monkeypatch.setattr(resume, "slots", follower_slots)
        accepted = ledger("resume", NOTICE, "--accept-loss")
        assert f"recorded as entry {first['position']} of {NOTICE}" in accepted.out, accepted
        assert "The follower dfe has the lost entries. Run: ledger follow unpublish dfe." in accepted.out
        assert "lost nothing" in ledger("resume", NOTICE, "--accept-loss").out

        assert post().json()["position"] == first["position"] + 1
        ready = client.get("/readyz").json()
        assert (ready["rolledBack"], ready["highWaterMarks"]) == ({"notices": 0}, {"readable": True})

        client.get(f"/ledgers/{NOTICE}/checkpoint", headers=headers).raise_for_status()  # signed before the damage
        (tmp_path / "high-water.json").write_text("damaged")
        assert post().status_code == 201
        while (ready := client.get("/readyz").json())["highWaterMarks"]["readable"]:
            client.get(f"/ledgers/{NOTICE}/checkpoint", headers=headers).raise_for_status()
        assert "Restore the file" in ready["highWaterMarks"]["remedy"]
        log = process.stop()
    errors = [line["message"] for line in log if line["level"] == "error"]
    assert any(f"ledger resume {NOTICE} --accept-loss" in message for message in errors), errors
    assert any("high-water.json is damaged" in message for message in errors), errors
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT body FROM ledger.entries WHERE type = 'improvement-ledger.records.LossAccepted.v1'"
        ).fetchone()
    assert row is not None
    assert f'"size":{first["position"]}'.encode() in row[0]


def lose_entries(database: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record an entry, note its mark in `folder`, and restore the database from a copy without the entry."""

    async def record_more() -> None:
        marks = await open_marks(folder / "high-water.json", database)
        async with Writer(database, marks=marks) as writer:
            await writer.append(NOTICE, accept(progress()), Credential("officer"))

    run(begin(database))
    backup = Backup(database)
    backup.take()
    run(record_more())
    backup.restore()
    monkeypatch.setenv("LEDGER_DATA", str(folder))
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(database))


def number_of_losses(database: str) -> int:
    with psycopg.connect(database) as connection:
        [(losses,)] = connection.execute("SELECT count(*) FROM ledger.entries WHERE type LIKE '%.LossAccepted.v1'")
    return int(losses)


def test_no_loss_is_recorded_that_the_file_of_marks_cannot_take(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: str
) -> None:
    lose_entries(database, tmp_path, monkeypatch)
    ledger = caller(capsys)
    (tmp_path / "high-water.new").mkdir()
    refused = ledger("resume", NOTICE, "--accept-loss")
    assert (refused.status, "high-water.json (Is a directory)" in refused.err) == (1, True)
    (tmp_path / "high-water.new").rmdir()
    accepted = ledger("resume", NOTICE, "--accept-loss")
    assert "The loss is recorded as entry" in accepted.out
    assert number_of_losses(database) == 1


def test_a_loss_is_recorded_once_by_a_run_that_was_interrupted_and_by_another_host(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: str
) -> None:
    """End the first run between the entry and the mark. The other host has a file of marks of its own."""
    lose_entries(database, tmp_path, monkeypatch)
    other_host = tmp_path / "other"
    other_host.mkdir()
    shutil.copy(tmp_path / "high-water.json", other_host)
    ledger = caller(capsys)
    with monkeypatch.context() as patched:
        patched.setattr(HighWaterMarks, "accept_loss", interrupt)
        assert ledger("resume", NOTICE, "--accept-loss").status == 130
    assert number_of_losses(database) == 1
    for folder in (tmp_path, other_host):
        monkeypatch.setenv("LEDGER_DATA", str(folder))
        accepted = ledger("resume", NOTICE, "--accept-loss")
        assert "The loss is recorded as entry" in accepted.out, accepted
        assert "lost nothing" in ledger("resume", NOTICE, "--accept-loss").out
        run(record_progress(database))
    assert number_of_losses(database) == 1


def interrupt(*_: object) -> None:
    """Interrupt the command, as Ctrl-C does."""
    raise KeyboardInterrupt


async def record_progress(database: str) -> None:
    async with Writer(database) as writer:
        await writer.append(NOTICE, accept(progress()), Credential("officer"))
