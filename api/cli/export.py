"""Write an auditor's bundle, which proves a notice's ledger without the server: `ledger export`."""

import os
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from api.cli.common import Misused, Parser, database_with, moment, role, run, say, show
from api.cli.progress import progress
from api.cli.replay import position
from api.settings import Settings
from ledger.bundle import write
from ledger.domain.errors import LedgerError
from ledger.domain.roles import Role
from ledger.evidence.object_store import ObjectStore
from ledger.proof.checkpoint_signer import CheckpointSigner
from projections.engine import bundle_views
from projections.narrate.loader import open_history
from projections.views.registry import ALL


class Exported(Struct, frozen=True):
    """Description of an exported bundle."""

    file: str
    notice: str
    size: int
    """Number of entries in the bundle."""
    bytes: int
    sha256: str
    key: str
    """Verifier key of the checkpoint's signer."""
    manifest_signed: bool = True
    """False if the key of the checkpoint has been replaced, so that it cannot sign the manifest."""


class ExportRequest(Struct, frozen=True):
    """Contents and place of a bundle."""

    notice: str
    size: int
    output: Path
    role: Role = Role.AUDITOR
    documents: ObjectStore | None = None


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("notice", metavar="NOTICE", help="the notice")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE.zip", help="file to write")
    parser.add_argument(
        "--as-of",
        type=moment,
        metavar="WHEN",
        help="only entries up to a position, a time or the end of a day",
    )
    parser.add_argument(
        "--role",
        type=role,
        default=Role.AUDITOR,
        metavar="R",
        help="role of the reader; entries that R may not read are withheld",
    )
    parser.add_argument(
        "--evidence", action="store_true", help="include the documents that R may open without a record of it"
    )
    parser.runs(_export)


def _export(arguments: Namespace) -> int:
    if arguments.output.suffix != ".zip":
        raise Misused(f"{arguments.output} is not a bundle's name; end it in .zip")
    exported = run(_exported(arguments))
    if arguments.json:
        show(exported)
        return 0
    extent = f"entries 1 to {exported.size} of {exported.notice}"
    print(f"{exported.file} holds {extent}: {exported.bytes:,} bytes, SHA-256 {exported.sha256}")
    print(f"  signed by {exported.key}")
    say("Send the key and the SHA-256 separately from the file.")
    if not exported.manifest_signed:
        say("Its key was replaced later and cannot sign its manifest: verifiers accept it with --unsigned only.")
    return 0


async def _exported(arguments: Namespace) -> Exported:
    settings, notice = Settings.from_environment(), arguments.notice
    files = ObjectStore(settings.store) if arguments.evidence else None
    async with database_with(notice) as url:
        async with open_history(url, notice) as history:
            size = await position(history, arguments.as_of)
        async with CheckpointSigner(url, settings.origin, settings.signer()) as log:
            return await export(url, log, ExportRequest(notice, size, arguments.output, arguments.role, files))


async def export(url: str, log: CheckpointSigner, request: ExportRequest) -> Exported:
    """Write the bundle to a temporary file and rename it once complete; raise LedgerError when that fails."""
    signed = await log.checkpoint(request.notice, request.size)
    views = await bundle_views.stored_states(url, ALL, request.notice, request.size)
    # A checkpoint by an earlier key stays: a signature of the manifest by another key would prove nothing.
    sign_note = log.sign_note if signed.key == str(log.key) else None
    contents = write.BundleOrder(
        request.notice, signed.note, signed.key, request.role, sign_note, views, request.documents
    )
    try:
        with _draft(request.output) as draft:
            with draft.open("w+b") as file, progress("exporting") as report:
                digest = await write.write(url, file, contents, report)
            draft.replace(request.output)
        size = request.output.stat().st_size
    except OSError as error:
        raise LedgerError(f"{request.output} cannot be written: {error.strerror}; name another file") from None
    is_signed = sign_note is not None
    return Exported(str(request.output), request.notice, request.size, size, digest, signed.key, is_signed)


@contextmanager
def _draft(output: Path) -> Iterator[Path]:
    """Yield the path of a new file next to the output; remove the file unless it was renamed.

    Only its owner may read it, because a bundle holds narratives and salts.
    """
    descriptor, name = tempfile.mkstemp(".part", f".{output.name}.", output.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
