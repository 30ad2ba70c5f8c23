"""Recompute the record, or a bundle of it, and print the first differences: `ledger verify`."""

import time
from argparse import Namespace
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from api.cli.common import Misused, Parser, database, printable, run, say, show
from api.cli.progress import progress
from api.report.phrases import many
from api.settings import Settings
from ledger.append.snapshots import wrong_snapshot
from ledger.bundle import comparison
from ledger.bundle import verify as checking
from ledger.bundle.verify import BundleReport
from ledger.domain.errors import LedgerError, Unavailable
from ledger.evidence.object_store import ObjectStore
from ledger.proof.high_water import open_marks
from ledger.store.database import connect
from ledger.store.entries import read_head
from ledger.verify import catalogue
from ledger.verify.database import verify
from ledger.verify.entries import EarlierCopy, KnownCheckpoint
from ledger.verify.findings import Damage, NoticeReport, Report
from projections.engine import bundle_views
from projections.engine.digest import Digest, digests
from projections.views.registry import ALL

_WHOSE = "the high-water mark of this host"
_REMEDY = "compare the database with a backup that is restored next to it"
_REMEDY_OF_DOCUMENTS = "compare the database and the store of documents with their backups, restored next to them"


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "what", nargs="?", metavar="NOTICE", help="notice or bundle (FILE.zip) to verify; without one, all notices"
    )
    parser.add_argument("--views", action="store_true", help="also compare every view with its entries")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="also check that the history continues this checkpoint or earlier bundle",
    )
    parser.add_argument(
        "--duties",
        action="store_true",
        help="also list past grants that today's separation of duties would refuse",
    )
    parser.add_argument(
        "--key", metavar="KEY", type=str.strip, help="for a bundle: verifier key of the required signer"
    )
    parser.add_argument(
        "--unsigned", action="store_true", help="for a bundle: accept the first format, without a signed manifest"
    )
    parser.runs(_verify)


def _verify(arguments: Namespace) -> int:
    if arguments.against is not None and arguments.what is None:
        raise Misused("--against compares one notice with a file; name the notice or the bundle")
    of_bundle = arguments.what is not None and arguments.what.endswith(".zip")
    if (arguments.key is not None or arguments.unsigned) and not of_bundle:
        option = "--unsigned" if arguments.unsigned else "--key"
        raise Misused(f"{option} is for a bundle; name one (FILE.zip)")
    earlier = None if arguments.against is None else comparison.read(arguments.against)
    return _bundle(arguments, earlier) if of_bundle else _record(arguments, earlier)


def _record(arguments: Namespace, earlier: EarlierCopy | None) -> int:
    """Verify the record in the database, print the result and return the exit status.

    Raises:
        LedgerError: The earlier copy belongs to another notice, or the record cannot be read.
    """
    if earlier is not None and earlier.notice != arguments.what:
        raise LedgerError(f"{arguments.against} belongs to the notice {earlier.notice}; name that notice")
    report = run(_report(arguments.what, earlier))
    views = run(_digests(arguments.what)) if arguments.views and report.sound else []
    of_documents = report.first is not None and report.first.damage.name.startswith("DOCUMENT_")
    remedy = _REMEDY_OF_DOCUMENTS if of_documents else _REMEDY
    status = _print_result(
        arguments,
        report,
        views,
        _comparison_lines(arguments),
        f"the record is damaged, first at {report.first}; {remedy}",
    )
    for digest in views:
        if not digest.sound:
            name = f"{digest.view} of {digest.notice}"
            say(f"ledger: the view {name} differs from its entries; run ledger rebuild {digest.view}")
    if not (arguments.views and report.sound):
        return status
    present = {(digest.notice, digest.view) for digest in views}
    for verified in report.notices:
        missing = [view.name for view in ALL if verified.entries and (verified.notice, view.name) not in present]
        if missing:
            status = 1
            say(f"ledger: views missing for {verified.notice}: {', '.join(missing)}; run ledger rebuild")
    return status


def _bundle(arguments: Namespace, earlier: EarlierCopy | None) -> int:
    """Verify a bundle from its file alone, print the result and return the exit status.

    Raise LedgerError if it cannot be checked.
    """
    path, started = Path(arguments.what), time.monotonic()
    with progress("verifying") as report_progress:
        bundle = checking.check(path, report_progress, arguments.key, earlier, unsigned=arguments.unsigned)
    report = bundle.as_report(time.monotonic() - started)
    views = bundle_views.digests(path, ALL) if arguments.views and report.sound else []
    expected = {view.name for view in ALL} if arguments.views and report.sound else set[str]()
    missing = sorted(expected - {digest.view for digest in views})
    if bundle.software == version("improvement-ledger"):
        bundle.absent = missing
    remedy = "request another, and keep this one"
    status = _print_result(
        arguments,
        report,
        views,
        _signature_lines(bundle, arguments),
        f"the bundle is damaged, first at {report.first}; {remedy}",
        of=bundle,
    )
    if missing:
        why = "these views did not exist when it was written, or were removed"
        say(f"ledger: the bundle lacks {', '.join(missing)}: {why}")
    for digest in views:
        if not digest.sound:
            say(f"ledger: the view {digest.view} differed from its entries when the bundle was written")
    return status


def _signature_lines(bundle: BundleReport, arguments: Namespace) -> list[str]:
    """Return lines about a sound bundle: its extent, its signer, and what it withholds."""
    lines = [f"  entries 1 to {bundle.size} with none missing, signed by {bundle.key}"]
    lines += [f"  {bundle.withheld:,} of them withheld from {bundle.role}"] if bundle.withheld else []
    lines += [
        f"  part of entry {position} is marked as erased by entry {by}, which is not in the bundle"
        for position, by in bundle.later
    ]
    if not bundle.manifest_signed:
        lines.append(
            "  its manifest is not signed: README, verifier, documents or view lines may be missing or replaced"
        )
    lines += _comparison_lines(arguments)
    if arguments.key is None:
        lines.append("  compare that key with the published one: --key KEY")
    return lines


def _comparison_lines(arguments: Namespace) -> list[str]:
    return [] if arguments.against is None else [f"  the history continues {arguments.against}"]


def _print_result(
    arguments: Namespace,
    report: Report,
    views: list[Digest],
    more: list[str],
    damaged: str,
    *,
    of: BundleReport | None = None,
) -> int:
    """Print the result of a verification and return the exit status.

    Args:
        arguments: Arguments of the command.
        report: Result for the record or the bundle.
        views: Digests of the compared views.
        more: Further lines to print if the record is sound.
        damaged: Message for a damaged record or bundle, with the remedy.
        of: Report on the bundle; None if the record of the database was verified.
    """
    later, missing = (len(of.later), of.absent) if of is not None else (0, [])
    sound = report.sound and all(digest.sound for digest in views) and not missing
    if arguments.json:
        result: dict[str, Any] = {"sound": sound, "first": report.first, "notices": report.notices}
        result |= {"seconds": report.seconds, "catalogue": report.catalogue, "unchecked": report.unchecked}
        if of is not None:
            names = ("origin", "size", "role", "withheld", "manifest_signed", "software", "key", "later", "absent")
            result["bundle"] = {name: getattr(of, name) for name in names}
        show(result | ({"views": views} if arguments.views else {}))
    else:
        duties = _duty_lines(report) if arguments.duties else []
        for line in [*verdict(report, later), *(more if report.sound else ()), *duties, *map(_view_line, views)]:
            print(printable(line))
        if not report.sound:
            say(f"ledger: {damaged}")
    return 0 if sound else 1


async def _digests(notice: str | None) -> list[Digest]:
    async with database() as url:
        return await digests(url, ALL, notice)


def _view_line(digest: Digest) -> str:
    """Return a line with a view's digest, to compare with the digest of another copy."""
    verdict = "equals its entries" if digest.sound else f"DIFFERS from its entries, which give {digest.folded}"
    at = f"{digest.notice} {digest.view} v{digest.version} at {digest.position}"
    return f"  {at}: {digest.stored} {verdict}"


async def _report(notice: str | None, earlier: EarlierCopy | None) -> Report:
    settings = Settings.from_environment()
    async with database(settings) as url:
        marks = await _marks(url, notice, settings)
        with progress("verifying") as report_progress:
            store = ObjectStore(settings.store)
            report = await verify(
                url,
                notice,
                report_progress,
                store_of=store,
                earlier=earlier,
                state_check=wrong_snapshot,
                marks=marks,
            )
            report.catalogue, report.unchecked = await catalogue.check(url)
            return report


async def _marks(url: str, notice: str | None, settings: Settings) -> dict[str, KnownCheckpoint]:
    """Return the sizes and roots of notices that this host knows; none if their file is unreadable."""
    known: dict[str, KnownCheckpoint] = {}
    try:
        marks = await open_marks(settings.high_water_file, url)
        async with await connect(url, "ledger_writer") as connection:
            for name in marks.notices if notice is None else [notice]:
                if marks.mark(name) is None and await read_head(connection, name) is None:
                    continue  # a notice of another database
                mark = await marks.expected(connection, name)
                if mark is not None and mark.size:
                    known[name] = KnownCheckpoint(mark.size, mark.root_hash, _WHOSE, Damage.REWRITTEN)
    except Unavailable:
        raise
    except LedgerError as error:
        say(f"ledger: {error}")
    return known


def verdict(report: Report, later: int = 0) -> list[str]:
    """Return the lines of a verification's result, for each notice and for the database's protections.

    Args:
        report: Result of the verification.
        later: Number of narratives and documents erased by entries after those of the bundle.
    """
    lines = [line for notice in report.notices for line in _notice_lines(notice, later)] or ["No entries yet."]
    lines += [str(finding) for finding in report.catalogue]
    return lines + (
        [f"The database's protections were compared in part: {report.unchecked}"] if report.unchecked else []
    )


def _duty_lines(report: Report) -> list[str]:
    """Return a line for each entry that today's separation of duties would refuse.

    If it would refuse no entry, return one line that says so.
    """
    lines = [
        f"  {notice.notice}, entry {breach.position} ({breach.type} by {breach.actor}): {breach.reason}"
        for notice in report.notices
        for breach in notice.duties
    ]
    return lines or ["  today's separation of duties would refuse no entry"]


def _notice_lines(notice: NoticeReport, later: int) -> list[str]:
    entries = many(notice.entries, "entry", "entries")
    texts = many(notice.narratives, "narrative") + (f", {notice.erased:,} of them erased" if notice.erased else "")
    texts += f", {many(notice.documents, 'document')}" if notice.documents else ""
    if not notice.damages:
        what = many(later, "narrative or document", "narratives or documents")
        but = f", except {what} marked as erased by later entries, which are not included" if later else ""
        lines = [f"{notice.notice} is sound{but}: {entries}, {texts}, root {notice.root_hash}"]
        return [*lines, *_rule_lines(notice)]
    more = notice.damages - len(notice.findings)
    lines = [f"{notice.notice} is damaged: {many(notice.damages, 'difference')} in {entries}, {texts}"]
    lines += [f"  {finding}" for finding in notice.findings]
    return lines + ([f"  and {more:,} more"] if more else [])


def _rule_lines(notice: NoticeReport) -> Iterator[str]:
    """Yield a line if today's rules would refuse entries that earlier rules admitted.

    Yield two lines if entries break a rule that was in force when they were recorded.
    """
    earlier, unexplained = notice.admitted_earlier, notice.unexplained
    if earlier.count:
        entries = many(earlier.count, "entry", "entries")
        yield f"  the rules of their time admitted {entries}, which today's refuse, the first: {earlier.first}"
    if unexplained.count:
        entries = many(unexplained.count, "entry", "entries")
        yield f"  a rule refuses {entries} recorded since its date, the first: {unexplained.first}"
        yield "  check that the release with this rule was installed after the last of them"
