"""The state of a notice, folded from its stored entries and caught up with other processes."""

from collections.abc import Iterable

from msgspec import Struct

from ledger.append import snapshots
from ledger.append.snapshots import SealedSnapshots
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.corrections import effective, fold
from ledger.domain.entry import Entry
from ledger.domain.errors import Damaged
from ledger.domain.state import State, evolve
from ledger.proof.merkle import Frontier
from ledger.store import entries
from ledger.store.entries import Connection, Head


class FoldedState(Struct):
    """A notice's state at a position, and the frontier of its tree there."""

    state: State
    frontier: Frontier
    root_hash: bytes = b""
    """Root of the tree at the position."""
    snapshot_at: int = 0
    """Position of the last snapshot; 0 without one."""


async def load(connection: Connection, notice: str, head: Head | None, sealed: SealedSnapshots) -> FoldedState:
    """Return the state at the head, from the last snapshot and the entries after it; empty without a head.

    Raises:
        Damaged: Entries below the head are missing.
    """
    if head is None:
        return FoldedState(State(), Frontier())
    state = await sealed.read(connection, notice, head.size)
    folded = FoldedState(state, Frontier(), snapshot_at=state.position)
    await catch_up(connection, notice, folded, head)
    return folded


def add(folded: FoldedState, committed: Iterable[tuple[Entry, bytes]], head: Head) -> bool:
    """Fold committed entries into the state if they lead to the head without a gap or a correction.

    Args:
        folded: The state to advance.
        committed: Entries in order, each with the root at its position.
        head: The notice's head.

    Returns:
        True if the state is at the head now; False if nothing was folded.
    """
    position = folded.state.position
    news = [(entry, root) for entry, root in committed if position < entry.position <= head.size]
    if [entry.position for entry, _ in news] != list(range(position + 1, head.size + 1)):
        return False
    if news[-1][1] != head.root_hash or any(isinstance(entry.fact, EntryCorrected) for entry, _ in news):
        return False
    for entry, _ in news:
        evolve(folded.state, entry)
    folded.frontier, folded.root_hash = Frontier.from_bytes(head.size, head.frontier), head.root_hash
    return True


async def catch_up(connection: Connection, notice: str, folded: FoldedState, head: Head) -> None:
    """Fold the stored entries after the state's position into the state, up to the head.

    Raises:
        Damaged: Entries below the head are missing.
    """
    news = await entries.read_entries(connection, notice, head.size, folded.state.position)
    if any(isinstance(entry.fact, EntryCorrected) for entry in news):
        folded.state = fold(effective(await entries.read_entries(connection, notice, head.size)))
    else:
        for entry in news:
            evolve(folded.state, entry)
    if folded.state.position != head.size:
        raise Damaged(
            f"the head of {notice} counts {head.size} entries, but the entries end at {folded.state.position}; "
            "run ledger verify"
        )
    folded.frontier, folded.root_hash = Frontier.from_bytes(head.size, head.frontier), head.root_hash


async def keep_snapshot(connection: Connection, notice: str, folded: FoldedState, sealed: SealedSnapshots) -> None:
    """Write a snapshot once enough entries were recorded since the last snapshot."""
    if folded.state.position - folded.snapshot_at >= snapshots.INTERVAL:
        await sealed.write(connection, notice, folded.state)
        folded.snapshot_at = folded.state.position
