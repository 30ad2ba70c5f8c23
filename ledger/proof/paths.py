"""Build RFC 6962 proofs: name the complete subtrees of a proof or root, and join their hashes.

A complete subtree is named (level, index). It covers the leaves from `index << level` to just before `(index + 1)
<< level`, and its hash never changes. A C2SP hash tile holds every eighth level (https://c2sp.org/tlog-tiles).
With hashes in a database, call `nodes_for_...` first, fetch those hashes at once, then pass a reader over them.
This module also knows the path of every tile.
"""

from collections.abc import Callable, Iterable

from ledger.proof.merkle import check_index, check_order, check_size, checked_hashes, join_subtrees, node_hash

TILE_WIDTH = 256
"""Number of hashes in a complete tile."""

Node = tuple[int, int]
"""Level and index of a complete subtree."""

HashOf = Callable[[int, int], bytes]
"""Function that returns the hash of the complete subtree at (level, index)."""


def nodes_for_root(size: int) -> list[Node]:
    """Return the complete subtrees of the tree of `size` leaves, largest first, as a frontier has them.

    Raise ProofError if the size is not valid.
    """
    check_size("size", size)
    return _cover(0, size)


def nodes_for_inclusion(index: int, size: int) -> list[list[Node]]:
    """Return, for each hash of the inclusion proof from the leaf up, the complete subtrees joined into it.

    This is the path of RFC 6962 section 2.1.1. Raise ProofError unless 0 <= index < size.
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
    """Return, for each hash of the consistency proof in order, the complete subtrees joined into it.

    This is the subproof of RFC 6962 section 2.1.2. Raise ProofError unless 1 <= first <= second.
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
    # If the path never turned right, the rest is the whole first tree, whose root the verifier has.
    if start:
        path.append(_cover(start, stop))
    return path[::-1]


def root_at(size: int, hash_of: HashOf) -> bytes:
    """Return the root of the tree's first `size` leaves, from at most 64 reads."""
    return _join(nodes_for_root(size), hash_of)


def inclusion_proof(index: int, size: int, hash_of: HashOf) -> list[bytes]:
    """Return a leaf's inclusion proof for `verify_inclusion`. Raise ProofError unless 0 <= index < size."""
    return [_join(nodes, hash_of) for nodes in nodes_for_inclusion(index, size)]


def consistency_proof(first: int, second: int, hash_of: HashOf) -> list[bytes]:
    """Return the proof of two sizes for `verify_consistency`. Raise ProofError unless 1 <= first <= second."""
    return [_join(nodes, hash_of) for nodes in nodes_for_consistency(first, second)]


def reader_of(leaf_hashes: Iterable[bytes]) -> HashOf:
    """Hash all complete subtrees over these leaf hashes once, and return a function that looks them up.

    Raise ProofError if a value is not a hash.
    """
    rows = [checked_hashes(leaf_hashes)]
    while len(rows[-1]) > 1:
        row = rows[-1]
        rows.append([node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)])
    return lambda level, index: rows[level][index]


def tile_number(number: int) -> str:
    """Return a tile's number as its path spells it: 1234067 is `x001/x234/067`."""
    groups = [f"{number % 1_000:03}"]
    while number := number // 1_000:
        groups.insert(0, f"x{number % 1_000:03}")
    return "/".join(groups)


def tile_path(level: int, number: int, width: int) -> str:
    """Return the path of a tile. A tile of fewer than 256 hashes is partial."""
    partial = f".p/{width}" if width < TILE_WIDTH else ""
    return f"tile/{level}/{tile_number(number)}{partial}"


def _join(nodes: list[Node], hash_of: HashOf) -> bytes:
    return join_subtrees([hash_of(level, index) for level, index in nodes])


def _middle(start: int, stop: int) -> int:
    """Return the index at which the tree over a range of leaves divides.

    The left part's width is the largest power of two below the range's width.
    """
    return start + (1 << ((stop - start - 1).bit_length() - 1))


def _cover(start: int, stop: int) -> list[Node]:
    """Return the complete subtrees that cover a range of leaves, largest first.

    The range is the whole tree, or a part into which `_middle` divides the tree.
    """
    nodes = []
    width = stop - start
    for level in range(width.bit_length() - 1, -1, -1):
        if width >> level & 1:
            nodes.append((level, start >> level))
            start += 1 << level
    return nodes
