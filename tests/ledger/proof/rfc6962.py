"""RFC 6962's own recursive definitions of a tree and its proofs: slow and plainly right."""

from functools import cache
from hashlib import sha256

from ledger.proof.merkle import leaf_hash

LEAVES = tuple(leaf_hash(b"entry %d" % number) for number in range(64))


def split(width: int) -> int:
    """Return the largest power of two smaller than the width."""
    k = 1
    while k * 2 < width:
        k *= 2
    return k


@cache
def tree(start: int, stop: int) -> bytes:
    """Return MTH(D[start:stop]), section 2.1."""
    if start == stop:
        return sha256(b"").digest()
    if stop - start == 1:
        return LEAVES[start]
    k = start + split(stop - start)
    return sha256(b"\x01" + tree(start, k) + tree(k, stop)).digest()


def path(index: int, start: int, stop: int) -> list[bytes]:
    """Return PATH, section 2.1.1."""
    if stop - start == 1:
        return []
    k = start + split(stop - start)
    if index < k:
        return [*path(index, start, k), tree(k, stop)]
    return [*path(index, k, stop), tree(start, k)]


def subproof(first: int, start: int, stop: int, *, known: bool) -> list[bytes]:
    """Return SUBPROOF, section 2.1.2."""
    if first == stop:
        return [] if known else [tree(start, stop)]
    k = start + split(stop - start)
    if first <= k:
        return [*subproof(first, start, k, known=known), tree(k, stop)]
    return [*subproof(first, k, stop, known=False), tree(start, k)]


def turns(index: int, start: int, stop: int) -> str:
    """Return the side at each step from a leaf to the root. Equal paths verify the same proofs."""
    if stop - start == 1:
        return ""
    k = start + split(stop - start)
    return turns(index, start, k) + "L" if index < k else turns(index, k, stop) + "R"


def steps(first: int, start: int, stop: int, *, known: bool) -> str:
    """Return the same for a consistency proof, which starts with the first root or another hash."""
    if first == stop:
        return "root " if known else "hash "
    k = start + split(stop - start)
    if first <= k:
        return steps(first, start, k, known=known) + "L"
    return steps(first, k, stop, known=False) + "R"
