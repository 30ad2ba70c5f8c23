"""`ledger verify`: recomputes the record, and names the first entry that differs."""

import sys
from argparse import Namespace

from rich.console import Console
from rich.progress import Progress

from api.cli.frame import Parser, database, run, say, show
from ledger.findings import NoticeReport, Report
from ledger.verify import verify


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("notice", nargs="?", metavar="NOTICE", help="the notice; without it, all of them")
    parser.takes_json()
    parser.set_defaults(run=_verify)


def _verify(arguments: Namespace) -> int:
    report = run(_report(arguments.notice))
    if arguments.json:
        show({"sound": report.sound, "first": report.first, "notices": report.notices, "seconds": report.seconds})
    else:
        for line in verdict(report):
            print(line)
        if report.first is not None:
            say(f"ledger: the record is damaged, first at {report.first}; restore the database from a backup")
    return 0 if report.sound else 1


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
