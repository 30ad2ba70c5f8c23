"""Proofs by GraphQL: every entry of a page against the checkpoint of the position read."""

from base64 import b64decode

import psycopg
import pytest

from ledger.proof.checkpoint import parse
from ledger.proof.checkpoint_signer import SignedCheckpoint
from ledger.proof.merkle import verify_inclusion
from tests.schema.conftest import HEAD, NOTICE, SIGNER, World

pytestmark = pytest.mark.database
ENTRIES = """query ($asOf: AsOfInput, $positions: [Int!]) { notice(id: "tameside-2022", asOf: $asOf) {
    ledger { size rootHash checkpoint }
    entries(first: 100, filter: {positions: $positions}) { nodes { position withheld leafHash proof } } } }"""


@pytest.mark.parametrize("actor", ["alice", "bea"])
@pytest.mark.parametrize("position", [HEAD, 5])
async def test_a_page_is_proved_under_the_checkpoint_of_its_position(
    world: World, actor: str, position: int
) -> None:
    """Check leaf hashes as a reader without access to entries, too."""
    read = (await world.data(ENTRIES, actor, asOf={"position": position}))["notice"]
    signed = parse(read["ledger"]["checkpoint"], [SIGNER.public])
    assert (signed.origin, signed.size) == (f"ledger.example/ledgers/{NOTICE}", position)
    assert (read["ledger"]["size"], b64decode(read["ledger"]["rootHash"])) == (position, signed.root_hash)
    nodes = read["entries"]["nodes"]
    assert [node["withheld"] for node in nodes] == [actor == "bea"] * position
    for index, node in enumerate(nodes):
        head, note = node["proof"].split("\n\n", 1)
        magic, of, *hashes = head.split("\n")
        assert (magic, of, note) == ("c2sp.org/tlog-proof@v1", f"index {index}", read["ledger"]["checkpoint"])
        proof = [b64decode(each) for each in hashes]
        verify_inclusion(index, position, b64decode(node["leafHash"]), proof, signed.root_hash)


async def test_the_proofs_of_a_page_are_made_together(world: World) -> None:
    sizes: list[int] = []

    context = world.context("alice")
    sign = context.sign
    assert sign is not None

    async def counted(notice: str, size: int) -> SignedCheckpoint:
        sizes.append(size)
        return await sign(notice, size)

    context.sign = counted
    result = await world.schema.execute(ENTRIES, {}, context)
    assert result.errors is None
    assert sizes == [HEAD, HEAD]  # one for the ledger, one for all proofs


async def test_without_a_signer_nothing_else_fails(world: World) -> None:
    context = world.context("alice")
    context.sign = None
    result = await world.schema.execute(
        '{ notice(id: "tameside-2022") { ledger { size checkpoint } } }', {}, context
    )
    assert result.data == {"notice": {"ledger": {"size": HEAD, "checkpoint": None}}}


async def test_what_is_damaged_is_not_proved(world: World, database: str) -> None:
    read = await world.data(ENTRIES, positions=[5])
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE ledger.entries SET leaf_hash = sha256(leaf_hash) WHERE position = 5")
    code, message = await world.error(ENTRIES, positions=[6])
    assert (code, message.endswith("; run ledger verify tameside-2022")) == ("NO_PROOF", True)
    assert (await world.error(ENTRIES, asOf={"position": 6}, positions=[]))[0] == "NO_CHECKPOINT"
    assert read["notice"]["ledger"]["checkpoint"] is not None
