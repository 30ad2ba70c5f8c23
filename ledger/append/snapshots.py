"""Snapshots of a notice's folded state, so that a cold start does not fold a long history."""

import hashlib
from importlib.resources import files

import msgspec

from ledger.domain.corrections import effective, fold
from ledger.domain.state import State
from ledger.store import entries
from ledger.store.entries import Connection

INTERVAL = 5_000
"""Entries between two snapshots of a notice; fewer fold in some tens of milliseconds."""


def _version() -> str:
    """Return the digest of the rules' source: a snapshot made by other rules is not read."""
    folders = (files("ledger.domain"), files("ledger.domain.areas"))
    sources = [path for folder in folders for path in sorted(folder.iterdir(), key=lambda path: path.name)]
    return hashlib.sha256(b"".join(p.read_bytes() for p in sources if p.name.endswith(".py"))).hexdigest()[:16]


VERSION = _version()
_decoder = msgspec.json.Decoder(State)


async def read(connection: Connection, notice: str, size: int) -> State:
    """Return the state of the latest snapshot of at most `size` entries; an empty state without one."""
    row = await entries.read_snapshot(connection, notice, VERSION)
    return _decoder.decode(row[1]) if row is not None and row[0] <= size else State()


async def write(connection: Connection, notice: str, state: State) -> None:
    """Store a snapshot, unless a later one is stored already."""
    await entries.write_snapshot(connection, notice, VERSION, state.position, msgspec.json.encode(state))


async def wrong_snapshot(connection: Connection, notice: str) -> int | None:
    """Return the position of the stored snapshot when the entries give another state; None otherwise."""
    row = await entries.read_snapshot(connection, notice, VERSION)
    if row is None:
        return None
    position, snapshot = row
    history = await entries.read_entries(connection, notice, position)
    if len(history) != position:
        return position
    try:
        return None if _decoder.decode(snapshot) == fold(effective(history)) else position
    except msgspec.MsgspecError:
        return position
