"""Write the adviser's report for a period, or an issued report, in one of four formats: `ledger report`."""

import hashlib
import re
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from api.cli.caught_up import caught_up
from api.cli.common import OPERATOR, Misused, Parser, database_with, moment, open_writer, run, say, show
from api.cli.progress import progress
from api.report.formats import FORMATS
from api.report.model import Report
from api.report.reader import AdviserStatements, issued, position_at, read
from api.schema_client import Operator
from ledger.domain.errors import LedgerError
from schema.context import Context

_STEPS = 2
"""Number of steps of the work: the report is read, then written."""
_PERIOD = re.compile(r"(?P<first>[0-9-]+)\.\.(?P<last>[0-9-]+)")


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("notice", metavar="NOTICE", help="notice to report on")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--period", type=_period, metavar="FROM..TO", help="first and last day of the period")
    choice.add_argument("--issued", metavar="ID", help="id of an issued report, to write again as it was issued")
    parser.add_argument(
        "--format", required=True, choices=FORMATS, help="csv is a zip with one table for each section"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="file to write; - writes to stdout")
    parser.add_argument(
        "--as-of",
        type=moment,
        metavar="WHEN",
        help="only entries up to a position, a time or the end of a day; by default all",
    )
    parser.runs(_report)


def _period(text: str) -> tuple[date, date]:
    match = _PERIOD.fullmatch(text)
    try:
        first, last = (date.fromisoformat(match[name]) for name in ("first", "last")) if match else (None, None)
    except ValueError:
        first = last = None
    if first is None or last is None or last < first:
        raise ArgumentTypeError(
            f"{text!r} is not a period; write its first and last day as 2022-07-05..2022-09-30"
        )
    return first, last


def _report(arguments: Namespace) -> int:
    if arguments.issued is not None and arguments.as_of is not None:
        raise Misused("an issued report has a position of its own; omit --as-of")
    if arguments.output == "-" and arguments.json:
        raise Misused("--json describes a file; name one with -o")
    with progress("reporting on") as report_progress:
        report_progress(arguments.notice, 0, _STEPS)
        report = run(_read(arguments))
        report_progress(arguments.notice, 1, _STEPS)
        body = FORMATS[arguments.format].write(report)
    if arguments.output == "-":
        sys.stdout.buffer.write(body)
        return 0
    try:
        Path(arguments.output).write_bytes(body)
    except OSError as error:
        raise LedgerError(f"{arguments.output} cannot be written: {error.strerror}; name another file") from None
    if arguments.json:
        digest = hashlib.sha256(body).hexdigest()
        show({"file": arguments.output, "position": report.position, "bytes": len(body), "sha256": digest})
    else:
        size = f"{len(body):,} bytes"
        say(f"Wrote the report as of entry {report.position} to {arguments.output} ({size}).")
    return 0


async def _read(arguments: Namespace) -> Report:
    async with _context(arguments.notice) as context:
        if arguments.issued is not None:
            return await read(context, arguments.notice, await issued(context, arguments.notice, arguments.issued))
        pinned = await position_at(context, arguments.notice, arguments.as_of)
        first, last = arguments.period
        return await read(context, arguments.notice, AdviserStatements(first=first, last=last, pinned=pinned))


@asynccontextmanager
async def _context(notice: str) -> AsyncIterator[Context]:
    """Yield the context for reading a report, once the views have reached the notice's last entry.

    Raise the errors of `database_with` and `open_writer`.
    """
    async with (
        database_with(notice) as url,
        await open_writer(url) as writer,
        caught_up(url, notice) as reader,
    ):
        yield Context(reader, writer.append, Operator(OPERATOR))
