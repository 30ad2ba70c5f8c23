"""The frontier that appending keeps: the tree's root at each size, stored as bytes and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.proof.merkle import Frontier, ProofError, leaf_hash, root_hash
from tests.ledger.proof.rfc6962 import LEAVES, tree

HASH = leaf_hash(b"0")


@given(st.lists(st.integers(0, 9), max_size=12), st.lists(st.binary(min_size=32, max_size=32), max_size=64))
def test_a_frontier_has_the_trees_root_at_each_size(batches: list[int], leaves: list[bytes]) -> None:
    frontier, done = Frontier(), 0
    for batch in [*batches, len(leaves)]:
        stored = Frontier.from_bytes(frontier.size, frontier.to_bytes())
        part = leaves[done : done + batch]
        roots = frontier.extend_with_roots(part)
        assert roots == [root_hash(leaves[:size]) for size in range(done + 1, done + len(part) + 1)]
        for leaf in part:
            stored.append(leaf)
        done += len(part)
        assert frontier.size == stored.size == done
        assert frontier.root() == stored.root() == root_hash(leaves[:done])
        assert frontier.to_bytes() == stored.to_bytes()
        assert len(frontier.to_bytes()) == 32 * done.bit_count()


def test_a_frontiers_bytes_are_the_roots_of_its_complete_subtrees_largest_first() -> None:
    frontier = Frontier()
    frontier.extend_with_roots(LEAVES[:13])
    assert frontier.to_bytes() == tree(0, 8) + tree(8, 12) + LEAVES[12]
    assert Frontier().to_bytes() == b""


def test_appending_to_a_copy_leaves_the_original() -> None:
    frontier = Frontier()
    frontier.extend_with_roots(LEAVES[:7])
    twin = frontier.copy()
    twin.append(LEAVES[7])
    assert (frontier.size, frontier.root()) == (7, tree(0, 7))
    assert (twin.size, twin.root()) == (8, tree(0, 8))


def test_a_frontier_refuses_what_is_no_leaf_hash_and_stays_as_it_was() -> None:
    frontier = Frontier()
    frontier.extend_with_roots(LEAVES[:5])
    with pytest.raises(ProofError):
        frontier.append(b"entry")
    with pytest.raises(ProofError):
        frontier.extend_with_roots([LEAVES[5], LEAVES[6][:31]])
    assert (frontier.size, frontier.root()) == (5, tree(0, 5))


@pytest.mark.parametrize(
    ("size", "data"), [(0, HASH), (1, b""), (1, HASH * 2), (2, HASH[:31]), (3, HASH), (3, HASH * 3)]
)
def test_a_frontier_refuses_bytes_that_do_not_fit_its_size(size: int, data: bytes) -> None:
    with pytest.raises(ProofError):
        Frontier.from_bytes(size, data)
