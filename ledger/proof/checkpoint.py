"""Read and write signed checkpoints: a tree's origin, size and root.

Any verifier of https://c2sp.org/tlog-checkpoint accepts them. `Signer` and `VerifierKey` are re-exported here.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.proof.merkle import HASH_SIZE, MAX_SIZE
from ledger.proof.note import (
    CheckpointError,
    Signature,
    Signer,
    VerifierKey,
    decode_base64,
    encode_base64,
    note_text,
    open_note,
)

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "Signature",
    "Signer",
    "VerifierKey",
    "parse",
    "proof_text",
    "sign",
    "unsigned",
]

_SIZE = re.compile(r"0|[1-9][0-9]{0,19}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's origin, tree size and root, as a note states them."""

    origin: str
    """Name of the log. One key may sign for several logs, so the caller compares the origin."""
    size: int
    """Number of leaves: for a notice, the position of its last entry."""
    root_hash: bytes
    """Root of the RFC 6962 tree at that size, 32 bytes."""
    extension: tuple[str, ...]
    """Further signed lines of the checkpoint. This project writes no such lines."""
    signatures: tuple[Signature, ...]
    """Verified signatures by known keys, in the order of the note; empty after `unsigned`."""


def parse(text: str | bytes, verifier_keys: Iterable[str | VerifierKey]) -> Checkpoint:
    """Read a checkpoint that a known key has signed.

    Signatures by unknown keys are ignored. The caller must compare `origin` with the expected log.

    Args:
        text: The signed note.
        verifier_keys: Known keys, each as `name+id+base64key` or as a VerifierKey.

    Raises:
        CheckpointError: The note or a key is malformed, no known key signed it, a known key's signature is
            wrong, or the signer's key is given twice.
    """
    body, signatures = open_note(text, verifier_keys)
    return _read(body, signatures)


def unsigned(text: str | bytes) -> Checkpoint:
    """Read a checkpoint without checking its signatures.

    Use this only to compare the checkpoint with a known tree. Raise CheckpointError for a malformed note.
    """
    return _read(note_text(text), ())


def _read(body: str, signatures: tuple[Signature, ...]) -> Checkpoint:
    lines = body.removesuffix("\n").split("\n")
    if len(lines) < 3 or "" in lines:
        raise CheckpointError("the checkpoint needs at least three lines, none empty: fetch it again")
    origin, size, encoded_root, *extension = lines
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise CheckpointError("the checkpoint's size is not a number from 0 to 2^64 - 1: fetch it again")
    try:
        root_hash = decode_base64(encoded_root)
    except ValueError:
        raise CheckpointError("the checkpoint's root hash is not base64: fetch it again") from None
    if len(root_hash) != HASH_SIZE:
        raise CheckpointError(f"the checkpoint's root hash is not {HASH_SIZE} bytes long: fetch it again")
    return Checkpoint(origin, int(size), root_hash, tuple(extension), signatures)


def sign(origin: str, size: int, root_hash: bytes, signer: Signer, *others: Signer) -> str:
    """Return the checkpoint of a tree, signed by all given keys.

    A log must never sign two checkpoints that no consistency proof connects.
    Raise CheckpointError if `parse` would refuse the result.
    """
    if not origin or "\n" in origin:
        raise CheckpointError("the origin to sign is not one line: give the log's name")
    if type(size) is not int or not 0 <= size <= MAX_SIZE:
        raise CheckpointError("the size to sign is not a number from 0 to 2^64 - 1: give the tree's size")
    if type(root_hash) is not bytes or len(root_hash) != HASH_SIZE:
        raise CheckpointError(f"the root hash to sign is not {HASH_SIZE} bytes: give the tree's root")
    return signer.sign_note(f"{origin}\n{size}\n{encode_base64(root_hash)}\n", *others)


def proof_text(index: int, proof: Sequence[bytes], note: str) -> str:
    """Return a self-contained inclusion proof in the format of https://c2sp.org/tlog-proof.

    Args:
        index: Index of the leaf, from 0. The proof does not contain the leaf.
        proof: Hashes from the leaf to the checkpoint's root.
        note: The signed checkpoint.
    """
    hashes = "".join(f"{encode_base64(value)}\n" for value in proof)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{note}"
