"""Check tiles and signed checkpoints against the tree of entry hashes.

No I/O, and only the format of notes and keys is shared with signing. The key of the last rotation up to a
checkpoint's size must have signed that checkpoint. Before any rotation, the key of the first checkpoint signs.
"""

from base64 import b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

from ledger.proof.checkpoint import CheckpointError, VerifierKey, parse, unsigned
from ledger.verify.findings import Damage

Flag = Callable[[int, Damage, str], None]
"""Function that receives each finding: its position, kind of damage and detail."""
_ROTATED = "improvement-ledger.records.SigningKeyRotated.v"


class TileRow(NamedTuple):
    """Columns of a complete tile: its place and its root."""

    level: int
    number: int
    root_hash: bytes

    @property
    def end(self) -> int:
        """Position of the last entry that the tile covers."""
        return (self.number + 1) << 8 * (self.level + 1)


class CheckpointRow(NamedTuple):
    """Columns of a signed checkpoint."""

    size: int
    root_hash: bytes
    key: str
    note: str
    number: int | None
    """Place in the order of signing; None if the checkpoint was signed before checkpoints had numbers."""


class CheckpointExamination:
    """Check of the tiles and checkpoints of one notice, entry by entry."""

    def __init__(self, notice: str, flag: Flag) -> None:
        self._notice, self._flag = notice, flag
        self._key = ""
        self._tiles: dict[int, int] = {}
        self._signed = 0
        self._unnumbered = 0
        self._sizes: dict[int, int] = {}
        """Number of a checkpoint → its size."""

    def add_entry(self, kind: str, data: Any) -> None:  # noqa: ANN401 - any JSON
        """Note the new key if the entry is a key rotation. Raise LookupError or TypeError for unreadable data."""
        if kind.startswith(_ROTATED):
            self._key = str(data["publicKey"])

    def add_tile(self, row: TileRow, position: int, root: bytes | None) -> None:
        """Check a tile. The tiles of a level have no gap, because higher hashes are computed from them.

        Args:
            row: The stored tile.
            position: Number of entries so far.
            root: Root of the complete subtree over the tile's entries; None if unknown.
        """
        first, expected = row.end - (1 << 8 * (row.level + 1)) + 1, self._tiles.get(row.level, 0)
        self._tiles[row.level] = row.number + 1
        name = f"tile {row.number} of level {row.level}"
        if row.end != position:
            self._flag(first, Damage.TILE, f"{name} is stored, but the entries end before it")
        elif row.number != expected:
            self._flag(first, Damage.TILE, f"tile {expected} of level {row.level} is missing before {name}")
        elif root is not None and row.root_hash != root:
            self._flag(first, Damage.TILE, f"the stored hash of {name} does not follow from the entries")

    def add_checkpoint(self, row: CheckpointRow, position: int, root: bytes | None) -> None:
        """Check a checkpoint, its signature and its signer.

        Args:
            row: The stored checkpoint.
            position: Number of entries so far.
            root: Root of the tree at the checkpoint's size; None if unknown.
        """
        if row.number is None:
            self._unnumbered += 1
        else:
            self._sizes[row.number] = row.size
        try:
            key = VerifierKey.parse(row.key)
            names = {key, VerifierKey(unsigned(row.note).origin, key.public_key)}
            signed = parse(row.note, names)
        except CheckpointError as error:
            self._flag(row.size, Damage.CHECKPOINT, str(error))
            return
        if (signed.size, signed.root_hash) != (row.size, row.root_hash):
            self._flag(row.size, Damage.CHECKPOINT, f"its columns differ from its note of {signed.size} entries")
        if len(signed.signatures) != len(names) or row.note.count("\n\N{EM DASH} ") != len(names):
            self._flag(
                row.size, Damage.CHECKPOINT, "its signatures are not by the key under its own and the log's name"
            )
        if not signed.origin.endswith(f"/ledgers/{self._notice}"):
            self._flag(row.size, Damage.CHECKPOINT, f"it belongs to {signed.origin}")
        self.check_signer(key, row.size)
        if row.size != position:
            self._flag(row.size, Damage.CHECKPOINT, f"it signs {row.size} entries, but there are fewer")
        elif root is not None and signed.root_hash != root:
            self._flag(row.size, Damage.CHECKPOINT, "its root does not follow from the entries")
        self._signed = max(self._signed, row.size)

    def finish(self, size: int) -> None:
        """Report, after all rows, the first missing checkpoint and each level's first missing tile.

        Tiles are expected up to the last checkpoint.
        """
        self._find_gap()
        signed, level = min(self._signed, size), 0
        while tiles := signed >> 8 * (level + 1):
            stored = self._tiles.get(level, 0)
            if stored < tiles:
                first = (stored << 8 * (level + 1)) + 1
                self._flag(
                    first, Damage.TILE, f"tile {stored} of level {level} is missing, of {tiles} up to {signed}"
                )
            level += 1

    def _find_gap(self) -> None:
        """Report the first checkpoint that is missing in the order of signing, or tiles without any checkpoint.

        Deleting the last checkpoints leaves no gap. Only an earlier copy reveals such a deletion.
        """
        expected = self._unnumbered + 1
        for number in sorted(self._sizes):
            if number != expected:
                detail = f"checkpoint {expected} in the order of signing is missing"
                self._flag(self._sizes[number], Damage.CHECKPOINT, detail)
                return
            expected += 1
        if expected == 1 and self._tiles:
            self._flag(1, Damage.CHECKPOINT, "tiles are stored, which only signing does, but no checkpoint is")

    def check_signer(self, key: VerifierKey, size: int) -> None:
        """Report a finding if a key may not sign at a size. The entries up to this size must be added before."""
        public_key = b64encode(key.public_key).decode()
        if self._key not in ("", public_key):
            self._flag(size, Damage.CHECKPOINT, f"{key.name} signed it, but the entries name another key")
        self._key = self._key or public_key
