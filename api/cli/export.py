"""`ledger export`: the auditor's bundle of a notice, which proves its ledger without the ledger."""

import asyncio
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from api.cli.common import Misused, Parser, database, moment, role, run, say, show
from api.cli.progress import progress
from api.cli.replay import position
from api.settings import Settings
from ledger.bundle import write
from ledger.domain.errors import LedgerError
from ledger.domain.roles import Role
from ledger.evidence.object_store import ObjectStore
from ledger.proof.checkpoint_signer import CheckpointSigner
from projections.engine import bundle_views
from projections.narrate.loader import opened


class Exported(Struct, frozen=True):
    """A bundle that was written."""

    file: str
    notice: str
    size: int
    """How many entries it has."""
    bytes: int
    sha256: str
    key: str
    """The verifier key of its checkpoint's signer."""


class ExportRequest(Struct, frozen=True):
    """Which bundle, and where to."""

    notice: str
    size: int
    output: Path
    role: Role = Role.AUDITOR
    documents: ObjectStore | None = None


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("notice", metavar="NOTICE", help="the notice")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE.zip", help="where it is written")
    parser.add_argument(
        "--as-of",
        type=moment,
        metavar="WHEN",
        help="as recorded up to a position, a time or the end of a day; all, if left out",
    )
    parser.add_argument(
        "--role", type=role, default=Role.AUDITOR, metavar="R", help="for whom: what R may not see is withheld"
    )
    parser.add_argument("--evidence", action="store_true", help="with the documents that R opens unrecorded")
    parser.takes_json()
    parser.set_defaults(run=_export)


def _export(arguments: Namespace) -> int:
    if arguments.output.suffix != ".zip":
        raise Misused(f"{arguments.output} is no name of a bundle; let it end in .zip")
    done = run(_exported(arguments))
    if arguments.json:
        show(done)
        return 0
    print(
        f"{done.file} holds entries 1 to {done.size} of {done.notice}: {done.bytes:,} bytes, SHA-256 {done.sha256}"
    )
    print(f"  signed by {done.key}")
    say("Hand over that key and that SHA-256 by another way than the file.")
    return 0


async def _exported(arguments: Namespace) -> Exported:
    settings, notice = Settings.from_environment(), arguments.notice
    files = ObjectStore(settings.store) if arguments.evidence else None
    async with database(settings) as url:
        async with opened(url, notice) as history:
            size = await position(history, arguments.as_of)
        async with CheckpointSigner(url, settings.origin, settings.signer()) as log:
            return await export(url, log, ExportRequest(notice, size, arguments.output, arguments.role, files))


async def export(url: str, log: CheckpointSigner, wanted: ExportRequest) -> Exported:
    """Writes the bundle beside its place, and puts it there once it is whole; raises LedgerError."""
    signed = await log.checkpoint(wanted.notice, wanted.size)
    views = await bundle_views.states(url, wanted.notice, wanted.size)
    order = write.BundleOrder(wanted.notice, signed.note, signed.key, wanted.role, views, wanted.documents)
    draft = wanted.output.with_name(f".{wanted.output.name}.part")
    try:
        file = await asyncio.to_thread(_create, draft)
        with file, progress("exporting") as told:
            digest = await write.write(url, file, order, told)
        draft.replace(wanted.output)
        size = wanted.output.stat().st_size
    except OSError as error:
        raise LedgerError(f"{wanted.output} cannot be written: {error.strerror}; name another place") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return Exported(str(wanted.output), wanted.notice, wanted.size, size, digest, signed.key)


def _create(path: Path) -> BinaryIO:
    """A file that only its owner may read: a bundle holds texts and salts."""
    path.touch(mode=0o600)
    return path.open("w+b")
