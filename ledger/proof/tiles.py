"""Reads the hashes of a notice's tree, tile by tile (https://c2sp.org/tlog-tiles), whatever its size.

The hashes of level 0 are those of the entries; those above are kept as their tiles become complete, a row for
every 256 entries. So a proof in a million entries takes a few hundred hashes at each of three levels. Which ones,
`ledger.proof.paths` says. Imports psycopg's types, `ledger.proof.merkle` and `ledger.proof.paths`.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import count
from typing import Any, LiteralString

from psycopg import AsyncConnection

from ledger.domain.errors import Damaged
from ledger.proof.merkle import HASH_SIZE, root_hash
from ledger.proof.paths import HashOf, Node
from ledger.store import arrays

WIDTH = 256
"""Hashes in a complete tile."""
HEIGHT = 8
"""Levels of the tree that one level of tiles spans."""
_AT_ONCE = 16
"""Tiles that are completed together."""
Fetch = Callable[[LiteralString, Sequence[object]], Awaitable[list[tuple[Any, ...]]]]
"""All rows of a query, with values in binary; `Reading.fetch` is one."""
Range = tuple[int, int]
"""The first hash of a level, and the one after the last."""

# The ranges of one level, each as one value. LATERAL, as each is one walk along the index.
_LEAVES = """SELECT hashes FROM unnest(%s::integer[], %s::integer[]) WITH ORDINALITY r(start, stop, n)
    CROSS JOIN LATERAL (SELECT string_agg(leaf_hash, ''::bytea ORDER BY position) hashes FROM ledger.entries
        WHERE notice = %s AND position > r.start AND position <= r.stop) found ORDER BY n"""
_ROOTS = """SELECT hashes FROM unnest(%s::integer[], %s::integer[]) WITH ORDINALITY r(start, stop, n)
    CROSS JOIN LATERAL (SELECT string_agg(root_hash, ''::bytea ORDER BY number) hashes FROM ledger.tiles
        WHERE notice = %s AND level = %s AND number >= r.start AND number < r.stop) found ORDER BY n"""


def path_of(number: int) -> str:
    """A tile's number as addresses have it: 1234067 is `x001/x234/067`."""
    parts = [f"{number % 1_000:03}"]
    while number := number // 1_000:
        parts.insert(0, f"x{number % 1_000:03}")
    return "/".join(parts)


def fetching(connection: AsyncConnection[Any]) -> Fetch:
    """The rows that a connection answers with."""

    async def fetch(query: LiteralString, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        cursor = await connection.execute(query, parameters, binary=True)
        return await cursor.fetchall()

    return fetch


async def hashes(fetch: Fetch, notice: str, level: int, ranges: Sequence[Range]) -> list[bytes]:
    """The hashes of a level in these ranges, 32 bytes each with nothing between; raises Damaged if some lack."""
    bounds = (arrays.integers(start for start, _ in ranges), arrays.integers(stop for _, stop in ranges))
    if level == 0:
        rows = await fetch(_LEAVES, (*bounds, notice))
    else:
        rows = await fetch(_ROOTS, (*bounds, notice, level - 1))
    found = [bytes(row[0] or b"") for row in rows]
    for (start, stop), joined in zip(ranges, found, strict=True):
        if len(joined) != (stop - start) * HASH_SIZE:
            raise Damaged(
                f"{notice} lacks hashes of level {level} between {start} and {stop}: run ledger verify {notice}"
            )
    return found


async def nodes(fetch: Fetch, notice: str, wanted: Iterable[Node]) -> HashOf:
    """Reads the hashes of these complete subtrees, all of one tile together; raises Damaged."""
    levels: dict[int, dict[int, list[Node]]] = {}
    for level, index in set(wanted):
        tile = index >> (HEIGHT - level % HEIGHT)
        levels.setdefault(level // HEIGHT, {}).setdefault(tile, []).append((level, index))
    found: dict[Node, bytes] = {}
    for tile_level, by_tile in levels.items():
        ranges = [
            (min(_range(node)[0] for node in inside), max(_range(node)[1] for node in inside))
            for inside in by_tile.values()
        ]
        read = await hashes(fetch, notice, tile_level, ranges)
        for inside, (begin, _), joined in zip(by_tile.values(), ranges, read, strict=True):
            row = split(joined)
            for node in inside:
                start, stop = _range(node)
                found[node] = root_hash(row[start - begin : stop - begin])
    return lambda level, index: found[level, index]


def _range(node: Node) -> Range:
    """The hashes of its level of tiles that a complete subtree is over."""
    level, index = node
    inside = level % HEIGHT
    return index << inside, (index + 1) << inside


def split(joined: bytes) -> list[bytes]:
    """Hashes that stand with nothing between, one by one."""
    return [joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE)]


async def complete(connection: AsyncConnection[Any], notice: str, size: int) -> None:
    """Keeps the root of each tile that is complete at that size and is not kept yet; raises Damaged.

    Safe to repeat, and for several processes at once. Those of a level follow one another without a gap.
    """
    fetch = fetching(connection)
    for level in count():
        whole = size >> (HEIGHT * (level + 1))
        if not whole:
            return
        ((kept,),) = await fetch(
            "SELECT coalesce(max(number) + 1, 0) FROM ledger.tiles WHERE notice = %s AND level = %s",
            (notice, level),
        )
        for first in range(kept, whole, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, whole))
            found = await hashes(fetch, notice, level, [(n * WIDTH, (n + 1) * WIDTH) for n in numbers])
            await connection.execute(
                "INSERT INTO ledger.tiles (notice, level, number, root_hash) "
                "SELECT %s, %s, t.* FROM unnest(%s::integer[], %s::bytea[]) t ON CONFLICT DO NOTHING",
                (notice, level, arrays.integers(numbers), arrays.byteas(root_hash(split(tile)) for tile in found)),
            )
