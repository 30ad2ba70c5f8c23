"""Proofs of a notice's entries, from the hashes that are kept: made together, and verified before they go out.

Imports `ledger.tiles` and the arithmetic of `ledger.proof.paths`.
"""

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
"""The size of a tree, and its root."""


async def root_of(fetch: Fetch, notice: str, size: int) -> bytes:
    """The root of the tree of the first `size` entries, from their hashes; raises Damaged."""
    return root_at(size, await nodes(fetch, notice, nodes_for_root(size)))


async def inclusion_proofs(
    fetch: Fetch, notice: str, positions: Sequence[int], tree: Tree
) -> dict[int, list[bytes]]:
    """The inclusion proof of each position in that tree, from hashes that are read together.

    Raises ProofError unless 1 <= position <= size, and Damaged when what is kept does not lead to the root.
    """
    size, root = tree
    parts = [part for position in positions for part in nodes_for_inclusion(position - 1, size)]
    leaves = [(0, position - 1) for position in positions]
    hash_of = await nodes(fetch, notice, [*leaves, *_all(parts)])
    found = {position: inclusion_proof(position - 1, size, hash_of) for position in positions}
    try:
        for position, proof in found.items():
            verify_inclusion(position - 1, size, hash_of(0, position - 1), proof, root)
    except ProofError as error:
        raise _contradiction(notice, error) from None
    return found


async def proof_texts(
    fetch: Fetch, notice: str, positions: Sequence[int], tree: Tree, note: str
) -> dict[int, str]:
    """For each position a proof that stands by itself: its inclusion under the checkpoint `note` of that tree.

    Raises as `inclusion_proofs` does.
    """
    found = await inclusion_proofs(fetch, notice, positions, tree)
    return {position: proof_text(position - 1, proof, note) for position, proof in found.items()}


async def consistency_path(fetch: Fetch, notice: str, first: Tree, second: Tree) -> list[bytes]:
    """The proof that the second tree begins with the entries of the first.

    Raises ProofError unless 1 <= first size <= second size, and Damaged when what is kept shows another tree.
    """
    parts = nodes_for_consistency(first[0], second[0])
    path = consistency_proof(first[0], second[0], await nodes(fetch, notice, _all(parts)))
    try:
        verify_consistency(first[0], second[0], path, first[1], second[1])
    except ProofError as error:
        raise _contradiction(notice, error) from None
    return path


def _all(parts: Iterable[list[Node]]) -> set[Node]:
    return {node for part in parts for node in part}


def _contradiction(notice: str, error: ProofError) -> Damaged:
    return Damaged(f"{error}; run ledger verify {notice}")
