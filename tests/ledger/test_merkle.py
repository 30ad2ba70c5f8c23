"""RFC 6962 trees: public vectors, every small tree against the RFC's recursion, changed proofs, the frontier."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import (
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
from tests.ledger.rfc6962 import LEAVES, path, steps, subproof, tree, turns

# The tree of eight leaves that Certificate Transparency's implementations test with, as published in
# transparency-dev/merkle, proof/verify_test.go.
CT_LEAVES = [
    bytes.fromhex(data)
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    bytes.fromhex(root)
    for root in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
H1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
H2_3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
H4_7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
H4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
H4_5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
H6 = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
H6_7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
H0_1 = CT_ROOTS[1].hex()
H0_3 = CT_ROOTS[3].hex()
H0 = CT_ROOTS[0].hex()

CT_INCLUSION = [  # index, size, proof
    (0, 1, []),
    (0, 8, [H1, H2_3, H4_7]),
    (5, 8, [H4, H6_7, H0_3]),
    (2, 3, [H0_1]),
    (1, 5, [H0, H2_3, H4]),
]
CT_CONSISTENCY = [  # first, second, proof
    (1, 1, []),
    (1, 8, [H1, H2_3, H4_7]),
    (6, 8, [H4_5, H6_7, H0_3]),
    (2, 5, [H2_3, H4]),
    (6, 7, [H4_5, H6, H0_3]),
]
OTHER_HASH = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")


def inclusion_holds(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> bool:
    try:
        verify_inclusion(index, size, leaf, proof, root)
    except ProofError:
        return False
    return True


def consistency_holds(first: int, second: int, proof: list[bytes], old: bytes, new: bytes) -> bool:
    try:
        verify_consistency(first, second, proof, old, new)
    except ProofError:
        return False
    return True


# Public vectors


def test_the_empty_tree_and_the_empty_leaf_have_the_published_hashes() -> None:
    assert root_hash([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    # transparency-dev/merkle, rfc6962/rfc6962_test.go
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert (
        node_hash(b"N123", b"N456").hex()
        == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )


def test_roots_of_the_published_tree() -> None:
    leaves = [leaf_hash(data) for data in CT_LEAVES]
    assert [root_hash(leaves[:size]) for size in range(1, 9)] == CT_ROOTS
    assert Frontier().extend_with_roots(leaves) == CT_ROOTS


@pytest.mark.parametrize(("index", "size", "hexes"), CT_INCLUSION)
def test_published_inclusion_proofs_hold_and_their_corruptions_do_not(
    index: int, size: int, hexes: list[str]
) -> None:
    proof = [bytes.fromhex(value) for value in hexes]
    leaf, root = leaf_hash(CT_LEAVES[index]), CT_ROOTS[size - 1]
    verify_inclusion(index, size, leaf, proof, root)
    corrupted: list[tuple[int, int, bytes, list[bytes], bytes]] = [
        (index - 1, size, leaf, proof, root),
        (index + 1, size, leaf, proof, root),
        (index ^ 2, size, leaf, proof, root),
        (index, size * 2, leaf, proof, root),
        (index, size // 2, leaf, proof, root),
        (index, size, b"WrongLeaf", proof, root),
        (index, size, leaf, proof, EMPTY_ROOT),
        (index, size, leaf, proof, OTHER_HASH),
        (index, size, leaf, [*proof, b""], root),
        (index, size, leaf, [*proof, root], root),
        (index, size, leaf, [b"", *proof], root),
        (index, size, leaf, [root, *proof], root),
        *((index, size, leaf, flipped(proof, at), root) for at in range(len(proof))),
    ]
    if proof:
        corrupted += [
            (index, size, leaf, proof[:-1], root),
            (index, size, leaf, [proof[0], OTHER_HASH, *proof[1:]], root),
        ]
    assert [case for case in corrupted if inclusion_holds(*case)] == []


@pytest.mark.parametrize(("first", "second", "hexes"), CT_CONSISTENCY)
def test_published_consistency_proofs_hold_and_their_corruptions_do_not(
    first: int, second: int, hexes: list[str]
) -> None:
    proof = [bytes.fromhex(value) for value in hexes]
    old, new = CT_ROOTS[first - 1], CT_ROOTS[second - 1]
    verify_consistency(first, second, proof, old, new)
    corrupted: list[tuple[int, int, list[bytes], bytes, bytes]] = [
        (first - 1, second, proof, old, new),
        (first + 1, second, proof, old, new),
        (first ^ 2, second, proof, old, new),
        (first, second * 2, proof, old, new),
        (first, second // 2, proof, old, new),
        (first, second, proof, b"WrongRoot", new),
        (first, second, proof, old, b"WrongRoot"),
        *((first, second, [*proof, extra], old, new) for extra in (b"", old, new)),
        *((first, second, [extra, *proof], old, new) for extra in (b"", old, new, *proof[:1])),
        *((first, second, flipped(proof, at), old, new) for at in range(len(proof))),
    ]
    if proof:
        corrupted += [
            (first, second, proof, new, old),
            (first, second, [], old, new),
            (first, second, proof[:-1], old, new),
        ]
    assert [case for case in corrupted if consistency_holds(*case)] == []


def flipped(proof: list[bytes], at: int) -> list[bytes]:
    return [*proof[:at], bytes([proof[at][0] ^ 8]) + proof[at][1:], *proof[at + 1 :]]


# Every tree of up to 64 leaves


def test_every_small_root_is_the_rfcs() -> None:
    roots = [tree(0, size) for size in range(65)]
    assert [root_hash(LEAVES[:size]) for size in range(65)] == roots
    assert [Frontier().root(), *Frontier().extend_with_roots(iter(LEAVES))] == roots


def test_every_small_inclusion_proof_holds_and_binds_its_place() -> None:
    for size in range(1, 65):
        root = tree(0, size)
        for index in range(size):
            proof = path(index, 0, size)
            verify_inclusion(index, size, LEAVES[index], proof, root)
            verify_inclusion(index, size, LEAVES[index], tuple(proof), root)
            others = [
                other for other in range(size) if inclusion_holds(other, size, LEAVES[index], proof, root)
            ]
            assert others == [index]


def test_every_small_consistency_proof_holds_and_binds_its_first_size() -> None:
    for second in range(1, 65):
        for first in range(1, second + 1):
            proof = subproof(first, 0, second, known=True)
            rest = (proof, tree(0, first), tree(0, second))
            verify_consistency(first, second, *rest)
            others = [other for other in range(1, second + 1) if consistency_holds(other, second, *rest)]
            assert others == [first]


@given(st.data())
def test_sizes_may_change_only_where_the_path_stays_the_same(data: st.DataObject) -> None:
    # RFC 6962 proofs do not bind the size: leaf 0 has the same path in trees of 3 and of 4. No more may pass.
    size = data.draw(st.integers(1, 64))
    index = data.draw(st.integers(0, size - 1))
    other_index, other_size = data.draw(st.integers(0, 80)), data.draw(st.integers(0, 80))
    same_way = other_index < other_size and turns(other_index, 0, other_size) == turns(index, 0, size)
    proof = path(index, 0, size)
    assert inclusion_holds(other_index, other_size, LEAVES[index], proof, tree(0, size)) == same_way

    first, second = index + 1, size
    other_first, other_second = other_index, other_size
    same_steps = 0 < other_first <= other_second and (
        steps(other_first, 0, other_second, known=True) == steps(first, 0, second, known=True)
    )
    proof = subproof(first, 0, second, known=True)
    holds = consistency_holds(other_first, other_second, proof, tree(0, first), tree(0, second))
    assert holds == same_steps


# Changed proofs


@st.composite
def changed(draw: st.DrawFn, *values: bytes) -> list[bytes]:
    """The hashes with one of them changed, cut, lengthened, dropped, doubled or exchanged, or one more."""
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
        other = (
            draw(st.integers(0, len(hashes) - 1).filter(lambda other: other != at)) if len(hashes) > 1 else at
        )
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
        verify_consistency(1, 2, [bad], HASH, TWO)
    with pytest.raises(ProofError):
        verify_consistency(1, 2, [sibling], bad, TWO)
    with pytest.raises(ProofError):
        verify_consistency(1, 2, [sibling], HASH, bad)
    with pytest.raises(ProofError):
        verify_consistency(1, 1, [], bad, bad)
    with pytest.raises(ProofError):
        root_hash([HASH, bad])
    with pytest.raises(ProofError):
        Frontier.from_bytes(1, bad)


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


# The frontier


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
