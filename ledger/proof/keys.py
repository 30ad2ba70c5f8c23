"""The keys that sign checkpoints: where a process has its own from, and which key may sign which size.

A private key comes from a file, from an environment secret, or is made once under the data folder; it is never in
the database, in a log or in an error. The public ones are in the entries: from each SigningKeyRotated on, its key
signs and no other. Imports `ledger.checkpoint` and msgspec.
"""

import os
import re
import secrets
from base64 import b64decode
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from ledger.domain.errors import LedgerError
from ledger.proof.checkpoint import CheckpointError, Signer, VerifierKey

TYPE = "improvement-ledger.records.SigningKeyRotated.v"
"""What the type of every entry begins with that names the key which signs from there on."""
MADE = "signing.key"
"""The file under the data folder that holds the key which was made at first use."""
_NAME = re.compile(r"[A-Za-z0-9:._/-]{1,128}")
_OTHER = re.compile(r"[^A-Za-z0-9:._/-]")


class Rotation(Struct, frozen=True):
    """An entry by which a key took over."""

    position: int
    """The smallest size that it may sign."""
    key: VerifierKey


def new_name(origin: str) -> str:
    """A name for a new key of a service; no two keys have one name, since an entry tells them by it."""
    return f"{_OTHER.sub('-', origin)[:100]}/{secrets.token_hex(4)}"


def generate(path: Path, name: str) -> Signer:
    """Makes a key in a new file that only its owner may use; raises LedgerError when that cannot be done.

    The file is there whole or not at all, so that several processes can do this at once: the first one's stays.
    """
    if not _NAME.fullmatch(name):
        raise LedgerError(f"{name!r} is no name for a key: letters, digits and : . _ / -, at most 128")
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
            raise LedgerError(f"{path} is there already; a key is never overwritten: choose another") from None
        raise LedgerError(f"the signing key {path} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink()
    return signer


def read(file: Path) -> Signer:
    """The key of a file that only its owner may use; raises LedgerError."""
    try:
        return Signer.read(file)
    except CheckpointError as error:
        raise LedgerError(str(error)) from None


def made(data: Path, origin: str) -> Signer:
    """The key under the data folder, made now if there is none; raises LedgerError."""
    path = data / MADE
    if not path.exists():
        try:
            return generate(path, new_name(origin))
        except LedgerError:
            if not path.exists():  # else another process was faster
                raise
    return read(path)


def rotation(position: int, body: bytes) -> Rotation:
    """What the entry of a rotation says, from its stored bytes; raises ValueError when it says no such thing."""
    data = msgspec.json.decode(body)["data"]
    return Rotation(position, VerifierKey(data["key"], b64decode(data["publicKey"], validate=True)))


def signing(rotations: Iterable[Rotation], size: int) -> VerifierKey | None:
    """The key that the entries say signs a tree of that size; None: none was named by then."""
    at = max((one for one in rotations if one.position <= size), key=lambda one: one.position, default=None)
    return at.key if at is not None else None


def names(signer: Signer, origin: str) -> tuple[Signer, ...]:
    """The key under its own name, and under that of the log.

    A key has one name and a service a log for every notice. So the key's own name signs, and that of the log
    beside it, as https://c2sp.org/tlog-checkpoint recommends and some clients demand.
    """
    return (signer,) if signer.public.name == origin else (signer, signer.renamed(origin))
