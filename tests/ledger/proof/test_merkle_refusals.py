"""Changed proofs and malformed input: each is refused, always with ProofError."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.proof.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    ProofError,
    leaf_hash,
    node_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.ledger.proof.rfc6962 import LEAVES, path, subproof, tree

# Changed proofs


@st.composite
def changed(draw: st.DrawFn, *values: bytes) -> list[bytes]:
    """Return the hashes with one changed, cut, lengthened, dropped, doubled, exchanged or added."""
    hashes = list(values)
    at = draw(st.integers(0, len(hashes) - 1))
    kind = draw(st.sampled_from(["byte", "drop", "double", "add", "exchange", "shorten", "lengthen"]))
    if kind == "byte":
        place, change = draw(st.integers(0, 31)), draw(st.integers(1, 255))
        value = hashes[at]
        hashes[at] = value[:place] + bytes([value[place] ^ change]) + value[place + 1 :]
    elif kind == "drop":
        del hashes[at]
    elif kind == "double":
        hashes.insert(at, hashes[at])
    elif kind == "add":
        hashes.insert(at, draw(st.binary(min_size=32, max_size=32)))
    elif kind == "exchange":
        other = draw(st.integers(0, len(hashes) - 1).filter(lambda other: other != at)) if len(hashes) > 1 else at
        hashes[at], hashes[other] = hashes[other], hashes[at]
        if other == at:
            hashes.append(hashes[at])
    elif kind == "shorten":
        hashes[at] = hashes[at][: draw(st.integers(0, 31))]
    else:
        hashes[at] += draw(st.binary(min_size=1, max_size=32))
    return hashes


@given(st.data())
def test_no_changed_inclusion_proof_holds(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 64))
    index = data.draw(st.integers(0, size - 1))
    proof = path(index, 0, size)
    leaf, root = LEAVES[index], tree(0, size)
    verify_inclusion(index, size, leaf, proof, root)
    with pytest.raises(ProofError):
        verify_inclusion(index, size, leaf, data.draw(changed(*proof)), root)
    bad_leaf, bad_root = data.draw(changed_hash(leaf)), data.draw(changed_hash(root))
    with pytest.raises(ProofError):
        verify_inclusion(index, size, bad_leaf, proof, root)
    with pytest.raises(ProofError):
        verify_inclusion(index, size, leaf, proof, bad_root)


@given(st.data())
def test_no_changed_consistency_proof_holds(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 64))
    first = data.draw(st.integers(1, second - 1))
    proof = subproof(first, 0, second, known=True)
    old, new = tree(0, first), tree(0, second)
    verify_consistency(first, second, proof, old, new)
    with pytest.raises(ProofError):
        verify_consistency(first, second, data.draw(changed(*proof)), old, new)
    bad_old, bad_new = data.draw(changed_hash(old)), data.draw(changed_hash(new))
    with pytest.raises(ProofError):
        verify_consistency(first, second, proof, bad_old, new)
    with pytest.raises(ProofError):
        verify_consistency(first, second, proof, old, bad_new)


@st.composite
def changed_hash(draw: st.DrawFn, value: bytes) -> bytes:
    place, change = draw(st.integers(0, 31)), draw(st.integers(1, 255))
    return value[:place] + bytes([value[place] ^ change]) + value[place + 1 :]


# Malformed input

HASH = leaf_hash(b"0")
TWO = node_hash(HASH, leaf_hash(b"1"))
# The tests take these as what the functions ask for, as a caller without a type checker would pass them.
NOT_A_SIZE: list[Any] = [-1, True, False, 1.0, "1", b"1", None, 2**64, 10**5000, -(10**5000), [], object()]
NOT_A_HASH: list[Any] = [
    b"",
    HASH[:31],
    HASH + b"\0",
    HASH.hex(),
    bytearray(HASH),
    memoryview(HASH),
    list(HASH),
    None,
    1,
    "",
]
NOT_A_PROOF: list[Any] = [
    None,
    b"",
    HASH,
    "",
    HASH.hex(),
    0,
    {},
    {HASH},
    {0: HASH},
    iter([HASH]),
    (x for x in [HASH]),
]


@pytest.mark.parametrize("bad", NOT_A_SIZE, ids=lambda bad: type(bad).__name__)
def test_what_is_no_size_is_refused(bad: int) -> None:
    for index, size, siblings, root in (
        (bad, 2, [leaf_hash(b"1")], TWO),
        (0, bad, [leaf_hash(b"1")], TWO),
        (0, bad, [], HASH),
        (bad, 1, [], HASH),
        (bad, bad, [], HASH),
    ):
        # False equals 0 and True equals 1, so that some of these would hold if they were taken for numbers.
        with pytest.raises(ProofError):
            verify_inclusion(index, size, HASH, siblings, root)
    for first, second, proof, old, new in (
        (bad, 2, [leaf_hash(b"1")], HASH, TWO),
        (1, bad, [leaf_hash(b"1")], HASH, TWO),
        (1, bad, [], HASH, HASH),
        (bad, 1, [], HASH, HASH),
        (bad, bad, [], HASH, HASH),
    ):
        with pytest.raises(ProofError):
            verify_consistency(first, second, proof, old, new)
    with pytest.raises(ProofError):
        Frontier.from_bytes(bad, HASH)


@pytest.mark.parametrize("bad", NOT_A_HASH, ids=lambda bad: type(bad).__name__)
def test_what_is_no_hash_is_refused(bad: bytes) -> None:
    sibling = leaf_hash(b"1")
    with pytest.raises(ProofError):
        verify_inclusion(0, 2, bad, [sibling], TWO)
    with pytest.raises(ProofError):
        verify_inclusion(0, 2, HASH, [bad], TWO)
    with pytest.raises(ProofError):
        verify_inclusion(0, 2, HASH, [sibling], bad)
    with pytest.raises(ProofError):
        verify_inclusion(0, 1, bad, [], bad)
    with pytest.raises(ProofError):
        verify_inclusion(0, 1, HASH, [], bad)
    with pytest.raises(ProofError):
        verify_consistency(1, 2, [bad], HASH, TWO)
    with pytest.raises(ProofError):
        verify_consistency(1, 2, [sibling], bad, TWO)
    with pytest.raises(ProofError):
        verify_consistency(1, 2, [sibling], HASH, bad)
    with pytest.raises(ProofError):
        verify_consistency(1, 1, [], HASH, bad)
    with pytest.raises(ProofError):
        root_hash([HASH, bad])
    with pytest.raises(ProofError):
        Frontier.from_bytes(1, bad)


@pytest.mark.parametrize(
    "root", [bad for bad in NOT_A_HASH if not isinstance(bad, bytes)], ids=lambda r: type(r).__name__
)
def test_equal_roots_of_another_type_are_refused(root: bytes) -> None:
    with pytest.raises(ProofError):
        verify_consistency(1, 1, [], root, root)


@pytest.mark.parametrize("bad", NOT_A_PROOF, ids=lambda bad: type(bad).__name__)
def test_what_is_no_list_of_hashes_is_refused(bad: list[bytes]) -> None:
    with pytest.raises(ProofError):
        verify_inclusion(0, 1, HASH, bad, HASH)
    with pytest.raises(ProofError):
        verify_inclusion(0, 2, HASH, bad, TWO)
    with pytest.raises(ProofError):
        verify_consistency(1, 1, bad, HASH, HASH)
    with pytest.raises(ProofError):
        verify_consistency(1, 2, bad, HASH, TWO)


@pytest.mark.parametrize(
    ("first", "second", "proof", "old", "new"),
    [
        (0, 0, [], EMPTY_ROOT, EMPTY_ROOT),
        (0, 1, [], EMPTY_ROOT, HASH),
        (0, 1, [HASH], EMPTY_ROOT, HASH),
        (1, 0, [], HASH, EMPTY_ROOT),
        (2, 1, [], TWO, HASH),
        (2, 1, [leaf_hash(b"1")], TWO, HASH),
        (1, 1, [], HASH, TWO),
        (1, 1, [HASH], HASH, HASH),
        (1, 2, [], HASH, HASH),
        (1, 2, [leaf_hash(b"1")] * 2, HASH, TWO),
        (2**64 - 1, 2**64 - 1, [HASH], HASH, HASH),
    ],
)
def test_sizes_that_no_consistency_proof_joins_are_refused(
    first: int, second: int, proof: list[bytes], old: bytes, new: bytes
) -> None:
    with pytest.raises(ProofError):
        verify_consistency(first, second, proof, old, new)


def test_the_greatest_tree_has_proofs_of_64_hashes() -> None:
    # Index 0 of 2^64 - 1 leaves: 63 siblings to the root of the left half, and the right half's root.
    siblings = [leaf_hash(b"%d" % level) for level in range(64)]
    root = HASH
    for sibling in siblings:
        root = node_hash(root, sibling)
    verify_inclusion(0, MAX_SIZE, HASH, siblings, root)
    with pytest.raises(ProofError):
        verify_inclusion(0, MAX_SIZE + 1, HASH, siblings, root)
    verify_consistency(1, MAX_SIZE, siblings, HASH, root)
