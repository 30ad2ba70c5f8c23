"""What somebody holds of a ledger outside its database: a signed checkpoint, or a bundle. Imports no database.

Whoever rewrites a whole history, hashes and head in agreement, cannot rewrite what others hold of it.
"""

from collections.abc import Iterator
from pathlib import Path

from ledger.bundle import verify
from ledger.bundle.read import BundleArchive
from ledger.domain.errors import LedgerError
from ledger.proof.checkpoint import CheckpointError, unsigned
from ledger.verify.entries import EarlierCopy, KnownCheckpoint
from ledger.verify.findings import Damage

_LONGEST = 1_000_000
_ZIP = b"PK"


def read(path: Path) -> EarlierCopy:
    """What the file holds: a checkpoint as it was served, or a bundle that is sound. Raises LedgerError."""
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST)
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}; name a checkpoint or a bundle") from None
    if text.startswith(_ZIP):
        return _bundle(path)
    try:
        checkpoint = unsigned(text)
    except CheckpointError as error:
        raise LedgerError(f"{path} is no checkpoint and no bundle: {error}") from None
    _, ledgers, notice = checkpoint.origin.rpartition("/ledgers/")
    if not ledgers:
        raise LedgerError(f"{path} is a checkpoint of {checkpoint.origin}, which is no ledger of a notice")
    whose = f"the checkpoint in {path.name}"
    return EarlierCopy(notice, (KnownCheckpoint(checkpoint.size, checkpoint.root_hash, whose, Damage.REWRITTEN),))


def _bundle(path: Path) -> EarlierCopy:
    checked = verify.check(path)
    if not checked.sound:
        raise LedgerError(f"{path} cannot be compared with: {checked.report.findings[0]}")
    return EarlierCopy(checked.report.notice, (), _leaves(path))


def _leaves(path: Path) -> Iterator[bytes]:
    with BundleArchive(path) as container:
        yield from verify.leaves(container)
