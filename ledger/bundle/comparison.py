"""Read an earlier copy of a ledger: a signed checkpoint or a bundle. Imports no database.

A forger can rewrite a whole history consistently, but not the copies that others keep.
"""

from collections.abc import Iterator
from pathlib import Path

from ledger.bundle import verify
from ledger.bundle.read import BundleArchive, open_file
from ledger.domain.errors import LedgerError
from ledger.proof.checkpoint import CheckpointError, unsigned
from ledger.verify.entries import EarlierCopy, KnownCheckpoint
from ledger.verify.findings import Damage

_CHECKPOINT_BYTES = 1_000_000
_ZIP = b"PK"


def read(path: Path) -> EarlierCopy:
    """Return the earlier copy in a file: a checkpoint as served, or a sound bundle.

    Raises:
        LedgerError: The file cannot be read, or is neither a checkpoint nor a sound bundle.
    """
    try:
        with open_file(path) as file:
            text = file.read(_CHECKPOINT_BYTES)
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}; name a checkpoint or a bundle") from None
    if text.startswith(_ZIP):
        return _bundle(path)
    try:
        checkpoint = unsigned(text)
    except CheckpointError as error:
        raise LedgerError(f"{path} is neither a checkpoint nor a bundle: {error}") from None
    _, ledgers, notice = checkpoint.origin.rpartition("/ledgers/")
    if not ledgers:
        raise LedgerError(f"{path} is a checkpoint of {checkpoint.origin}, which is not a notice's ledger")
    whose = f"the checkpoint in {path.name}"
    signed = KnownCheckpoint(checkpoint.size, checkpoint.root_hash, whose, Damage.REWRITTEN)
    return EarlierCopy(notice, (signed,), size=signed.size)


def _bundle(path: Path) -> EarlierCopy:
    result = verify.check(path, unsigned=True)
    if not result.sound:
        raise LedgerError(f"{path} cannot be compared with: {result.report.findings[0]}")
    with BundleArchive(path) as archive:
        documents = frozenset(verify.documents(archive))
    return EarlierCopy(result.report.notice, (), _leaves(path), documents, result.size)


def _leaves(path: Path) -> Iterator[bytes]:
    with BundleArchive(path) as archive:
        yield from verify.leaves(archive)
