"""A writer under outside faults: damage, failover, a frozen neighbour, strangers, passing time."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from ledger.append import snapshots
from ledger.append.receipt import Receipt
from ledger.append.snapshots import wrong_snapshot
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Damaged, Refused, RolledBack
from ledger.proof.merkle import Frontier
from ledger.store import database as databases
from ledger.store.database import connect
from ledger.verify.database import verify
from ledger.verify.findings import Damage
from tests.ledger.history import ALICE, NOTICE, OPERATOR, ROSA, begin, progress, submit

KEY = b"k" * 32
"""Key of the sealed snapshots."""


class Ticking:
    """A clock that advances five milliseconds at each call."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=5)
        return self.at


async def test_a_strict_batch_is_all_or_none_while_time_passes(database: str) -> None:
    clock = Ticking()
    async with Writer(database, clock) as writer:
        await begin(writer)
        for shift in range(40):
            ahead = (clock.at + timedelta(seconds=60, milliseconds=shift)).isoformat()
            both = [progress(), progress(time=ahead)]
            answers = await writer.append_all(NOTICE, both, ALICE, strict=True)
            assert len({type(answer) for answer in answers}) == 1, (shift, answers)


async def test_a_damaged_notice_leaves_its_neighbours_alone(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer, "a-2022")
        await begin(writer, "b-2022")
    async with await connect(database) as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("DELETE FROM ledger.entries WHERE notice = 'a-2022' AND position = 7")
    async with Writer(database) as writer:
        damaged, sound = await asyncio.gather(
            writer.append("a-2022", progress(), ALICE),
            writer.append("b-2022", progress(), ALICE),
            return_exceptions=True,
        )
    assert isinstance(damaged, Damaged)
    assert isinstance(sound, Receipt)


async def lose_last(database: str, notice: str, last: int) -> None:
    """Undo the last commit and end every connection, as a failover to a lagging standby does."""
    async with await connect(database) as connection:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            last_row = (notice, last)
            await connection.execute("DELETE FROM ledger.entries WHERE notice = %s AND position = %s", last_row)
            await connection.execute("DELETE FROM ledger.narratives WHERE notice = %s AND position = %s", last_row)
            cursor = await connection.execute(
                "SELECT leaf_hash, root_hash, recorded_at FROM ledger.entries WHERE notice = %s ORDER BY position",
                (notice,),
            )
            rows = await cursor.fetchall()
            frontier = Frontier()
            frontier.extend_with_roots([bytes(row[0]) for row in rows])
            await connection.execute(
                "UPDATE ledger.heads SET size = %s, root_hash = %s, frontier = %s, recorded_at = %s "
                "WHERE notice = %s",
                (len(rows), rows[-1][1], frontier.to_bytes(), rows[-1][2], notice),
            )
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_a_writer_does_not_go_on_from_memory_after_a_failover(database: str) -> None:
    async with Writer(database) as one, Writer(database) as other:
        await begin(one, "n-2022")
        await begin(one, "m-2022")
        lost = await one.append("n-2022", progress(), ALICE)
        assert isinstance(lost, Receipt)
        await lose_last(database, "n-2022", lost.position)
        await other.append("n-2022", progress(), ALICE)
        await one.append("m-2022", progress(), ALICE)  # meets the lost connection
        with pytest.raises(RolledBack):
            await one.append("n-2022", progress(), ALICE)
        assert (await one.state("n-2022")).position == lost.position
    report = await verify(database)
    assert report.sound, report.first


async def test_a_frozen_neighbour_does_not_hold_the_others_for_ever(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "FROZEN_SECONDS", 1)
    frozen = await connect(database, "ledger_writer")
    async with Writer(database) as writer:
        await begin(writer)
        await frozen.execute("BEGIN")
        await frozen.execute("SELECT FROM ledger.heads WHERE notice = %s FOR UPDATE", (NOTICE,))
        answer = await asyncio.wait_for(writer.append(NOTICE, progress(), ALICE), 20)
    await frozen.close()
    assert isinstance(answer, Receipt)


async def test_a_server_that_became_read_only_is_left_for_another(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        connection = await writer._recorder._connected()
        await connection.execute("SET default_transaction_read_only = on")  # as on a demoted primary
        assert isinstance(await writer.append(NOTICE, progress(), ALICE), Receipt)


async def test_a_parameter_named_sha256_is_no_narrative(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        clause: dict[str, object] = {
            "number": "5b",
            "obligor": "COUNCIL",
            "modality": "MUST",
            "rule": "board-and-chair",
            "text": "t",
        }
        clause["parameters"] = {"chaired_by": "CHAIR"}
        await writer.append(NOTICE, submit("ClauseRegistered", clause, "operator"), OPERATOR)
    report = await verify(database)
    assert report.sound, report.first


async def test_a_forged_snapshot_lets_nobody_record(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forge a snapshot in which a board member is a records officer."""
    monkeypatch.setattr(snapshots, "INTERVAL", 3)
    async with Writer(database, snapshot_key=KEY) as writer:
        await begin(writer)
        await writer.append_all(NOTICE, [progress() for _ in range(4)], ALICE)
    async with await connect(database, "ledger_writer") as connection:
        row = await (await connection.execute("SELECT state FROM ledger.snapshots")).fetchone()
        assert row is not None
        seal, state = row[0][: snapshots._SEAL_BYTES], json.loads(row[0][snapshots._SEAL_BYTES :])
        tenure = {"role": "RECORDS_OFFICER", "from_": "2020-01-01T00:00:00Z", "until": None}
        state["people"]["roles"]["mallory"] = [tenure]
        forged = seal + json.dumps(state).encode()
        await connection.execute("UPDATE ledger.snapshots SET state = %s", (forged,))
    grant = submit("RoleGranted", {"actor": "mallory", "role": "ADVISER"}, "mallory")
    for key in (KEY, None):
        async with Writer(database, snapshot_key=key) as writer:
            with pytest.raises(Refused, match="mallory may not record RoleGranted"):
                await writer.append(NOTICE, grant, Credential("mallory"))
    assert (await verify(database, state_check=wrong_snapshot)).first is not None


@pytest.mark.parametrize("change", ["notice = notice || '-2'", "position = position - 1"])
async def test_a_snapshot_is_bound_to_its_place(
    database: str, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(snapshots, "INTERVAL", 3)
    async with Writer(database, snapshot_key=KEY) as writer:
        await begin(writer)
        await writer.append_all(NOTICE, [progress() for _ in range(4)], ALICE)
    sealed = snapshots.SealedSnapshots(KEY)
    async with await connect(database, "ledger_writer") as connection:
        assert (await sealed.read(connection, NOTICE, 1_000)).position > 0
        assert (await snapshots.SealedSnapshots(bytes(32)).read(connection, NOTICE, 1_000)).position == 0
        await connection.execute(f"UPDATE ledger.snapshots SET {change}".encode())  # noqa: S608 (of this test)
        assert (await sealed.read(connection, NOTICE, 1_000)).position == 0
        assert (await sealed.read(connection, f"{NOTICE}-2", 1_000)).position == 0


@pytest.mark.parametrize(("corrected", "forged"), list(product((False, True), repeat=2)))
async def test_a_kept_state_that_does_not_follow_is_found(
    database: str, monkeypatch: pytest.MonkeyPatch, corrected: bool, forged: bool
) -> None:
    monkeypatch.setattr(snapshots, "INTERVAL", 3)
    async with Writer(database, snapshot_key=KEY) as writer:
        await begin(writer)
        for _ in range(3):
            await writer.append(NOTICE, progress(), ALICE)
        last = await writer.append(NOTICE, progress(), ALICE)
        if corrected:
            assert isinstance(last, Receipt)
            mistake = {"position": last.position, "reason": "r"}
            await writer.append(NOTICE, submit("EntryCorrected", mistake, "rosa"), ROSA)
        for _ in range(4):
            await writer.append(NOTICE, progress(), ALICE)
    if forged:
        async with await connect(database, "ledger_writer") as connection:
            row = await (await connection.execute("SELECT state FROM ledger.snapshots")).fetchone()
            assert row is not None
            state = json.loads(row[0][32:])
            grant = {"role": "RECORDS_OFFICER", "from_": "2020-01-01T00:00:00Z", "until": None}
            state["people"]["roles"]["mallory"] = [grant]
            await connection.execute(
                "UPDATE ledger.snapshots SET state = %s", (row[0][:32] + json.dumps(state).encode(),)
            )
    report = await verify(database, state_check=wrong_snapshot)
    assert report.sound is not forged
    if forged:
        assert report.first is not None
        assert report.first.damage is Damage.SNAPSHOT


async def test_who_may_not_record_learns_nothing_of_a_key_in_the_same_moment(database: str) -> None:
    stranger = Credential("mallory")
    async with Writer(database) as writer:
        await begin(writer)
        first, *others = await asyncio.gather(
            writer.append(NOTICE, progress("once"), ALICE),
            writer.append(NOTICE, progress("once"), stranger),
            writer.append(NOTICE, progress("once", "A guess of its words."), stranger),
            return_exceptions=True,
        )
    assert isinstance(first, Receipt), first
    assert [other.refusals[0].code for other in others if isinstance(other, Refused)] == ["FORBIDDEN"] * 2, others
