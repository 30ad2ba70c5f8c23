"""The examination of what stands above the entries: tiles and signed checkpoints, against the tree of hashes.

No I/O, and nothing of the code that signs. A checkpoint must be signed by the key that the entries name: that of
the last rotation up to its size, and before any, the key that signed first.
"""

from base64 import b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

from ledger.proof.checkpoint import CheckpointError, VerifierKey, parse, unsigned
from ledger.verify.findings import Damage

OnDamage = Callable[[int, Damage, str], None]
"""Told of each difference: position, kind, detail."""
_ROTATED = "improvement-ledger.records.SigningKeyRotated.v"


class TileRow(NamedTuple):
    """A complete tile by its root, as its columns have it."""

    level: int
    number: int
    root_hash: bytes

    @property
    def end(self) -> int:
        """The last entry that it is over."""
        return (self.number + 1) << 8 * (self.level + 1)


class CheckpointRow(NamedTuple):
    """A signed checkpoint as its columns have it."""

    size: int
    root_hash: bytes
    key: str
    note: str


class CheckpointExamination:
    """Takes each entry, and after it the tiles and the checkpoints that end with it."""

    def __init__(self, notice: str, found: OnDamage) -> None:
        self._notice, self._found = notice, found
        self._key = ""
        self._tiles: dict[int, int] = {}
        self._signed = 0

    def entry(self, kind: str, data: Any) -> None:  # noqa: ANN401 - whatever JSON the bytes hold
        """Notes which key signs from the next entry on; raises LookupError and TypeError if it is unreadable."""
        if kind.startswith(_ROTATED):
            self._key = str(data["publicKey"])

    def tile(self, row: TileRow, position: int, root: bytes | None) -> None:
        """Checks a tile; `root`: of the complete subtree over its entries, None if that is not known.

        The tiles of a level follow one another without a gap: the hashes above are made from those that are kept.
        """
        first, expected = row.end - (1 << 8 * (row.level + 1)) + 1, self._tiles.get(row.level, 0)
        self._tiles[row.level] = row.number + 1
        name = f"tile {row.number} of level {row.level}"
        if row.end != position:
            self._found(first, Damage.TILE, f"{name} is kept, but the entries end before it does")
        elif row.number != expected:
            self._found(first, Damage.TILE, f"tile {expected} of level {row.level} is missing before {name}")
        elif root is not None and row.root_hash != root:
            self._found(first, Damage.TILE, f"the hash kept for {name} does not follow from the entries")

    def checkpoint(self, row: CheckpointRow, position: int, root: bytes | None) -> None:
        """Checks a checkpoint, its signature, its signer; `root`: of the tree of its size, None if not known."""
        try:
            key = VerifierKey.parse(row.key)
            names = {key, VerifierKey(unsigned(row.note).origin, key.public_key)}
            signed = parse(row.note, names)
        except CheckpointError as error:
            self._found(row.size, Damage.CHECKPOINT, str(error))
            return
        if (signed.size, signed.root_hash) != (row.size, row.root_hash):
            self._found(
                row.size, Damage.CHECKPOINT, f"its columns are not those of the note, which is of {signed.size}"
            )
        if len(signed.signatures) != len(names) or row.note.count("\n\N{EM DASH} ") != len(names):
            self._found(
                row.size, Damage.CHECKPOINT, "its signatures are not those of the key and of the log's name"
            )
        if not signed.origin.endswith(f"/ledgers/{self._notice}"):
            self._found(row.size, Damage.CHECKPOINT, f"it is of {signed.origin}")
        self.signer(key, row.size)
        if row.size != position:
            self._found(row.size, Damage.CHECKPOINT, f"it signs {row.size} entries, and there are not so many")
        elif root is not None and signed.root_hash != root:
            self._found(row.size, Damage.CHECKPOINT, "its root is not that of the entries")
        self._signed = max(self._signed, row.size)

    def end(self, size: int) -> None:
        """Checks, after all of them, that whatever is complete up to the last checkpoint is kept."""
        signed, level = min(self._signed, size), 0
        while tiles := signed >> 8 * (level + 1):
            kept = self._tiles.get(level, 0)
            if kept < tiles:
                first = (kept << 8 * (level + 1)) + 1
                self._found(
                    first, Damage.TILE, f"tile {kept} of level {level} is missing, of {tiles} up to {signed}"
                )
            level += 1

    def signer(self, key: VerifierKey, size: int) -> None:
        """Checks that a key may sign at this size, the entries of which were given."""
        public_key = b64encode(key.public_key).decode()
        if self._key not in ("", public_key):
            self._found(size, Damage.CHECKPOINT, f"{key.name} signed it, and the entries name another key")
        self._key = self._key or public_key
