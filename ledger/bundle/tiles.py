"""Compare the hash tiles of a bundle with its leaves (https://c2sp.org/tlog-tiles)."""

from collections.abc import Callable

from ledger.bundle.read import BundleArchive
from ledger.proof.merkle import HASH_SIZE, root_hash
from ledger.proof.paths import TILE_WIDTH, tile_path
from ledger.verify.findings import Damage

Flag = Callable[[int, Damage, str], None]


class Tiles:
    """Comparison of a bundle's hash tiles with its leaf hashes, which are added in order.

    A missing tile is not reported here: the caller compares the names from `finish` with the members.
    """

    def __init__(self, archive: BundleArchive, flag: Flag) -> None:
        self._archive = archive
        self._flag = flag
        self._differing: list[int] = []
        """Position of the first entry below each hash that differs."""
        self._open: list[list[bytes]] = [[]]
        self._done: list[int] = [0]
        self._names: list[list[str]] = [[]]

    def append(self, leaf: bytes) -> None:
        """Add the next leaf hash, and compare each tile that it completes."""
        level, value = 0, leaf
        while True:
            if level == len(self._open):
                self._open.append([])
                self._done.append(0)
                self._names.append([])
            tile = self._open[level]
            tile.append(value)
            if len(tile) < TILE_WIDTH:
                return
            self._compare(level)
            level, value = level + 1, root_hash(tile)

    def finish(self) -> list[str]:
        """Compare the partial tiles; return the names of all tiles in order."""
        for level, tile in enumerate(self._open):
            if tile:
                self._compare(level)
        return [name for names in self._names for name in names]

    def _compare(self, level: int) -> None:
        tile, number = self._open[level], self._done[level]
        name = tile_path(level, number, len(tile))
        stored = b"".join(self._archive.pieces(name)) if self._archive.size(name) == HASH_SIZE * len(tile) else b""
        for index, value in enumerate(tile) if self._archive.size(name) is not None else ():
            if stored[index * HASH_SIZE : (index + 1) * HASH_SIZE] != value:
                self._report(level, number * TILE_WIDTH + index, f"the hash at {index} of {name}")
                break
        self._names[level].append(name)
        self._open[level], self._done[level] = [], number + 1

    def _report(self, level: int, place: int, name: str) -> None:
        """Report a hash that differs, unless a hash below it in the tree differs too."""
        over = range(place * TILE_WIDTH**level + 1, (place + 1) * TILE_WIDTH**level + 1)
        if not any(first in over for first in self._differing):
            whose = f", {over[0]} to {over[-1]}" if level else ""
            self._flag(over[0], Damage.TILE, f"{name} does not follow from the entries{whose}")
        self._differing.append(over[0])
