"""`ledger verify`: recomputes the record, or a bundle of it, and names the first entry that differs."""

import time
from argparse import Namespace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from api.cli.common import Misused, Parser, database, run, say, show
from api.cli.progress import progress
from api.report.phrases import many
from api.settings import Settings
from ledger.append.snapshots import wrong_snapshot
from ledger.bundle import comparison
from ledger.bundle import verify as checking
from ledger.bundle.verify import BundleReport
from ledger.domain.errors import LedgerError
from ledger.evidence.object_store import ObjectStore
from ledger.verify.database import verify
from ledger.verify.entries import EarlierCopy
from ledger.verify.findings import NoticeReport, Report
from projections.engine import bundle_views
from projections.engine.digest import Digest, digests
from projections.views.registry import ALL


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "what", nargs="?", metavar="NOTICE", help="the notice, or a bundle (FILE.zip); without it, all notices"
    )
    parser.add_argument("--views", action="store_true", help="also that every view is what its entries give")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="also that the history is the one of this checkpoint, or of this earlier bundle",
    )
    parser.add_argument("--key", metavar="KEY", help="of a bundle: the verifier key that must have signed it")
    parser.takes_json()
    parser.set_defaults(run=_verify)


def _verify(arguments: Namespace) -> int:
    if arguments.against is not None and arguments.what is None:
        raise Misused("--against holds one notice's history against a file; name the notice or the bundle")
    of_bundle = arguments.what is not None and arguments.what.endswith(".zip")
    if arguments.key is not None and not of_bundle:
        raise Misused("--key says who must have signed a bundle; name a bundle, FILE.zip")
    against = None if arguments.against is None else comparison.read(arguments.against)
    return _bundle(arguments, against) if of_bundle else _record(arguments, against)


def _record(arguments: Namespace, against: EarlierCopy | None) -> int:
    """Verifies what the database holds."""
    if against is not None and against.notice != arguments.what:
        raise LedgerError(f"{arguments.against} is of the notice {against.notice}; name that one")
    report = run(_report(arguments.what, against))
    views = run(_digests(arguments.what)) if arguments.views and report.sound else []
    mend = "restore the database from a backup"
    status = _tell(
        arguments, report, views, _compared(arguments), f"the record is damaged, first at {report.first}; {mend}"
    )
    for digest in views:
        if not digest.sound:
            name = f"{digest.view} of {digest.notice}"
            say(f"ledger: the view {name} is not what its entries give; ledger rebuild {digest.view} mends it")
    if not (arguments.views and report.sound):
        return status
    there = {(digest.notice, digest.view) for digest in views}
    for told in report.notices:
        absent = [view.name for view in ALL if told.entries and (told.notice, view.name) not in there]
        if absent:
            status = 1
            say(f"ledger: not built of {told.notice}: {', '.join(absent)}; ledger rebuild makes these views")
    return status


def _bundle(arguments: Namespace, against: EarlierCopy | None) -> int:
    """Verifies a bundle, with nothing but its file."""
    path, begun = Path(arguments.what), time.monotonic()
    with progress("verifying") as told:
        checked = checking.check(path, told, arguments.key, against)
    report = checked.as_report(time.monotonic() - begun)
    views = bundle_views.digests(path) if arguments.views and report.sound else []
    wanted = {view.name for view in ALL} if arguments.views and report.sound else set[str]()
    absent = sorted(wanted - {digest.view for digest in views})
    if checked.software == version("improvement-ledger"):
        checked.absent = absent
    mend = "ask for another, and keep this one"
    status = _tell(
        arguments,
        report,
        views,
        _signed(checked, arguments),
        f"the bundle is damaged, first at {report.first}; {mend}",
        of=checked,
    )
    if absent:
        why = "these views were not built when it was made, or were taken out"
        say(f"ledger: the bundle does not tell of {', '.join(absent)}: {why}")
    for digest in views:
        if not digest.sound:
            say(f"ledger: the view {digest.view} was not what its entries give when the bundle was made")
    return status


def _signed(checked: BundleReport, arguments: Namespace) -> list[str]:
    """What a sound bundle is of, who signed it, and what it does not show."""
    told = [f"  entries 1 to {checked.size} with none missing, signed by {checked.key}"]
    told += [f"  {checked.withheld:,} of them withheld from {checked.role}"] if checked.withheld else []
    told += [
        f"  something of entry {position} is said to be erased by entry {by}, which is not in the bundle"
        for position, by in checked.later
    ]
    told += _compared(arguments)
    if arguments.key is None:
        told.append("  compare that key with the one that was published: --key KEY")
    return told


def _compared(arguments: Namespace) -> list[str]:
    return [] if arguments.against is None else [f"  the history is the one of {arguments.against}"]


def _tell(
    arguments: Namespace,
    report: Report,
    views: list[Digest],
    more: list[str],
    damaged: str,
    *,
    of: BundleReport | None = None,
) -> int:
    """Says what was found, and returns the exit status."""
    later, absent = (len(of.later), of.absent) if of is not None else (0, [])
    sound = report.sound and all(digest.sound for digest in views) and not absent
    if arguments.json:
        found: dict[str, Any] = {"sound": sound, "first": report.first, "notices": report.notices}
        found["seconds"] = report.seconds
        if of is not None:
            names = ("origin", "size", "role", "withheld", "software", "key", "later", "absent")
            found["bundle"] = {name: getattr(of, name) for name in names}
        show(found | ({"views": views} if arguments.views else {}))
    else:
        for line in [*verdict(report, later), *(more if report.sound else ()), *map(_of_view, views)]:
            print(line)
        if not report.sound:
            say(f"ledger: {damaged}")
    return 0 if sound else 1


async def _digests(notice: str | None) -> list[Digest]:
    async with database() as url:
        return await digests(url, notice)


def _of_view(digest: Digest) -> str:
    """A view's state, told so that it can be compared with another's."""
    verdict = (
        "is what its entries give" if digest.sound else f"DIFFERS from its entries, which give {digest.folded}"
    )
    at = f"{digest.notice} {digest.view} v{digest.version} at {digest.position}"
    return f"  {at}: {digest.stored} {verdict}"


async def _report(notice: str | None, against: EarlierCopy | None) -> Report:
    settings = Settings.from_environment()
    async with database(settings) as url:
        with progress("verifying") as told:
            return await verify(
                url, notice, told, store_of=ObjectStore(settings.store), held=against, state_check=wrong_snapshot
            )


def verdict(report: Report, later: int = 0) -> list[str]:
    """What was found of each notice, in a line or more; `later`: texts and documents that later entries erased."""
    return [line for notice in report.notices for line in _of(notice, later)] or ["Nothing is recorded yet."]


def _of(notice: NoticeReport, later: int) -> list[str]:
    entries = many(notice.entries, "entry", "entries")
    texts = many(notice.narratives, "text") + (f", {notice.erased:,} of them erased" if notice.erased else "")
    texts += f", {many(notice.documents, 'document')}" if notice.documents else ""
    if not notice.damages:
        what = many(later, "text or document", "texts or documents")
        but = f", but for {what} said to be erased by later entries, which are not in here" if later else ""
        return [f"{notice.notice} is sound{but}: {entries}, {texts}, root {notice.root_hash}"]
    more = notice.damages - len(notice.findings)
    found = [f"{notice.notice} is damaged: {many(notice.damages, 'difference')} in {entries}, {texts}"]
    found += [f"  {finding}" for finding in notice.findings]
    return found + ([f"  and {more:,} more"] if more else [])
