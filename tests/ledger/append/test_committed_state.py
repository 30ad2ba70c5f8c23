"""Test the committed state: this process's entries come from memory, and all others from the database."""

from typing import Any

import pytest

from ledger.append import fold
from ledger.append.committed_state import COMMITTED_ENTRIES
from ledger.append.fold import FoldedState
from ledger.append.recalled_states import Unconfirmed
from ledger.append.writer import Writer
from ledger.domain.corrections import effective
from ledger.domain.corrections import fold as fold_history
from ledger.domain.registry import find_kind
from ledger.domain.state import State
from ledger.proof.merkle import Frontier
from ledger.store.database import connect
from ledger.store.entries import Head, read_entries, read_head
from tests.ledger.history import ALICE, NOTICE, OBJECTIVE, ROSA, SETTING_SIZE, begin, progress, submit


async def history_state(database: str) -> State:
    """Return the state folded from all stored entries."""
    async with await connect(database) as connection:
        head = await read_head(connection, NOTICE)
        assert head is not None
        return fold_history(effective(await read_entries(connection, NOTICE, head.size)))


@pytest.fixture
def read_positions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list of positions from which entries are read from the database."""
    positions: list[int] = []
    catch_up = fold.catch_up

    async def noting(connection: Any, notice: str, folded: FoldedState, head: Head) -> None:
        positions.append(folded.state.position)
        await catch_up(connection, notice, folded, head)

    monkeypatch.setattr(fold, "catch_up", noting)
    return positions


async def test_own_entries_are_not_read_again(database: str, read_positions: list[int]) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        await writer.state(NOTICE)
        read_positions.clear()
        for _ in range(3):
            await writer.append_all(NOTICE, [progress(), progress()], ALICE)
            assert await writer.state(NOTICE) == await history_state(database)
        assert read_positions == []


async def test_entries_of_other_processes_are_read(database: str, read_positions: list[int]) -> None:
    async with Writer(database) as writer, Writer(database) as other:
        await begin(writer)
        await writer.state(NOTICE)
        for recorders in ([other], [writer, other], [other, writer], [writer]):
            for recorder in recorders:
                await recorder.append(NOTICE, progress(), ALICE)
            read_positions.clear()
            assert await writer.state(NOTICE) == await history_state(database)
            assert bool(read_positions) == (other in recorders)


async def test_a_correction_folds_the_history_again(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        await writer.state(NOTICE)
        replacement = {"type": find_kind("ObjectiveAdded").type, "data": {**OBJECTIVE, "due": "2023-03-31"}}  # type: ignore[union-attr]
        correction = {"position": SETTING_SIZE, "reason": "A wrong date.", "replacement": replacement}
        await writer.append(NOTICE, submit("EntryCorrected", correction, "rosa"), ROSA)
        state = await writer.state(NOTICE)
        assert state.plan.objectives["O1"].due.isoformat() == "2023-03-31"
        assert state == await history_state(database)


async def test_entries_beyond_the_bound_are_read(database: str, read_positions: list[int]) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        await writer.state(NOTICE)
        read_positions.clear()
        await writer.append_all(NOTICE, [progress() for _ in range(COMMITTED_ENTRIES + 1)], ALICE)
        assert (await writer.state(NOTICE)).position == SETTING_SIZE + COMMITTED_ENTRIES + 1
        assert read_positions == [SETTING_SIZE]


async def test_entries_with_another_root_are_not_taken(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        async with await connect(database) as connection:
            head = await read_head(connection, NOTICE)
            assert head is not None
            history = await read_entries(connection, NOTICE, head.size)
        before = FoldedState(fold_history(effective(history[:-1])), Frontier())
        assert not fold.add(before, [(history[-1], b"r" * 32)], head)
        assert before.state.position == head.size - 1
        assert not fold.add(before, [], head)
        assert fold.add(before, [(history[-1], head.root_hash)], head)
        assert before.state == fold_history(effective(history))


async def test_a_state_is_recalled_until_the_head_may_have_moved(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        with pytest.raises(Unconfirmed):
            await writer.recalled().current(NOTICE)
        state = await writer.state(NOTICE)
        assert await writer.recalled().current(NOTICE) is state
        await writer.append(NOTICE, progress(), ALICE)
        with pytest.raises(Unconfirmed):
            await writer.recalled().current(NOTICE)


async def test_a_recalled_state_is_confirmed_by_its_own_head_only(database: str) -> None:
    async with Writer(database) as writer, await connect(database) as connection:
        for notice in (NOTICE, "other"):
            await begin(writer, notice)
            await writer.state(notice)
        head = await read_head(connection, NOTICE)
        assert head is not None
        for size, root in ((head.size - 1, head.root_hash), (head.size, bytes(32)), (head.size + 1, bytes(32))):
            recalled = writer.recalled()
            await recalled.current(NOTICE)
            with pytest.raises(Unconfirmed):
                recalled.confirm(NOTICE, size, root)
            assert not recalled.are_confirmed
        recalled = writer.recalled()
        with pytest.raises(Unconfirmed):  # nobody was judged by it
            recalled.confirm(NOTICE, head.size, head.root_hash)
        recalled = writer.recalled()
        for notice in (NOTICE, "other"):
            await recalled.current(notice)
        recalled.confirm(NOTICE, head.size, head.root_hash)
        is_confirmed_by_one = recalled.are_confirmed
        other = await read_head(connection, "other")
        assert other is not None
        recalled.confirm("other", other.size, other.root_hash)
        assert (is_confirmed_by_one, recalled.are_confirmed) == (False, True)
        await writer.append(NOTICE, progress(), ALICE)
        await writer.state(NOTICE)
        await recalled.current(NOTICE)
        with pytest.raises(Unconfirmed):  # the reader was judged by two states
            recalled.confirm(NOTICE, head.size, head.root_hash)


async def test_another_history_of_the_same_length_is_read(database: str, read_positions: list[int]) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        before = await writer.state(NOTICE)
        writer._states._folded[NOTICE].root_hash = b"r" * 32
        read_positions.clear()
        after = await writer.state(NOTICE)
        assert after is not before
        assert (after, read_positions) == (await history_state(database), [0])
