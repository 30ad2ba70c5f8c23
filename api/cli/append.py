"""`ledger append`: facts from a file of CloudEvents, one a line; a receipt a line comes back.

Resumable: whatever was recorded before comes back with its first receipt, so after any break the same command
is given again.
"""

import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct, to_builtins

from api.cli.common import OPERATOR, Misused, Parser, database, run, say, show
from api.cli.progress import ProgressCallback, progress
from ledger.append import tokens
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.areas.people import Credential
from ledger.domain.errors import LedgerError, Refusal, Refused
from ledger.intake.parse import SubmittedFact, accept, read_json

LINE_BYTES = 4_194_304
"""The longest line: more than the texts of any fact that fits into an entry."""
CHUNK = 500
"""Lines that are recorded together."""


class EventLine(Struct, frozen=True):
    """A line of the file, read."""

    number: int
    size: int
    item: SubmittedFact | Refused


class Tally(Struct):
    """What has become of the lines so far."""

    recorded: int = 0
    duplicates: int = 0
    refused: int = 0


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="CloudEvents, one a line (NDJSON); - reads stdin")
    parser.add_argument("--notice", required=True, metavar="N", help="the notice that they are recorded in")
    parser.add_argument(
        "--token",
        default=os.environ.get("LEDGER_TOKEN"),
        metavar="T",
        help="act by this API token (or LEDGER_TOKEN, which other users cannot see); else as the operator",
    )
    parser.takes_json()
    parser.set_defaults(run=_append)


def _append(arguments: Namespace) -> int:
    if arguments.token == "":
        raise Misused("LEDGER_TOKEN is set and empty; issue a token, or unset it to act as the operator")
    tally = Tally()
    try:
        run(_record(arguments, tally))
    except (KeyboardInterrupt, LedgerError):
        if tally.recorded + tally.duplicates:
            say(f"{_summary(tally)}; give the same command again to go on: what is in stays in.")
        raise
    if tally.refused or sys.stderr.isatty():
        say(f"{_summary(tally)}.")
    return 1 if tally.refused else 0


def _summary(tally: Tally) -> str:
    return f"{tally.recorded:,} recorded, {tally.duplicates:,} there already, {tally.refused:,} refused"


async def _record(arguments: Namespace, tally: Tally) -> None:
    with _opened(arguments.file) as stream, progress("recording") as told:
        far = _Far(told, arguments.file, _size(arguments.file))
        async with _writer(arguments) as (writer, credential):
            for chunk in _chunks(lines(stream)):
                answers = await _answers(writer, arguments.notice, credential, chunk)
                for line, answer in zip(chunk, answers, strict=True):
                    _tell(line.number, answer, tally, as_json=arguments.json)
                sys.stdout.flush()
                far.tick(len(chunk), sum(line.size for line in chunk))


@asynccontextmanager
async def _writer(arguments: Namespace) -> AsyncIterator[tuple[Writer, Credential]]:
    async with database() as url, Writer(url) as writer:
        credential = OPERATOR
        if arguments.token:
            credential = await tokens.credential_of(url, writer, arguments.notice, arguments.token)
        yield writer, credential


async def _answers(
    writer: Writer, notice: str, credential: Credential, chunk: Sequence[EventLine]
) -> list[Receipt | Refused]:
    items = [line.item for line in chunk if isinstance(line.item, SubmittedFact)]
    appended = iter(await writer.append_all(notice, items, credential) if items else ())
    return [line.item if isinstance(line.item, Refused) else next(appended) for line in chunk]


def _tell(number: int, answer: Receipt | Refused, tally: Tally, *, as_json: bool) -> None:
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
        say(f"line {number}: {_in_a_line(refusal)}")


def _in_a_line(refusal: Refusal) -> str:
    where = f"{refusal.path}: " if refusal.path else ""
    return f"{where}{' '.join(refusal.message.split())} ({refusal.code})"


def lines(stream: BinaryIO) -> Iterator[EventLine]:
    """Every line that is not blank, read as an event; one that is too long is refused unread.

    Raises LedgerError when the first line only begins a document that is written over several.
    """
    number = 0
    while raw := stream.readline(LINE_BYTES + 1):
        number += 1
        size = len(raw)
        if number == 1 and raw.strip() in (b"{", b"["):
            raise LedgerError("an event is written over several lines; write one a line, as by: jq -c . FILE")
        if size > LINE_BYTES:
            while not raw.endswith(b"\n") and (raw := stream.readline(LINE_BYTES)):
                size += len(raw)
            long = f"the line has {size:,} bytes, of at most {LINE_BYTES:,}; submit long texts as evidence"
            yield EventLine(number, size, Refused.because("TOO_LARGE", long))
        elif raw.strip():
            yield EventLine(number, size, _read(raw))


def _read(raw: bytes) -> SubmittedFact | Refused:
    try:
        return accept(read_json(raw))
    except Refused as refused:
        return refused


def _chunks(found: Iterator[EventLine]) -> Iterator[list[EventLine]]:
    chunk: list[EventLine] = []
    for line in found:
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
    """The bytes of a file; None for a pipe."""
    return (None if name == "-" else Path(name).stat().st_size) or None


class _Far(Struct):
    """How far a file is read; how many lines there are is worked out from their mean length so far."""

    told: ProgressCallback
    name: str
    size: int | None
    """The bytes of the file; None: it is a pipe."""
    done: int = 0
    read: int = 0

    def tick(self, lines: int, weight: int) -> None:
        """Takes in that so many lines more, of so many bytes, are done."""
        self.done += lines
        self.read += weight
        total = None if self.size is None else max(self.done, self.done * self.size // max(self.read, 1))
        self.told(self.name, self.done, total)
