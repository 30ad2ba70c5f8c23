"""The writer on a real database: order, idempotency, batches, corrections, erasures, errors."""

import asyncio
from base64 import b64encode
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from ledger.append import snapshots
from ledger.append.writer import Writer
from ledger.domain.corrections import effective, fold
from ledger.domain.entry import Entry
from ledger.domain.errors import Busy, Refused, Unavailable
from ledger.domain.registry import find_kind
from ledger.domain.state import State
from ledger.intake.envelope import decode
from ledger.proof.merkle import leaf_hash, root_hash
from ledger.store import entries
from ledger.store.database import connect
from ledger.store.entries import read_entries
from tests.ledger.history import (
    ALICE,
    DAN,
    NOTICE,
    OBJECTIVE,
    OPERATOR,
    ROSA,
    SETTING_SIZE,
    Clock,
    begin,
    codes,
    progress,
    received,
    submit,
)

KEY = b"k" * 32
"""Key of the sealed snapshots."""


async def stored(url: str, notice: str = NOTICE) -> list[tuple[Any, ...]]:
    async with await connect(url) as connection:
        cursor = await connection.execute(
            "SELECT position, recorded_at, leaf_hash, root_hash, body FROM ledger.entries "
            "WHERE notice = %s ORDER BY position",
            (notice,),
        )
        return await cursor.fetchall()


async def assert_whole(url: str, notice: str = NOTICE) -> int:
    """Check that positions are dense, times rise and hashes are right; return the number of entries."""
    rows = await stored(url, notice)
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert all(earlier[1] < later[1] for earlier, later in pairwise(rows))
    leaves = [leaf_hash(row[4]) for row in rows]
    assert leaves == [row[2] for row in rows]
    assert rows[-1][3] == root_hash(leaves)
    async with await connect(url) as connection:
        head = await entries.read_head(connection, notice)
    assert head is not None
    assert (head.size, head.root_hash) == (len(rows), rows[-1][3])
    return len(rows)


async def test_a_receipt_says_what_is_stored(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        receipt = await writer.append(NOTICE, progress(), ALICE)
    row = (await stored(database))[-1]
    assert receipt.position == receipt.tree_size == row[0] == SETTING_SIZE + 1
    assert receipt.leaf_hash == b64encode(leaf_hash(row[4])).decode()
    assert receipt.root_hash == b64encode(row[3]).decode()
    assert receipt.recorded_at == row[1] == decode(row[4]).recorded_at
    assert not receipt.duplicate


async def test_many_writers_and_notices_keep_each_ledger_dense(database: str) -> None:
    notices = ["a-2022", "b-2022", "c-2022"]
    async with Writer(database) as writer:
        for notice in notices:
            await begin(writer, notice)

        async def client(number: int) -> None:
            for _ in range(20):
                await writer.append(notices[number % 3], progress(), ALICE)

        await asyncio.gather(*(client(number) for number in range(33)))
    for notice in notices:
        assert await assert_whole(database, notice) == SETTING_SIZE + 11 * 20


async def test_two_processes_writers_interleave_on_one_notice(database: str) -> None:
    async with Writer(database) as first, Writer(database) as second:
        await begin(first)

        async def client(number: int) -> None:
            for _ in range(10):
                await (first, second)[number % 2].append(NOTICE, progress(), ALICE)

        await asyncio.gather(*(client(number) for number in range(16)))
        assert (await first.state(NOTICE)) == (await second.state(NOTICE))
    assert await assert_whole(database) == SETTING_SIZE + 160


async def test_two_writers_begin_one_notice(database: str) -> None:
    async with Writer(database) as first, Writer(database) as second:
        answers = await asyncio.gather(
            *(
                writer.append_all(NOTICE, [submit("NoticeIssued", _notice(), "operator", key="issued")], OPERATOR)
                for writer in (first, second)
            )
        )
    kinds = sorted(type(answer).__name__ for (answer,) in answers)
    assert kinds in (["Receipt", "Receipt"], ["Receipt", "Refused"])
    assert await assert_whole(database) == 1


def _notice() -> dict[str, Any]:
    head = {"kind": "IMPROVEMENT_NOTICE", "council": "E08000008", "issuer": "DfE", "issuedOn": "2022-07-05"}
    return head | {"title": "A notice", "trigger": "A visit", "packDigest": "A" * 43 + "="}


@pytest.mark.parametrize("step", [0.0, -5.0])
async def test_recordedat_rises_though_the_clock_does_not(database: str, step: float) -> None:
    clock = Clock()
    async with Writer(database, clock) as writer:
        await begin(writer)
        for _ in range(5):
            clock.advance(seconds=step)
            await writer.append(NOTICE, progress(), ALICE)
    await assert_whole(database)


async def test_the_same_key_from_64_clients_is_one_entry(database: str) -> None:
    async with Writer(database) as writer, Writer(database) as other:
        await begin(writer)
        answers = await asyncio.gather(
            *((writer, other)[number % 2].append(NOTICE, progress("once"), ALICE) for number in range(64))
        )
    assert sum(not receipt.duplicate for receipt in answers) == 1
    assert (
        len({(receipt.position, receipt.leaf_hash, receipt.root_hash, receipt.recorded_at) for receipt in answers})
        == 1
    )
    assert await assert_whole(database) == SETTING_SIZE + 1


async def test_a_key_is_never_used_for_other_content(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        first = await writer.append(NOTICE, progress("once"), ALICE)
        for other in (
            progress("once", "Other words."),
            progress("once", time="2022-07-05T09:00:00Z"),
            progress("once", clauses="5a"),
            progress("once", subject="O1"),
            submit("EvidenceSubmitted", _evidence(), key="once"),
        ):
            (answer,) = await writer.append_all(NOTICE, [other], ALICE)
            assert codes(answer) == ["KEY_REUSED"]
            assert str(first.position) in str(answer)
        again = await writer.append(NOTICE, progress("once"), ALICE)
        assert again.duplicate
        assert again.position == first.position
    await assert_whole(database)


def _evidence() -> dict[str, Any]:
    document = {"mediaType": "application/pdf", "size": 1, "title": "A paper", "classification": "OFFICIAL"}
    return {"evidence": "E1", "digest": "A" * 43 + "="} | document


async def test_a_refused_fact_does_not_use_up_its_key(database: str) -> None:
    wrong = submit("ProgressRecorded", {**_progress(), "objective": "O9"}, key="k")
    async with Writer(database) as writer:
        await begin(writer)
        (answer,) = await writer.append_all(NOTICE, [wrong], ALICE)
        assert codes(answer) == ["NOT_FOUND"]
        assert not (await writer.append(NOTICE, progress("k"), ALICE)).duplicate
    assert await assert_whole(database) == SETTING_SIZE + 1


def _progress() -> dict[str, Any]:
    return {"objective": "O1", "narrative": "x", "activityRating": "AMBER", "impactRating": "RED"}


async def test_a_batch_answers_each_and_its_neighbours_go_in(database: str) -> None:
    batch = [
        progress("a"),
        submit("ProgressRecorded", {**_progress(), "objective": "O9"}),
        progress("a"),
        progress("b"),
    ]
    async with Writer(database) as writer:
        await begin(writer)
        first, second, third, fourth = await writer.append_all(NOTICE, batch, ALICE)
        assert codes(second) == ["NOT_FOUND"]
        a, again, b = received([first, third, fourth])
        assert (a.position, again.position, b.position) == (8, 8, 9)
        assert (a.duplicate, again.duplicate) == (False, True)
    assert await assert_whole(database) == SETTING_SIZE + 2


async def test_a_strict_batch_is_all_or_none(database: str) -> None:
    bad = submit("ProgressRecorded", {**_progress(), "objective": "O9"})
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append(NOTICE, progress("before"), ALICE)
        answers = await writer.append_all(NOTICE, [progress("a"), bad, progress("before")], ALICE, strict=True)
        assert [codes(answer) for answer in answers] == [["NOT_RECORDED"], ["NOT_FOUND"], ["NOT_RECORDED"]]
        assert await assert_whole(database) == SETTING_SIZE + 1
        again = received(await writer.append_all(NOTICE, [progress("a"), progress("before")], ALICE, strict=True))
        assert [receipt.duplicate for receipt in again] == [False, True]
    assert await assert_whole(database) == SETTING_SIZE + 2


async def test_an_expected_position_that_is_stale_is_refused(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        (stale,) = await writer.append_all(NOTICE, [progress("a")], ALICE, expected=3)
        assert codes(stale) == ["EXPECTED_POSITION"]
        receipt = await writer.append(NOTICE, progress("a"), ALICE, expected=SETTING_SIZE)
        again = await writer.append(NOTICE, progress("a"), ALICE, expected=SETTING_SIZE)
        assert (again.position, again.duplicate) == (receipt.position, True)


async def test_who_may_not_record_is_told_so_and_nothing_else(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        (answer,) = await writer.append_all(NOTICE, [submit("ObjectiveAdded", OBJECTIVE, "bob")], DAN)
        assert codes(answer) == ["FORBIDDEN"]


async def test_a_correction_holds_from_its_own_position_on(database: str) -> None:
    better = {"type": find_kind("ObjectiveAdded").type, "data": {**OBJECTIVE, "due": "2023-03-31"}}  # type: ignore[union-attr]
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append(NOTICE, progress(), ALICE)
        remove = submit("EntryCorrected", {"position": 7, "reason": "It was another notice's."}, "rosa")
        (refused,) = await writer.append_all(NOTICE, [remove], ROSA)
        assert codes(refused) == ["DEPENDED_ON"]
        assert "entry 8 (ProgressRecorded)" in str(refused)
        mend = submit("EntryCorrected", {"position": 7, "reason": "A wrong date.", "replacement": better}, "rosa")
        assert (await writer.append(NOTICE, mend, ROSA)).position == 9
        (twice,) = await writer.append_all(
            NOTICE, [submit("EntryCorrected", {"position": 7, "reason": "?"}, "rosa")], ROSA
        )
        assert codes(twice) == ["ALREADY_CORRECTED"]
        await writer.append(NOTICE, progress(), ALICE)
        state = await writer.state(NOTICE)
    assert state.plan.objectives["O1"].due.isoformat() == "2023-03-31"
    async with await connect(database) as connection:
        history = await read_entries(connection, NOTICE, 10)
    assert state == fold(effective(history))
    await assert_whole(database)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"position": 1}, "NOT_CORRECTABLE"),
        ({"position": 99}, "NOT_FOUND"),
        (
            {
                "position": 7,
                "replacement": {"type": "improvement-ledger.plan.ProgressRecorded.v1", "data": _progress()},
            },
            "WRONG_TYPE",
        ),
    ],
)
async def test_what_a_correction_may_not_do(database: str, data: dict[str, Any], code: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        (answer,) = await writer.append_all(
            NOTICE, [submit("EntryCorrected", {"reason": "x", **data}, "rosa")], ROSA
        )
        assert codes(answer) == [code]
    assert await assert_whole(database) == SETTING_SIZE


async def test_an_erased_narrative_is_gone_and_its_entry_stays(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append(NOTICE, progress("told"), ALICE)
        before = await stored(database)
        ask = {"position": 8, "reason": "It names a child.", "authority": "UK GDPR, article 17"}
        request = await writer.append(NOTICE, submit("ErasureRequested", ask, "rosa"), ROSA)
        erase = {"position": 8, "request": request.position}
        (own,) = await writer.append_all(NOTICE, [submit("NarrativeErased", erase, "rosa")], ROSA)
        assert codes(own) == ["SAME_PERSON"]
        erased = await writer.append(NOTICE, submit("NarrativeErased", erase, "dan"), DAN)
        assert (await writer.append(NOTICE, progress("told"), ALICE)).position == 8
        assert (await writer.append(NOTICE, progress("told", "Anything else."), ALICE)).duplicate
    async with await connect(database) as connection:
        cursor = await connection.execute("SELECT salt, body, erased_by FROM ledger.narratives WHERE position = 8")
        assert await cursor.fetchall() == [(None, None, erased.position)]
    assert (await stored(database))[: len(before)] == before
    await assert_whole(database)


async def test_a_cold_start_reads_the_snapshot(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "INTERVAL", 50)
    async with Writer(database, snapshot_key=KEY) as writer:
        await begin(writer)
        await writer.append_all(NOTICE, [progress() for _ in range(60)], ALICE)
        warm = await writer.state(NOTICE)
        await writer.append(NOTICE, progress(), ALICE)
    folded: list[int] = []

    def counting(body: bytes) -> Entry:
        entry = decode(body)
        folded.append(entry.position)
        return entry

    monkeypatch.setattr("ledger.store.entries.decode", counting)
    async with Writer(database, snapshot_key=KEY) as writer:
        assert (await writer.state(NOTICE)).plan == warm.plan
    assert folded == [SETTING_SIZE + 61]


async def test_one_that_the_database_refuses_does_not_hold_up_the_others(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger.entries ADD CHECK (id <> 'cursed')")
    async with Writer(database) as writer:
        await begin(writer)
        keys = [f"n{number}" for number in range(7)]
        answers = await writer.append_all(
            NOTICE, [progress(key) for key in (*keys[:3], "cursed", *keys[3:])], ALICE
        )
        assert codes(answers.pop(3)) == ["DATABASE_REFUSED"]
        assert len(received(answers)) == 7
        together = await asyncio.gather(
            *(writer.append_all(NOTICE, [progress(key)], ALICE) for key in ("m1", "cursed", "m2"))
        )
        assert [type(answer).__name__ for (answer,) in together] == ["Receipt", "Refused", "Receipt"]
    assert await assert_whole(database) == SETTING_SIZE + 9


async def test_a_killed_connection_is_opened_again(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert not (await writer.append(NOTICE, progress(), ALICE)).duplicate
        assert (await writer.state(NOTICE)).position == SETTING_SIZE + 1
    assert await assert_whole(database) == SETTING_SIZE + 1


async def test_a_full_queue_is_told_to_wait(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.append.writer.QUEUE_ENTRIES", 10)
    async with Writer(database) as writer:
        await begin(writer)
        answers = await asyncio.gather(
            *(writer.append(NOTICE, progress(), ALICE) for _ in range(30)), return_exceptions=True
        )
    assert sum(isinstance(answer, Busy) for answer in answers) == 20
    assert await assert_whole(database) == SETTING_SIZE + 10


async def test_closing_answers_what_waits_and_takes_nothing_more(database: str) -> None:
    writer = await Writer(database).open()
    await begin(writer)
    waiting = [asyncio.create_task(writer.append(NOTICE, progress(), ALICE)) for _ in range(20)]
    await asyncio.sleep(0)
    await writer.close()
    assert {(await task).position for task in waiting} == set(range(SETTING_SIZE + 1, SETTING_SIZE + 21))
    with pytest.raises(Unavailable):
        await writer.append(NOTICE, progress(), ALICE)


async def test_a_caller_that_goes_away_does_no_harm(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        tasks = [asyncio.create_task(writer.append(NOTICE, progress(f"c{n}"), ALICE)) for n in range(10)]
        await asyncio.sleep(0)
        tasks[4].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results[4], asyncio.CancelledError)
        assert (await writer.append(NOTICE, progress("c4"), ALICE)).duplicate
    assert await assert_whole(database) == SETTING_SIZE + 10


async def test_an_unknown_notice_has_an_empty_state(database: str) -> None:
    async with Writer(database) as writer:
        assert await writer.state("nowhere") == State()
        with pytest.raises(Refused, match="may not record"):
            await writer.append("nowhere", progress(), ALICE)
