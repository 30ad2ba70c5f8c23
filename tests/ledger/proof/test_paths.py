"""Proofs and earlier roots made from complete subtrees: the RFC's own, from no more than was named."""

import pytest

from ledger.proof.merkle import ProofError, verify_consistency, verify_inclusion
from ledger.proof.paths import (
    HashOf,
    Node,
    consistency_proof,
    inclusion_proof,
    nodes_for_consistency,
    nodes_for_inclusion,
    nodes_for_root,
    reader_of,
    root_at,
)
from tests.ledger.proof.rfc6962 import LEAVES, path, subproof, tree


def reader_over(nodes: list[Node]) -> HashOf:
    """Return a reader of these subtrees only, each by the RFC's definition."""
    fetched = {(level, index): tree(index << level, (index + 1) << level) for level, index in nodes}
    return lambda level, index: fetched[level, index]


def test_every_small_root_is_joined_from_the_nodes_named() -> None:
    for size in range(65):
        nodes = nodes_for_root(size)
        assert len(nodes) == size.bit_count()
        assert root_at(size, reader_over(nodes)) == tree(0, size)


def test_every_small_inclusion_proof_is_the_rfcs() -> None:
    for size in range(1, 65):
        for index in range(size):
            nodes = [node for group in nodes_for_inclusion(index, size) for node in group]
            assert inclusion_proof(index, size, reader_over(nodes)) == path(index, 0, size)


def test_every_small_consistency_proof_is_the_rfcs() -> None:
    for second in range(1, 65):
        for first in range(1, second + 1):
            nodes = [node for group in nodes_for_consistency(first, second) for node in group]
            proof = consistency_proof(first, second, reader_over(nodes))
            assert proof == subproof(first, 0, second, known=True)


def test_a_reader_of_leaves_serves_every_earlier_size() -> None:
    hash_of = reader_of(iter(LEAVES[:45]))
    for size in range(1, 46):
        assert root_at(size, hash_of) == tree(0, size)
        verify_inclusion(
            size // 2, size, LEAVES[size // 2], inclusion_proof(size // 2, size, hash_of), tree(0, size)
        )
        verify_consistency(size, 45, consistency_proof(size, 45, hash_of), tree(0, size), tree(0, 45))


def test_nodes_are_complete_subtrees_within_the_tree_even_of_the_greatest_size() -> None:
    size = 2**64 - 1
    groups = [*nodes_for_inclusion(0, size), *nodes_for_consistency(2**63 + 1, size), nodes_for_root(size)]
    assert len(nodes_for_inclusion(0, size)) == 64
    assert all((index + 1) << level <= size for group in groups for level, index in group)


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (1, 1), (-1, 1), (True, 2), (0, True), ("0", 1), (0, 2**64), (0, None)]
)
def test_no_inclusion_proof_is_made_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        nodes_for_inclusion(index, size)
    with pytest.raises(ProofError):
        inclusion_proof(index, size, reader_of(LEAVES))


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1), (2, 1), (-1, 1), (True, 2), (1, "2"), (1, 2**64)])
def test_no_consistency_proof_is_made_between_sizes_that_have_none(first: int, second: int) -> None:
    with pytest.raises(ProofError):
        nodes_for_consistency(first, second)
    with pytest.raises(ProofError):
        consistency_proof(first, second, reader_of(LEAVES))


@pytest.mark.parametrize("size", [-1, True, 1.5, None, 2**64])
def test_no_root_is_made_of_what_is_no_size(size: int) -> None:
    with pytest.raises(ProofError):
        nodes_for_root(size)
    with pytest.raises(ProofError):
        root_at(size, reader_of(LEAVES))
