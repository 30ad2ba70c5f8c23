"""Snapshots of a notice's folded state, so that a cold start does not fold a long history.

Rights are judged by a sealed snapshot, since a forged snapshot could let anybody record. The seal binds a snapshot
to its notice, its position and the root there. The seal's key is not in the database. A snapshot with a wrong seal
is ignored; the entries are folded instead. Unsealed snapshots are for reading only.
"""

import hashlib
import hmac
from importlib.resources import files

import msgspec

from ledger.domain.corrections import effective, fold
from ledger.domain.state import State
from ledger.store import entries
from ledger.store.entries import Connection

INTERVAL = 5_000
"""Least number of entries between two snapshots of a notice; fewer entries fold in some tens of milliseconds."""
PURPOSE = "snapshots"
"""Purpose under which the key of the seals is derived from the signing key."""
_SEAL_BYTES = 32


def _version() -> str:
    """Return a digest of the source that folds states: a snapshot of other source is not read."""
    folders = (files("ledger.domain"), files("ledger.domain.areas"))
    sources = [path for folder in folders for path in sorted(folder.iterdir(), key=lambda path: path.name)]
    return hashlib.sha256(b"".join(p.read_bytes() for p in sources if p.name.endswith(".py"))).hexdigest()[:16]


VERSION = _version()
_UNSEALED = f"{VERSION}-unsealed"
_decoder = msgspec.json.Decoder(State)


class SealedSnapshots:
    """Snapshots sealed with one key. Without a key, snapshots are neither read nor written."""

    def __init__(self, key: bytes | None) -> None:
        self._key = key

    async def read(self, connection: Connection, notice: str, size: int) -> State:
        """Return the state of a valid snapshot of at most `size` entries, or an empty state without one."""
        row = await entries.read_snapshot(connection, notice, VERSION) if self._key is not None else None
        if row is None or row[0] > size:
            return State()
        position, snapshot = row
        state = snapshot[_SEAL_BYTES:]
        seal = await self._seal(connection, notice, position, state)
        if seal is None or not hmac.compare_digest(seal, snapshot[:_SEAL_BYTES]):
            return State()
        return _decoder.decode(state)

    async def write(self, connection: Connection, notice: str, state: State) -> None:
        """Store a sealed snapshot if there is a key, and no snapshot of this or a later position."""
        encoded = msgspec.json.encode(state)
        seal = await self._seal(connection, notice, state.position, encoded)
        if seal is not None:
            await entries.write_snapshot(connection, notice, VERSION, state.position, seal + encoded)

    async def _seal(self, connection: Connection, notice: str, position: int, state: bytes) -> bytes | None:
        """Return the seal of a state; None without a key or without an entry at its position."""
        if self._key is None:
            return None
        root = await entries.read_root(connection, notice, position)
        if root is None:
            return None
        message = f"{notice}\n{VERSION}\n{position}\n".encode() + root + state
        return hmac.digest(self._key, message, "sha256")


async def read(connection: Connection, notice: str, size: int) -> State:
    """Return the state of the unsealed snapshot, or an empty state without a snapshot of at most `size` entries.

    The state is for reading only: no rights are judged by it.
    """
    row = await entries.read_snapshot(connection, notice, _UNSEALED)
    return _decoder.decode(row[1]) if row is not None and row[0] <= size else State()


async def write(connection: Connection, notice: str, state: State) -> None:
    """Store an unsealed snapshot, unless one of this or a later position is stored already."""
    await entries.write_snapshot(connection, notice, _UNSEALED, state.position, msgspec.json.encode(state))


async def wrong_snapshot(connection: Connection, notice: str) -> int | None:
    """Return the position of a stored snapshot that contradicts the entries; None if no snapshot does so."""
    for version, start in ((VERSION, _SEAL_BYTES), (_UNSEALED, 0)):
        row = await entries.read_snapshot(connection, notice, version)
        if row is not None and not await _follows(connection, notice, row[0], row[1][start:]):
            return row[0]
    return None


async def _follows(connection: Connection, notice: str, position: int, snapshot: bytes) -> bool:
    history = await entries.read_entries(connection, notice, position)
    try:
        return len(history) == position and _decoder.decode(snapshot) == fold(effective(history))
    except msgspec.MsgspecError:
        return False
