"""Read and store the hashes of a notice's tree, tile by tile (https://c2sp.org/tlog-tiles), at any size.

Level 0 holds the hashes of the entries. Each hash of a higher level is the root of a complete tile, 256 hashes of
the level below. It is stored as one row. A proof in a million entries reads a few hundred hashes at each of three
levels. `ledger.proof.paths` names the hashes to read.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import count
from typing import Any, LiteralString

from psycopg import AsyncConnection

from ledger.domain.errors import Damaged
from ledger.proof.merkle import HASH_SIZE, root_hash
from ledger.proof.paths import TILE_WIDTH, HashOf, Node
from ledger.store import arrays

HEIGHT = 8
"""Number of tree levels that one level of tiles spans."""
_AT_ONCE = 16
"""Maximum number of tiles that one statement stores."""
Fetch = Callable[[LiteralString, Sequence[object]], Awaitable[list[tuple[Any, ...]]]]
"""Function that runs a query and returns all its rows, with values in binary."""
Range = tuple[int, int]
"""Range of hashes in a level: index of the first hash, and index after the last hash."""

# One value for each range of a level. LATERAL makes each range a single walk along the index.
_LEAVES = """SELECT hashes FROM unnest(%s::integer[], %s::integer[]) WITH ORDINALITY r(start, stop, n)
    CROSS JOIN LATERAL (SELECT string_agg(leaf_hash, ''::bytea ORDER BY position) hashes FROM ledger.entries
        WHERE notice = %s AND position > r.start AND position <= r.stop) range_hashes ORDER BY n"""
_ROOTS = """SELECT hashes FROM unnest(%s::integer[], %s::integer[]) WITH ORDINALITY r(start, stop, n)
    CROSS JOIN LATERAL (SELECT string_agg(root_hash, ''::bytea ORDER BY number) hashes FROM ledger.tiles
        WHERE notice = %s AND level = %s AND number >= r.start AND number < r.stop) range_hashes ORDER BY n"""


def fetching(connection: AsyncConnection[Any]) -> Fetch:
    """Return a function that runs queries on a connection and returns their rows."""

    async def fetch(query: LiteralString, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        cursor = await connection.execute(query, parameters, binary=True)
        return await cursor.fetchall()

    return fetch


async def hashes(fetch: Fetch, notice: str, level: int, ranges: Sequence[Range]) -> list[bytes]:
    """Return the concatenated hashes of each range of a level. Raise Damaged if hashes are missing."""
    bounds = (arrays.integers(start for start, _ in ranges), arrays.integers(stop for _, stop in ranges))
    if level == 0:
        rows = await fetch(_LEAVES, (*bounds, notice))
    else:
        rows = await fetch(_ROOTS, (*bounds, notice, level - 1))
    rows_of_hashes = [bytes(row[0] or b"") for row in rows]
    for (start, stop), joined in zip(ranges, rows_of_hashes, strict=True):
        if len(joined) != (stop - start) * HASH_SIZE:
            raise Damaged(
                f"{notice} lacks hashes of level {level} between {start} and {stop}: run ledger verify {notice}"
            )
    return rows_of_hashes


async def nodes(fetch: Fetch, notice: str, subtrees: Iterable[Node]) -> HashOf:
    """Fetch the hashes of complete subtrees, and return a function that looks them up.

    The hashes of one tile are fetched together. Raise Damaged if hashes are missing.
    """
    levels: dict[int, dict[int, list[Node]]] = {}
    for level, index in set(subtrees):
        tile = index >> (HEIGHT - level % HEIGHT)
        levels.setdefault(level // HEIGHT, {}).setdefault(tile, []).append((level, index))
    hash_by_node: dict[Node, bytes] = {}
    for tile_level, by_tile in levels.items():
        ranges = [
            (min(_range(node)[0] for node in members), max(_range(node)[1] for node in members))
            for members in by_tile.values()
        ]
        joined_rows = await hashes(fetch, notice, tile_level, ranges)
        for members, (begin, _), joined in zip(by_tile.values(), ranges, joined_rows, strict=True):
            row = split(joined)
            for node in members:
                start, stop = _range(node)
                hash_by_node[node] = root_hash(row[start - begin : stop - begin])
    return lambda level, index: hash_by_node[level, index]


def _range(node: Node) -> Range:
    """Return the range of hashes that a complete subtree covers in its level of tiles."""
    level, index = node
    inside = level % HEIGHT
    return index << inside, (index + 1) << inside


def split(joined: bytes) -> list[bytes]:
    """Split concatenated hashes into a list."""
    return [joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE)]


async def complete(connection: AsyncConnection[Any], notice: str, size: int) -> None:
    """Store the root of each complete tile that is not yet stored. Raise Damaged if hashes are missing.

    Repeating the call is safe, also in several processes at once. The tiles of a level have no gap.
    """
    fetch = fetching(connection)
    for level in count():
        whole = size >> (HEIGHT * (level + 1))
        if not whole:
            return
        ((stored,),) = await fetch(
            "SELECT coalesce(max(number) + 1, 0) FROM ledger.tiles WHERE notice = %s AND level = %s",
            (notice, level),
        )
        for first in range(stored, whole, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, whole))
            joined_tiles = await hashes(
                fetch, notice, level, [(n * TILE_WIDTH, (n + 1) * TILE_WIDTH) for n in numbers]
            )
            await connection.execute(
                "INSERT INTO ledger.tiles (notice, level, number, root_hash) "
                "SELECT %s, %s, t.* FROM unnest(%s::integer[], %s::bytea[]) t ON CONFLICT DO NOTHING",
                (
                    notice,
                    level,
                    arrays.integers(numbers),
                    arrays.byteas(root_hash(split(tile)) for tile in joined_tiles),
                ),
            )
