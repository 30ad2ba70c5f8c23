"""`ledger verify`: recomputes the record, and names the first entry that differs."""

import sys
from argparse import Namespace

from rich.console import Console
from rich.progress import Progress

from api.cli.frame import Parser, database, run, say, show
from ledger.findings import NoticeReport, Report
from ledger.verify import verify
from projections.digest import Digest, digests


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("notice", nargs="?", metavar="NOTICE", help="the notice; without it, all of them")
    parser.add_argument("--views", action="store_true", help="also that every view is what its entries give")
    parser.takes_json()
    parser.set_defaults(run=_verify)


def _verify(arguments: Namespace) -> int:
    report = run(_report(arguments.notice))
    views = run(_digests(arguments.notice)) if arguments.views and report.sound else []
    differing = [digest for digest in views if not digest.sound]
    if arguments.json:
        found = {"sound": report.sound and not differing, "first": report.first, "notices": report.notices}
        show(found | {"seconds": report.seconds} | ({"views": views} if arguments.views else {}))
    else:
        for line in [*verdict(report), *map(_of_view, views)]:
            print(line)
        if report.first is not None:
            say(f"ledger: the record is damaged, first at {report.first}; restore the database from a backup")
        for digest in differing:
            name = f"{digest.view} of {digest.notice}"
            say(f"ledger: the view {name} is not what its entries give; ledger rebuild {digest.view} mends it")
    return 0 if report.sound and not differing else 1


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


async def _report(notice: str | None) -> Report:
    bar = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    tasks = {}

    def progress(name: str, checked: int, size: int) -> None:
        if name not in tasks:
            tasks[name] = bar.add_task(f"verifying {name}", total=size)
        bar.update(tasks[name], completed=checked)

    async with database() as url:
        with bar:
            return await verify(url, notice, progress)


def verdict(report: Report) -> list[str]:
    """What was found of each notice, in a line or more."""
    return [line for notice in report.notices for line in _of(notice)] or ["Nothing is recorded yet."]


def _of(notice: NoticeReport) -> list[str]:
    entries = f"{notice.entries:,} {'entry' if notice.entries == 1 else 'entries'}"
    texts = f"{notice.narratives:,} texts" + (f", {notice.erased:,} of them erased" if notice.erased else "")
    if not notice.damages:
        return [f"{notice.notice} is sound: {entries}, {texts}, root {notice.root_hash}"]
    more = notice.damages - len(notice.findings)
    found = [f"{notice.notice} is damaged: {notice.damages:,} differences in {entries}, {texts}"]
    found += [f"  {finding}" for finding in notice.findings]
    return found + ([f"  and {more:,} more"] if more else [])
