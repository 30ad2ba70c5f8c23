"""Hashes read by tiles are those of the tree: proofs at every height, and what lacks is named."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from psycopg import AsyncConnection

from ledger.domain.errors import Damaged
from ledger.proof import paths, proof_builder, tiles
from ledger.proof.merkle import ProofError, leaf_hash, root_hash, verify_consistency, verify_inclusion
from ledger.proof.paths import reader_of
from ledger.store.database import connect

pytestmark = pytest.mark.database
SIZE = 66_000
"""Entries for two levels of complete tiles and a partial third."""
BODIES = [b"%d" % position for position in range(1, SIZE + 1)]
LEAVES = [leaf_hash(body) for body in BODIES]


@pytest.fixture
async def tall(database: str) -> AsyncIterator[AsyncConnection[Any]]:
    """Yield a connection to a database with many small entries, whose tiles are complete."""
    async with await connect(database) as owner:
        await owner.execute(
            "INSERT INTO ledger.entries SELECT 'tall', n, 's', n::text, 't', to_timestamp(n), "
            "sha256('\\x00'::bytea || n::text::bytea), sha256(''), n::text::bytea FROM generate_series(1, %s) n",
            (SIZE,),
        )
    async with await connect(database, "ledger_writer") as connection:
        yield connection


async def test_proofs_of_a_tall_tree_are_read_by_tiles(tall: AsyncConnection[Any]) -> None:
    for size in (70, 256, 65_536, SIZE):  # as it grew
        await tiles.complete(tall, "tall", size)
        await tiles.complete(tall, "tall", size)
    fetch = tiles.fetching(tall)
    rows = await fetch("SELECT level, count(*), max(number) FROM ledger.tiles GROUP BY 1 ORDER BY 1", ())
    assert rows == [(0, SIZE // 256, SIZE // 256 - 1), (1, 1, 0)]
    hash_of = reader_of(LEAVES)
    requests = [(0, 7), (3, 5), (7, 100), (8, 3), (9, 100), (15, 1), (16, 0)]
    read = await tiles.nodes(fetch, "tall", requests)
    assert [read(*node) for node in requests] == [hash_of(*node) for node in requests]
    random = Random(5)
    sizes = [1, 255, 256, 257, 65_535, 65_536, 65_537, SIZE, *(random.randint(2, SIZE) for _ in range(8))]
    roots = {size: root_hash(LEAVES[:size]) for size in sizes}
    for size in sizes:
        assert await proof_builder.root_of(fetch, "tall", size) == roots[size]
        positions = sorted({1, size, *(random.randint(1, size) for _ in range(5))})
        proofs = await proof_builder.inclusion_proofs(fetch, "tall", positions, (size, roots[size]))
        for position in positions:
            verify_inclusion(position - 1, size, LEAVES[position - 1], proofs[position], roots[size])
        first = random.choice([other for other in sizes if other <= size])
        path = await proof_builder.consistency_path(fetch, "tall", (first, roots[first]), (size, roots[size]))
        verify_consistency(first, size, path, roots[first], roots[size])


async def test_what_is_not_there_is_not_proved(tall: AsyncConnection[Any]) -> None:
    fetch = tiles.fetching(tall)
    with pytest.raises(Damaged, match=r"level 1 .* run ledger verify tall"):
        await proof_builder.root_of(fetch, "tall", 300)
    with pytest.raises(Damaged, match="level 0"):
        await proof_builder.inclusion_proofs(fetch, "elsewhere", [1], (2, bytes(32)))
    with pytest.raises(ProofError):
        await proof_builder.inclusion_proofs(fetch, "tall", [3], (2, root_hash(LEAVES[:2])))
    with pytest.raises(Damaged, match="leads to another root"):
        await proof_builder.inclusion_proofs(fetch, "tall", [2], (2, bytes(32)))
    with pytest.raises(Damaged, match="leads to another second root"):
        await proof_builder.consistency_path(fetch, "tall", (2, bytes(32)), (3, root_hash(LEAVES[:3])))


async def test_a_proof_reads_few_rows_however_tall_the_tree_is(tall: AsyncConnection[Any]) -> None:
    """Return the most tiles read: two full ones a level, for the leaf and for the tree's edge."""
    await tiles.complete(tall, "tall", SIZE)
    read: list[int] = []

    async def counted(query: Any, parameters: Any) -> list[tuple[Any, ...]]:
        rows = await tiles.fetching(tall)(query, parameters)
        read.append(sum(len(row[0]) // 32 for row in rows))
        return rows

    await proof_builder.inclusion_proofs(counted, "tall", [1_000], (SIZE - 1, root_hash(LEAVES[:-1])))
    assert len(read) <= 3
    assert sum(read) <= 2 * 256 * 2 + 1


@pytest.mark.parametrize(
    ("number", "path"),
    [
        (0, "000"),
        (7, "007"),
        (999, "999"),
        (1_000, "x001/000"),
        (1_234_067, "x001/x234/067"),
        (10**9, "x001/x000/x000/000"),
    ],
)
def test_a_tile_has_the_address_of_the_specification(number: int, path: str) -> None:
    assert paths.tile_number(number) == path
