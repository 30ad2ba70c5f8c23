"""Signed checkpoints: a tree's origin, size and root, signed so that any outside verifier can check them.

Imports only the standard library, `cryptography` (through `ledger.notes`) and `ledger.proof.merkle`. Follows
https://c2sp.org/tlog-checkpoint. The keys come from here too: `Signer` and `VerifierKey`.
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
    """What a log has signed of its tree."""

    origin: str
    """The log's name, which the caller compares: a key may sign for several logs."""
    size: int
    """Number of leaves; of a notice's ledger, the position of its last entry."""
    root_hash: bytes
    """Root of the RFC 6962 tree at that size, 32 bytes."""
    extension: tuple[str, ...]
    """Further lines that were signed; this project writes none."""
    signatures: tuple[Signature, ...]
    """One for each known key that signed, in the order of the note."""


def parse(text: str | bytes, verifier_keys: Iterable[str | VerifierKey]) -> Checkpoint:
    """Read a checkpoint that at least one of these keys has signed.

    Keys are given as `name+id+base64key` or as VerifierKey. Signatures by other keys are ignored.
    Raises CheckpointError if the note or the checkpoint is malformed, if no known key signed it, or if any
    signature by a known key is wrong. The caller compares `origin` with the log that it means.
    """
    body, signatures = open_note(text, verifier_keys)
    return _read(body, signatures)


def unsigned(text: str | bytes) -> Checkpoint:
    """Read a checkpoint whatever keys have signed it: what it claims, to be compared with a tree at hand.

    Raises CheckpointError if the note or the checkpoint is malformed.
    """
    return _read(note_text(text), ())


def _read(body: str, signatures: tuple[Signature, ...]) -> Checkpoint:
    lines = body.removesuffix("\n").split("\n")
    if len(lines) < 3 or "" in lines:
        raise CheckpointError("the checkpoint is not three lines or more, none empty: fetch it again")
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
    """The checkpoint of a tree, signed by all of these. Raises CheckpointError if `parse` would refuse it.

    A log must never sign two checkpoints between which no consistency proof leads.
    """
    if not origin or "\n" in origin:
        raise CheckpointError("the origin to sign is not one line: give the log's name")
    if type(size) is not int or not 0 <= size <= MAX_SIZE:
        raise CheckpointError("the size to sign is not a number from 0 to 2^64 - 1: give the tree's size")
    if type(root_hash) is not bytes or len(root_hash) != HASH_SIZE:
        raise CheckpointError(f"the root hash to sign is not {HASH_SIZE} bytes: give the tree's root")
    return signer.sign_note(f"{origin}\n{size}\n{encode_base64(root_hash)}\n", *others)


def proof_text(index: int, proof: Sequence[bytes], note: str) -> str:
    """A proof that stands by itself, as https://c2sp.org/tlog-proof has it.

    `proof` leads from the leaf at `index`, from 0, to the root in the checkpoint `note`. The leaf is not in it.
    """
    hashes = "".join(f"{encode_base64(value)}\n" for value in proof)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{note}"
