"""Build proofs of a notice's entries from stored hashes, and verify each proof before returning it."""

from collections.abc import Iterable, Sequence

from ledger.domain.errors import Damaged
from ledger.proof.checkpoint import proof_text
from ledger.proof.merkle import ProofError, verify_consistency, verify_inclusion
from ledger.proof.paths import (
    Node,
    consistency_proof,
    inclusion_proof,
    nodes_for_consistency,
    nodes_for_inclusion,
    nodes_for_root,
    root_at,
)
from ledger.proof.tiles import Fetch, nodes

Tree = tuple[int, bytes]
"""Size of a tree and its root."""


async def root_of(fetch: Fetch, notice: str, size: int) -> bytes:
    """Return the root over the first `size` entries, from their hashes. Raise Damaged if hashes are missing."""
    return root_at(size, await nodes(fetch, notice, nodes_for_root(size)))


async def inclusion_proofs(
    fetch: Fetch, notice: str, positions: Sequence[int], tree: Tree
) -> dict[int, list[bytes]]:
    """Return the inclusion proof of each position in a tree, reading all hashes together.

    Raises:
        ProofError: A position is not from 1 to the tree's size.
        Damaged: Stored hashes are missing, or do not lead to the root.
    """
    size, root = tree
    parts = [part for position in positions for part in nodes_for_inclusion(position - 1, size)]
    leaves = [(0, position - 1) for position in positions]
    hash_of = await nodes(fetch, notice, [*leaves, *_distinct(parts)])
    proofs = {position: inclusion_proof(position - 1, size, hash_of) for position in positions}
    try:
        for position, proof in proofs.items():
            verify_inclusion(position - 1, size, hash_of(0, position - 1), proof, root)
    except ProofError as error:
        raise _contradiction(notice, error) from None
    return proofs


async def proof_texts(
    fetch: Fetch, notice: str, positions: Sequence[int], tree: Tree, note: str
) -> dict[int, str]:
    """Return a self-contained proof of each position under the checkpoint `note` of a tree.

    Raise the errors of `inclusion_proofs`.
    """
    proofs = await inclusion_proofs(fetch, notice, positions, tree)
    return {position: proof_text(position - 1, proof, note) for position, proof in proofs.items()}


async def consistency_path(fetch: Fetch, notice: str, first: Tree, second: Tree) -> list[bytes]:
    """Return the proof that the second tree begins with the entries of the first tree.

    Raises:
        ProofError: The sizes are not 1 <= first <= second.
        Damaged: Stored hashes are missing, or contradict a root.
    """
    parts = nodes_for_consistency(first[0], second[0])
    path = consistency_proof(first[0], second[0], await nodes(fetch, notice, _distinct(parts)))
    try:
        verify_consistency(first[0], second[0], path, first[1], second[1])
    except ProofError as error:
        raise _contradiction(notice, error) from None
    return path


def _distinct(parts: Iterable[list[Node]]) -> set[Node]:
    return {node for part in parts for node in part}


def _contradiction(notice: str, error: ProofError) -> Damaged:
    return Damaged(f"{error}; run ledger verify {notice}")
