"""Making RFC 6962 proofs: which complete subtrees a proof or an earlier root is made of, and joining them.

Imports only `ledger.proof.merkle`. A complete subtree is named by (level, index): it covers the leaves from
`index << level` to just before `(index + 1) << level`, and its hash never changes again. A C2SP hash tile
holds those of every eighth level (https://c2sp.org/tlog-tiles). A caller whose hashes lie in a database asks
for `nodes_for_...` first, fetches them at once, and passes a reader over what was fetched.
"""

from collections.abc import Callable, Iterable

from ledger.proof.merkle import check_index, check_order, check_size, checked_hashes, join_subtrees, node_hash

Node = tuple[int, int]
"""Level and index of a complete subtree."""

HashOf = Callable[[int, int], bytes]
"""Reads the hash of the complete subtree at (level, index)."""


def nodes_for_root(size: int) -> list[Node]:
    """The complete subtrees that make up the tree of `size` leaves, largest first: what a frontier holds."""
    check_size("size", size)
    return _cover(0, size)


def nodes_for_inclusion(index: int, size: int) -> list[list[Node]]:
    """For each hash of the inclusion proof, from the leaf upwards, the complete subtrees it is joined from.

    The path of RFC 6962 section 2.1.1. Raises ProofError unless 0 <= index < size.
    """
    check_index(index, size)
    start, stop = 0, size
    path = []
    while stop - start > 1:
        middle = _middle(start, stop)
        if index < middle:
            path.append(_cover(middle, stop))
            stop = middle
        else:
            path.append(_cover(start, middle))
            start = middle
    return path[::-1]


def nodes_for_consistency(first: int, second: int) -> list[list[Node]]:
    """For each hash of the consistency proof, in order, the complete subtrees it is joined from.

    The subproof of RFC 6962 section 2.1.2. Raises ProofError unless 1 <= first <= second.
    """
    check_order(first, second)
    start, stop = 0, second
    path = []
    while stop != first:
        middle = _middle(start, stop)
        if first <= middle:
            path.append(_cover(middle, stop))
            stop = middle
        else:
            path.append(_cover(start, middle))
            start = middle
    # Where the path never turned right, what is left is the whole first tree, whose root the verifier has.
    if start:
        path.append(_cover(start, stop))
    return path[::-1]


def root_at(size: int, hash_of: HashOf) -> bytes:
    """The root that the tree had when it held `size` leaves, from at most 64 reads."""
    return _join(nodes_for_root(size), hash_of)


def inclusion_proof(index: int, size: int, hash_of: HashOf) -> list[bytes]:
    """The proof that `verify_inclusion` takes. Raises ProofError unless 0 <= index < size."""
    return [_join(nodes, hash_of) for nodes in nodes_for_inclusion(index, size)]


def consistency_proof(first: int, second: int, hash_of: HashOf) -> list[bytes]:
    """The proof that `verify_consistency` takes. Raises ProofError unless 1 <= first <= second."""
    return [_join(nodes, hash_of) for nodes in nodes_for_consistency(first, second)]


def reader_of(leaf_hashes: Iterable[bytes]) -> HashOf:
    """Hash every complete subtree over these leaf hashes, once, and read from them."""
    rows = [checked_hashes(leaf_hashes)]
    while len(rows[-1]) > 1:
        row = rows[-1]
        rows.append([node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)])
    return lambda level, index: rows[level][index]


def _join(nodes: list[Node], hash_of: HashOf) -> bytes:
    return join_subtrees([hash_of(level, index) for level, index in nodes])


def _middle(start: int, stop: int) -> int:
    """Where the tree over a range divides: its left part is the largest power of two below its width."""
    return start + (1 << ((stop - start - 1).bit_length() - 1))


def _cover(start: int, stop: int) -> list[Node]:
    """The complete subtrees, largest first, of a range that the tree's own divisions have cut out."""
    nodes = []
    width = stop - start
    for level in range(width.bit_length() - 1, -1, -1):
        if width >> level & 1:
            nodes.append((level, start >> level))
            start += 1 << level
    return nodes
