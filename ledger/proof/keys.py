"""Find the key that signs checkpoints, and the key that may sign a given size.

A private key comes from a file, an environment secret, or a file generated in the data folder. It never appears in
the database, a log or an error. Public keys are in the entries: each SigningKeyRotated replaces the signing key.
"""

import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from ledger.domain.errors import Damaged, LedgerError
from ledger.proof.checkpoint import CheckpointError, Signer, VerifierKey

ROTATION_TYPE = "improvement-ledger.records.SigningKeyRotated.v"
"""Prefix of the type of every key rotation entry."""
KEY_FILE = "signing.key"
"""Name of the generated key's file in the data folder."""
_KEY_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9:._/-]{1,128}")
_OTHER = re.compile(r"[^A-Za-z0-9:._/-]")


class Rotation(Struct, frozen=True):
    """A recorded change of the signing key."""

    position: int
    """Position of the entry: the smallest size that the new key may sign."""
    key: VerifierKey


def new_name(origin: str) -> str:
    """Return a unique name for a service's new key. Entries identify a key by its name."""
    return f"{_OTHER.sub('-', origin)[:100]}/{secrets.token_hex(4)}"


def generate(path: Path, name: str) -> Signer:
    """Create a key in a new file that only its owner may read, and return the key.

    The file appears complete or not at all. If several processes call this at once, the key of the
    first process remains.
    Raise LedgerError when the name is invalid or the file cannot be created.
    """
    if not _NAME.fullmatch(name):
        raise LedgerError(f"{name!r} is not a valid key name: use 1 to 128 letters, digits and : . _ / -")
    signer = Signer.generate(name)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{signer.to_text()}\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except OSError as error:
        if path.exists():
            raise LedgerError(
                f"{path} already exists and a key is never overwritten: choose another file"
            ) from None
        raise LedgerError(f"the signing key {path} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink()
    return signer


def read(file: Path) -> Signer:
    """Read a key from a file that only its owner may read. Raise LedgerError if the key cannot be read."""
    try:
        return Signer.read(file)
    except CheckpointError as error:
        raise LedgerError(str(error)) from None


def read_or_generate(data: Path, origin: str) -> Signer:
    """Return the key in the data folder, generating it on first use.

    Raises:
        LedgerError: The key cannot be read or generated.
    """
    path = data / KEY_FILE
    if not path.exists():
        try:
            return generate(path, new_name(origin))
        except LedgerError:
            if not path.exists():  # else another process was faster
                raise
    return read(path)


class _Typed(Struct):
    type: str


class _RotationData(Struct, rename="camel"):
    key: str
    public_key: bytes


class _RotationEntry(Struct):
    data: _RotationData


def find_rotation(position: int, body: bytes) -> Rotation | None:
    """Return the key rotation in an entry's bytes; None for another fact. Raise Damaged for an unreadable one."""
    if ROTATION_TYPE.encode() not in body:
        return None
    try:
        if not msgspec.json.decode(body, type=_Typed).type.startswith(ROTATION_TYPE):
            return None
        data = msgspec.json.decode(body, type=_RotationEntry).data
        if len(data.public_key) == _KEY_BYTES:
            return Rotation(position, VerifierKey(data.key, data.public_key))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, CheckpointError):
        pass
    raise Damaged(f"entry {position} is not a readable key rotation")


def signing_key(rotations: Iterable[Rotation], size: int) -> VerifierKey | None:
    """Return the key that the rotations name for a tree of this size; None before any rotation."""
    effective = (rotation for rotation in rotations if rotation.position <= size)
    latest = max(effective, key=lambda rotation: rotation.position, default=None)
    return latest.key if latest is not None else None


def log_signers(signer: Signer, origin: str) -> tuple[Signer, ...]:
    """Return the key under its own name and under the log's name; once if the names are equal.

    The log's name is added because https://c2sp.org/tlog-checkpoint recommends it and some clients require it.
    """
    return (signer,) if signer.public.name == origin else (signer, signer.renamed(origin))
