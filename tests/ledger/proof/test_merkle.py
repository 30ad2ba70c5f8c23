"""RFC 6962 trees: the public vectors, and every small tree against the RFC's own recursion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.proof.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofError,
    leaf_hash,
    node_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.ledger.proof.rfc6962 import LEAVES, path, steps, subproof, tree, turns

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
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


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


@pytest.mark.parametrize(
    ("first", "second", "old", "new", "proof", "holds"),
    [
        (1, 1, b"don't care 2", b"don't care 2", [], True),
        (1, 1, b"don't care 1", b"don't care 2", [], False),
        (1, 1, EMPTY_ROOT, EMPTY_ROOT, [EMPTY_ROOT], False),
        (1, 1, b"don't care 1", b"don't care 1", [EMPTY_ROOT], False),
        (2, 1, b"don't care 1", b"don't care 1", [], False),
        (1, 2, b"don't care 1", b"don't care 1", [], False),
        (5, 5, b"", b"", [], True),
    ],
)
def test_published_edge_cases_of_consistency(
    first: int, second: int, old: bytes, new: bytes, proof: list[bytes], *, holds: bool
) -> None:
    """Compare with transparency-dev/merkle, proof/verify_test.go: roots of one size are compared as bytes."""
    assert consistency_holds(first, second, proof, old, new) == holds


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
            others = [other for other in range(size) if inclusion_holds(other, size, LEAVES[index], proof, root)]
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
