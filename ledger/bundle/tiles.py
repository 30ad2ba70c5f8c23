"""Compares the hash tiles of a bundle with the leaves as they come (https://c2sp.org/tlog-tiles)."""

from collections.abc import Callable

from ledger.bundle.read import BundleArchive
from ledger.proof.merkle import root_hash
from ledger.verify.findings import Damage

WIDTH = 256
_HASH = 32
OnDamage = Callable[[int, Damage, str], None]


class Tiles:
    """Takes the leaf hashes in order; `end` gives the names of all tiles that there must be.

    A tile that is not there is not told of here: the names are compared with those of the members.
    """

    def __init__(self, container: BundleArchive, found: OnDamage) -> None:
        self._container = container
        self._found = found
        self._differ: list[int] = []
        """The entries from which hashes differ."""
        self._open: list[list[bytes]] = [[]]
        self._done: list[int] = [0]
        self._names: list[list[str]] = [[]]

    def append(self, leaf: bytes) -> None:
        """Takes the next leaf hash."""
        level, value = 0, leaf
        while True:
            if level == len(self._open):
                self._open.append([])
                self._done.append(0)
                self._names.append([])
            tile = self._open[level]
            tile.append(value)
            if len(tile) < WIDTH:
                return
            self._compare(level)
            level, value = level + 1, root_hash(tile)

    def end(self) -> list[str]:
        """Compares the partial tiles, and gives the names of all in their order."""
        for level, tile in enumerate(self._open):
            if tile:
                self._compare(level)
        return [name for names in self._names for name in names]

    def _compare(self, level: int) -> None:
        tile, number = self._open[level], self._done[level]
        name = tile_name(level, number, len(tile))
        held = b"".join(self._container.pieces(name)) if self._container.size(name) == _HASH * len(tile) else b""
        for index, value in enumerate(tile) if self._container.size(name) is not None else ():
            if held[index * _HASH : (index + 1) * _HASH] != value:
                self._tell(level, number * WIDTH + index, f"the hash at {index} of {name}")
                break
        self._names[level].append(name)
        self._open[level], self._done[level] = [], number + 1

    def _tell(self, level: int, place: int, name: str) -> None:
        """Tells of a hash, unless those below it have told which of its entries it is about."""
        over = range(place * WIDTH**level + 1, (place + 1) * WIDTH**level + 1)
        if not any(first in over for first in self._differ):
            whose = f", {over[0]} to {over[-1]}" if level else ""
            self._found(over[0], Damage.TILE, f"{name} does not follow from the entries{whose}")
        self._differ.append(over[0])


def tile_name(level: int, number: int, width: int) -> str:
    """The path of a tile; of fewer than 256 hashes it is a partial one."""
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03d}")
    partial = f".p/{width}" if width < WIDTH else ""
    return f"tile/{level}/{'/'.join(parts)}{partial}"
