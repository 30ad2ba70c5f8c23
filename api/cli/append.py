"""Record facts from a file of CloudEvents, one on each line: `ledger append`.

The command writes a receipt for each recorded line, and the refusals of any other. It can be repeated after any
interruption: a recorded fact returns its first receipt again.
"""

import os
import sys
from argparse import Namespace
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct, to_builtins

from api.cli.common import OPERATOR, Misused, Parser, check_notice, database, open_writer, run, say, show
from api.cli.progress import ProgressCallback, progress
from ledger.append import tokens
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import LedgerError, Refusal, Refused
from ledger.intake.parse import SubmittedFact, accept, read_json

LINE_BYTES = 4_194_304
"""Bytes of the longest accepted line, which exceeds the narratives of any fact that fits into an entry."""
ENDLESS_LINE = 64 * LINE_BYTES
"""Bytes without a line break after which reading stops: the file does not have a line for each event."""
CHUNK = 500
"""Maximum number of lines that are submitted together."""


class EventLine(Struct, frozen=True):
    """Line of the file, with the fact to record or the refusal of the line."""

    number: int
    size: int
    item: SubmittedFact | Refused


class Tally(Struct):
    """Counts of the file's lines, by outcome."""

    recorded: int = 0
    duplicates: int = 0
    refused: int = 0


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="CloudEvents, one on each line (NDJSON); - reads stdin")
    parser.add_argument("--notice", required=True, metavar="N", help="notice to record them in")
    parser.add_argument(
        "--token",
        default=os.environ.get("LEDGER_TOKEN"),
        metavar="T",
        help="API token to record with (or LEDGER_TOKEN, which other users cannot see); without one, the operator",
    )
    parser.runs(_append)


def _append(arguments: Namespace) -> int:
    if arguments.token == "":
        raise Misused("LEDGER_TOKEN is empty; set it to a token, or unset it to record as the operator")
    tally = Tally()
    try:
        run(_record(arguments, tally))
    except (KeyboardInterrupt, LedgerError):
        if tally.recorded + tally.duplicates:
            say(f"{_summary(tally)}; run the same command again to continue.")
        raise
    if tally.refused or sys.stderr.isatty():
        say(f"{_summary(tally)}.")
    return 1 if tally.refused else 0


def _summary(tally: Tally) -> str:
    return f"{tally.recorded:,} recorded, {tally.duplicates:,} recorded earlier, {tally.refused:,} refused"


async def _record(arguments: Namespace, tally: Tally) -> None:
    with _opened(arguments.file) as stream, progress("recording") as report:
        file_progress = _FileProgress(report, arguments.file, _size(arguments.file))
        async with database() as url, await open_writer(url) as writer:
            credential = await _credential(arguments, url, writer)
            for chunk in _chunks(lines(stream)):
                answers = await _answers(writer, arguments.notice, credential, chunk)
                if all(isinstance(each, Refused) and each.refusals[0].code == "NO_NOTICE" for each in answers):
                    await check_notice(url, arguments.notice)
                for line, answer in zip(chunk, answers, strict=True):
                    _print_outcome(line.number, answer, tally, as_json=arguments.json)
                sys.stdout.flush()
                file_progress.tick(len(chunk), sum(line.size for line in chunk))


async def _credential(arguments: Namespace, url: str, writer: Writer) -> Credential:
    if arguments.token:
        return await tokens.credential_of(url, writer, arguments.notice, arguments.token)
    return OPERATOR


async def _answers(
    writer: Writer, notice: str, credential: Credential, chunk: Sequence[EventLine]
) -> list[Receipt | Refused]:
    items = [line.item for line in chunk if isinstance(line.item, SubmittedFact)]
    appended = iter(await writer.append_all(notice, items, credential) if items else ())
    return [line.item if isinstance(line.item, Refused) else next(appended) for line in chunk]


def _print_outcome(number: int, answer: Receipt | Refused, tally: Tally, *, as_json: bool) -> None:
    if isinstance(answer, Receipt):
        show(answer)
        if answer.duplicate:
            tally.duplicates += 1
        else:
            tally.recorded += 1
        return
    tally.refused += 1
    if as_json:
        show({"line": number, "refusals": to_builtins(answer.refusals)})
        return
    for refusal in answer.refusals:
        say(f"line {number}: {_one_line(refusal)}")


def _one_line(refusal: Refusal) -> str:
    where = f"{refusal.path}: " if refusal.path else ""
    return f"{where}{' '.join(refusal.message.split())} ({refusal.code})"


def lines(stream: BinaryIO) -> Iterator[EventLine]:
    """Yield each line that is not blank as an event; refuse a line that is too long without parsing it.

    Raises:
        LedgerError: The file is in UTF-16 or UTF-32, an event spans several lines, or a line does not end.
    """
    number = 0
    while raw := stream.readline(LINE_BYTES + 1):
        number += 1
        size = len(raw)
        if number == 1:
            raw = raw.removeprefix(BOM_UTF8)
        if number == 1 and _is_wide(raw[:4]):
            raise LedgerError("the file is in UTF-16 or UTF-32; save it in UTF-8")
        if number == 1 and raw.strip() in (b"{", b"["):
            raise LedgerError("an event spans several lines; put each on one line, for example with: jq -c . FILE")
        if size > LINE_BYTES:
            while not raw.endswith(b"\n") and (raw := stream.readline(LINE_BYTES)):
                size += len(raw)
                if size > ENDLESS_LINE:
                    raise LedgerError(
                        f"line {number} has no end within {ENDLESS_LINE:,} bytes; put each event on one line"
                    )
            long = f"the line has {size:,} bytes and the limit is {LINE_BYTES:,}; submit long texts as evidence"
            yield EventLine(number, size, Refused.because("TOO_LARGE", long))
        elif raw.strip():
            yield EventLine(number, size, _read(raw))


def _is_wide(beginning: bytes) -> bool:
    """Return whether a file with this beginning is in UTF-16 or UTF-32, as PowerShell may write it."""
    return beginning.startswith((BOM_UTF16_BE, BOM_UTF16_LE)) or (b"\0" in beginning and any(beginning))


def _read(raw: bytes) -> SubmittedFact | Refused:
    try:
        return accept(read_json(raw))
    except Refused as refused:
        return refused


def _chunks(events: Iterator[EventLine]) -> Iterator[list[EventLine]]:
    chunk: list[EventLine] = []
    for line in events:
        chunk.append(line)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise LedgerError(f"{name} cannot be read: {error.strerror}; name a file, or - for stdin") from None
        yield stream


def _size(name: str) -> int | None:
    """Return the size of a file in bytes, or None for stdin, a pipe or an empty file."""
    return (None if name == "-" else Path(name).stat().st_size) or None


class _FileProgress(Struct):
    """Progress through a file, with the total number of lines estimated from their mean length so far."""

    report: ProgressCallback
    name: str
    size: int | None
    """Bytes of the file; None for stdin, a pipe or an empty file."""
    lines_done: int = 0
    read: int = 0

    def tick(self, lines: int, weight: int) -> None:
        """Add some finished lines and their bytes, and report the progress."""
        self.lines_done += lines
        self.read += weight
        total = (
            None if self.size is None else max(self.lines_done, self.lines_done * self.size // max(self.read, 1))
        )
        self.report(self.name, self.lines_done, total)
