"""The state of a notice, folded from its entries: kept in memory, caught up, snapshotted, folded anew.

A correction works from its own position on, as if the corrected entry had been absent or had been its
replacement; so a history that holds corrections is folded with them in place.
"""

import hashlib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct

from ledger.domain.areas.records import EntryCorrected
from ledger.domain.entry import Entry
from ledger.domain.errors import Damaged, Refusal
from ledger.domain.fact import Fact, When, Who
from ledger.domain.registry import KIND_OF
from ledger.domain.state import State, admit, evolve
from ledger.intake.envelope import decode
from ledger.proof.merkle import Frontier
from ledger.store import entries
from ledger.store.entries import Connection, Head

SNAPSHOT_EVERY = 5_000
"""Entries between two snapshots of a notice's state; fewer fold in some tens of milliseconds."""
Corrections = Mapping[int, Fact | None]
"""Corrected position → the fact that stands there now; None: nothing does."""


def _version() -> str:
    """The digest of the rules' source: a snapshot of other rules is not read."""
    folders = (files("ledger.domain"), files("ledger.domain.areas"))
    sources = [path for folder in folders for path in sorted(folder.iterdir(), key=lambda path: path.name)]
    return hashlib.sha256(b"".join(p.read_bytes() for p in sources if p.name.endswith(".py"))).hexdigest()[:16]


VERSION = _version()
_decoder = msgspec.json.Decoder(State)


class FoldedState(Struct):
    """A notice's state at its head, with the tree's frontier: what appending needs."""

    state: State
    frontier: Frontier
    snapshot_at: int = 0
    """The position of the last snapshot."""


def replacement(correction: EntryCorrected, corrected: Fact) -> Fact | None:
    """The fact that stands at the corrected position from now on."""
    if correction.replacement is None:
        return None
    return msgspec.convert(correction.replacement.data, KIND_OF[type(corrected)].struct)


def corrections_of(history: Iterable[Entry]) -> dict[int, Fact | None]:
    """The corrections that a history holds; a later one of the same entry counts."""
    facts: dict[int, Fact] = {}
    found: dict[int, Fact | None] = {}
    for entry in history:
        facts[entry.position] = entry.fact
        if isinstance(entry.fact, EntryCorrected):
            found[entry.fact.position] = replacement(entry.fact, facts[entry.fact.position])
    return found


def fold(history: Iterable[Entry], corrections: Corrections) -> State:
    """The state after a history, with those corrections in place from the start."""
    state = State()
    for entry in history:
        _step(state, entry, corrections)
    return state


def _step(state: State, entry: Entry, corrections: Corrections) -> None:
    if entry.position in corrections:
        fact = corrections[entry.position]
        if fact is None:
            state.people.sources.setdefault(entry.source, entry.actor)
            state.position, state.recorded_at = entry.position, entry.recorded_at
            return
        entry = msgspec.structs.replace(entry, fact=fact)
    evolve(state, entry)


def first_refused(
    history: Iterable[Entry], corrections: Corrections, corrected: int = 0, by: Who | None = None
) -> tuple[Entry, Refusal] | None:
    """The first entry of a history that would not be admissible with those corrections, and why.

    What now stands at `corrected` has to be admissible from its recorder and from `by`, who puts it there.
    """
    state = State()
    for entry in history:
        fact = corrections.get(entry.position, entry.fact)
        if fact is not None:
            when = When(entry.occurred_at, entry.recorded_at)
            recorders = [Who(entry.actor, entry.actor_role)]
            if by is not None and entry.position == corrected:
                recorders.append(by)
            for who in recorders:
                for refusal in admit(state, fact, who, when):
                    return entry, refusal
        _step(state, entry, corrections)
    return None


async def history(connection: Connection, notice: str, to: int, after: int = 0) -> list[Entry]:
    """The entries of a notice after `after`, up to `to`."""
    return [decode(body) async for _, body in entries.read_bodies(connection, notice, after, to)]


async def load(connection: Connection, notice: str, head: Head | None) -> FoldedState:
    """The state at the head, from the last snapshot and the entries since."""
    if head is None:
        return FoldedState(State(), Frontier())
    state = State()
    kept = await entries.read_snapshot(connection, notice, VERSION)
    if kept is not None and kept[0] <= head.size:
        state = _decoder.decode(kept[1])
    folded = FoldedState(state, Frontier(), state.position)
    await catch_up(connection, notice, folded, head)
    return folded


async def catch_up(connection: Connection, notice: str, folded: FoldedState, head: Head) -> None:
    """Folds in what other processes wrote up to that head; raises Damaged when entries are missing."""
    news = await history(connection, notice, head.size, folded.state.position)
    if any(isinstance(entry.fact, EntryCorrected) for entry in news):
        whole = await history(connection, notice, head.size)
        folded.state = fold(whole, corrections_of(whole))
    else:
        for entry in news:
            evolve(folded.state, entry)
    if folded.state.position != head.size:
        raise Damaged(
            f"{notice} has {head.size} entries by its head, but they end at {folded.state.position}; "
            "run ledger verify"
        )
    folded.frontier = Frontier.from_bytes(head.size, head.frontier)


def is_state(kept: bytes, state: State) -> bool:
    """Whether a snapshot's bytes are that state."""
    try:
        return _decoder.decode(kept) == state
    except msgspec.MsgspecError:
        return False


async def keep_snapshot(connection: Connection, notice: str, folded: FoldedState) -> None:
    """Writes a snapshot when enough was recorded since the last one."""
    state = folded.state
    if state.position - folded.snapshot_at >= SNAPSHOT_EVERY:
        encoded: Any = msgspec.json.encode(state)
        await entries.write_snapshot(connection, notice, VERSION, state.position, encoded)
        folded.snapshot_at = state.position
