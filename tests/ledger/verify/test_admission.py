"""Entries that nobody was allowed to record, in a record whose hashes all agree."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.append.writer import Writer
from ledger.bundle import verify as bundle_verification
from ledger.domain.registry import find_kind
from ledger.intake.parse import digest
from ledger.store.database import connect
from ledger.verify.database import verify
from ledger.verify.findings import Damage
from tests.api.cli_tools import caller, url_of
from tests.ledger.bundle.bundles import make
from tests.ledger.bundle.test_comparison import agree
from tests.ledger.damage import SIZE, kinds
from tests.ledger.history import ALICE, NOTICE, OPERATOR, ROSA, SETTING_SIZE, progress, submit

pytestmark = pytest.mark.database

SALT = bytes(32)
NARRATIVE = {"sha256": digest(SALT, "x")}
PROGRESS = {"objective": "O1", "narrative": NARRATIVE, "activityRating": "AMBER", "impactRating": "RED"}
GRANT = {"type": "people.RoleGranted", "data": {"actor": "mallory", "role": "ADVISER"}}


async def forge(url: str, position: int = SIZE, **changes: Any) -> None:
    """Change an entry as a superuser can: its bytes, its columns, and all hashes from it on."""
    if "type" in changes:
        kind = find_kind(changes["type"].partition(".")[2])
        assert kind is not None
        changes["type"] = kind.type
    async with await connect(url) as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        cursor = await connection.execute("SELECT body FROM ledger.entries WHERE position = %s", (position,))
        row = await cursor.fetchone()
        assert row is not None
        event = json.loads(row[0]) | changes
        body = json.dumps(event, separators=(",", ":")).encode()
        await connection.execute(
            "UPDATE ledger.entries SET body = %s, source = %s, type = %s WHERE position = %s",
            (body, event["source"], event["type"], position),
        )
        if "data" in changes:
            await connection.execute("DELETE FROM ledger.narratives WHERE position = %s", (position,))
            for path in (name for name, value in changes["data"].items() if value == NARRATIVE):
                row = (event["ledger"], position, path, SALT, "x")
                await connection.execute(
                    "INSERT INTO ledger.narratives VALUES (%s, %s, %s, %s, %s)",
                    row,
                )
    await agree(url)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"actor": "mallory", "source": "mallory"}, "mallory was not council officer when it was recorded"),
        ({"actor": "bob", "source": "bob"}, "bob was not council officer when it was recorded"),
        ({"actor": "bob", "source": "bob", "actorrole": "ADVISER"}, "ADVISER may not record ProgressRecorded"),
        ({**GRANT}, "COUNCIL_OFFICER may not record RoleGranted"),
        ({**GRANT, "actorrole": "RECORDS_OFFICER"}, "alice was not records officer when it was recorded"),
        ({**GRANT, "actorrole": "OPERATOR"}, "only operator has the role OPERATOR, not alice"),
        ({"actorrole": "SERVICE"}, "only service has the role SERVICE, not alice"),
        ({"actorrole": "KING"}, "there is no role KING"),
        ({"source": "rosa"}, "its source rosa belongs to rosa, not to alice"),
    ],
)
async def test_an_entry_that_nobody_was_allowed_to_record_is_damage(
    recorded: str, tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    assert (await verify(recorded)).sound
    await forge(recorded, **changes)
    report = await verify(recorded)
    assert kinds(report) == [(SIZE, Damage.NOT_ALLOWED)]
    assert report.first is not None
    assert reason in report.first.detail
    bundle = bundle_verification.check(await make(recorded, tmp_path / "bundle.zip"))
    assert [(one.position, one.damage) for one in bundle.report.findings] == [(SIZE, Damage.NOT_ALLOWED)]


async def test_a_role_counts_only_while_it_is_held(recorded: str) -> None:
    async with Writer(recorded) as writer:
        revoked = {"actor": "alice", "role": "COUNCIL_OFFICER", "reason": "She left."}
        last = await writer.append(NOTICE, submit("RoleRevoked", revoked, "rosa"), ROSA)
        later = await writer.append(
            NOTICE, submit("RoleGranted", {"actor": "dan", "role": "AUDITOR"}, "rosa"), ROSA
        )
    assert (await verify(recorded)).sound
    forged = {"actor": "alice", "source": "alice", "actorrole": "COUNCIL_OFFICER", "data": PROGRESS}
    await forge(recorded, later.position, type="plan.ProgressRecorded", **forged)
    assert last.position + 1 == later.position
    assert kinds(await verify(recorded)) == [(later.position, Damage.NOT_ALLOWED)]


@pytest.mark.parametrize(("corrected", "damaged"), [(3, True), (SIZE - 1, False)])
async def test_a_correction_needs_the_right_to_correct(recorded: str, corrected: int, damaged: bool) -> None:
    """Let a council officer correct progress, but not the grant of a role."""
    correction = {"position": corrected, "reason": NARRATIVE}
    await forge(recorded, type="records.EntryCorrected", data=correction)
    assert kinds(await verify(recorded)) == ([(SIZE, Damage.NOT_ALLOWED)] if damaged else [])


@pytest.mark.parametrize(
    ("corrected", "replacement", "reason"),
    [
        (SIZE - 1, {"type": "people.RoleGranted", "data": GRANT["data"]}, "replace it with that type"),
        (SIZE - 1, {"type": "plan.ProgressRecorded", "data": PROGRESS | {"objective": "O9"}}, "no objective O9"),
        (SIZE - 1, {"type": "plan.ProgressRecorded", "data": {"objective": 7}}, "it cannot replace entry"),
        (SIZE - 1, {"type": "plan.Nothing", "data": {}}, "replace it with that type"),
        (SETTING_SIZE, None, "its rules always refused it: there is no objective O1"),
    ],
)
async def test_a_correction_is_judged_by_what_it_changes(
    recorded: str, corrected: int, replacement: dict[str, Any] | None, reason: str
) -> None:
    """Name a correction that exchanges a fact for a grant, for an impossible fact, or takes what others need."""
    if replacement is not None:
        kind = find_kind(replacement["type"].partition(".")[2])
        replacement = replacement | {"type": kind.type if kind else "improvement-ledger.plan.Nothing.v1"}
    correction = {"position": corrected, "reason": NARRATIVE, "replacement": replacement}
    await forge(recorded, type="records.EntryCorrected", data=correction, actorrole="COUNCIL_OFFICER")
    findings = (await verify(recorded)).notices[0].findings
    assert {finding.position for finding in findings} == {SIZE}
    assert any(reason in finding.detail for finding in findings if finding.damage is Damage.NOT_ALLOWED), findings


async def test_a_time_ahead_of_the_recording_is_damage(recorded: str) -> None:
    await forge(recorded, time="2099-01-01T00:00:00Z")
    report = await verify(recorded)
    assert kinds(report) == [(SIZE, Damage.NOT_ALLOWED)]
    assert report.first is not None
    assert "the time is ahead of the ledger's clock" in report.first.detail


async def test_a_clause_that_the_notice_lacks_is_damage(recorded: str) -> None:
    async with Writer(recorded) as writer:
        clause = {"number": "1", "obligor": "COUNCIL", "modality": "MUST", "rule": "co-operated-with", "text": "x"}
        data = clause | {"parameters": {"reported_by": ["ADVISER"]}}
        await writer.append(NOTICE, submit("ClauseRegistered", data, "operator"), OPERATOR)
        last = await writer.append(NOTICE, progress(), ALICE)
    await forge(recorded, last.position, clauses="1")
    assert (await verify(recorded)).sound
    await forge(recorded, last.position, clauses="1 99")
    report = await verify(recorded)
    assert kinds(report) == [(last.position, Damage.NOT_ALLOWED)]
    assert report.first is not None
    assert "the notice has no clause 99" in report.first.detail


async def test_the_source_of_anothers_forms_is_named_and_sound(recorded: str) -> None:
    """Name an entry from the forms of another actor; before its rule, releases admitted it."""
    await forge(recorded, source="pages/bob")
    report = await verify(recorded)
    assert report.sound
    tallies = report.notices[0].admitted_earlier, report.notices[0].unexplained
    assert sum(tally.count for tally in tallies) == 1
    assert any("belongs to another actor's forms" in tally.first for tally in tallies)


async def test_corrections_are_folded_as_the_writer_folds_them(recorded: str) -> None:
    """Remove a grant by a correction: it gives no rights from then on."""
    async with Writer(recorded) as writer:
        data = {"actor": "dan", "role": "COUNCIL_OFFICER"}
        grant = await writer.append(NOTICE, submit("RoleGranted", data, "rosa"), ROSA)
        wrong = {"position": grant.position, "reason": "A mistake"}
        await writer.append(NOTICE, submit("EntryCorrected", wrong, "rosa"), ROSA)
        last = await writer.append(NOTICE, progress(), ALICE)
    assert (await verify(recorded)).sound
    await forge(recorded, last.position, actor="dan", source="dan")
    assert kinds(await verify(recorded)) == [(last.position, Damage.NOT_ALLOWED)]


async def test_an_entry_against_an_old_rule_is_damage(recorded: str, tmp_path: Path) -> None:
    await forge(recorded, data=PROGRESS | {"objective": "O9"})
    report = await verify(recorded)
    assert kinds(report) == [(SIZE, Damage.NOT_ALLOWED)]
    assert report.first is not None
    assert "there is no objective O9" in report.first.detail
    bundle = bundle_verification.check(await make(recorded, tmp_path / "bundle.zip"))
    assert [(one.position, one.damage) for one in bundle.report.findings] == [(SIZE, Damage.NOT_ALLOWED)]


async def test_an_entry_against_a_stricter_rule_is_named_and_sound(recorded: str) -> None:
    await forge(recorded, data=PROGRESS | {"impactRating": "DOUBTFUL"})
    report = await verify(recorded)
    assert report.sound
    [notice] = report.notices
    assert (notice.unexplained.count, notice.unexplained.first[:9]) == (1, f"entry {SIZE}:")


async def test_a_past_grant_to_oneself_is_listed_and_sound(recorded: str) -> None:
    """List a grant to oneself that an older release admitted."""
    async with Writer(recorded) as writer:
        await writer.append(NOTICE, submit("RoleGranted", {"actor": "alice", "role": "PARTNER"}, "rosa"), ROSA)
        size = (await writer.state(NOTICE)).position
    await forge(recorded, size, data={"actor": "rosa", "role": "ADVISER"})
    report = (await verify(recorded)).notices[0]
    assert (report.damages, report.unexplained.count) == (0, 1)
    assert [(breach.position, breach.type, breach.actor) for breach in report.duties] == [
        (size, "RoleGranted", "rosa"),
        (size, "RoleGranted", "rosa"),
    ]
    assert "rosa cannot grant a role to themselves" in report.duties[0].reason
    assert "takes two people" in report.duties[1].reason


async def test_past_grants_are_listed_by_request_only(
    recorded: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(recorded))
    ledger = caller(capsys)
    none = await asyncio.to_thread(ledger, "verify", "--duties")
    assert none.out.endswith("  today's separation of duties would refuse no entry\n")
    async with Writer(recorded) as writer:
        await writer.append(NOTICE, submit("RoleGranted", {"actor": "alice", "role": "PARTNER"}, "rosa"), ROSA)
        size = (await writer.state(NOTICE)).position
    await forge(recorded, size, data={"actor": "rosa", "role": "AUDITOR"})
    line = f"  {NOTICE}, entry {size} (RoleGranted by rosa): rosa cannot grant a role to themselves"
    listed = await asyncio.to_thread(ledger, "verify", "--duties")
    assert (listed.status, line in listed.out) == (0, True), listed
    assert line not in (await asyncio.to_thread(ledger, "verify")).out
