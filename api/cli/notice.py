"""Check a notice pack, or record its notice: `ledger notice`."""

from argparse import Namespace
from pathlib import Path

from api.cli.common import OPERATOR, Parser, database, open_writer, run, say, show
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError, Refused
from ledger.intake.pack import Pack, check, events, read
from ledger.intake.parse import accept
from ledger.packs import SHIPPED, shipped

PACK_BYTES = 10_000_000
"""Bytes of the largest accepted pack, a hundred times the size of a long notice."""


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    actions = parser.add_actions(
        add=("record the notice of a pack: its issue, areas and clauses", _add),
        check=("print the errors of a pack, by line", _check),
    )
    for action in actions:
        action.add_argument("pack", metavar="PACK", help=f"a TOML file, or one of: {', '.join(SHIPPED)}")


def _content(pack: str) -> bytes:
    if pack in SHIPPED:
        return shipped(pack)
    try:
        with Path(pack).open("rb") as file:
            content = file.read(PACK_BYTES + 1)
    except OSError as error:
        packs = ", ".join(SHIPPED)
        raise LedgerError(
            f"{pack} cannot be read: {error.strerror}; name a TOML file, or one of: {packs}"
        ) from None
    if len(content) > PACK_BYTES:
        raise LedgerError(f"{pack} has more than {PACK_BYTES:,} bytes; name a notice pack, a TOML file")
    return content


def _check(arguments: Namespace) -> int:
    content = _content(arguments.pack)
    faults = check(content)
    if arguments.json:
        show({"pack": arguments.pack, "sound": not faults, "faults": faults})
    elif faults:
        for fault in faults:
            print(f"{arguments.pack}:{fault.line}: {fault.message}")
        count = f"{len(faults)} {'error' if len(faults) == 1 else 'errors'}"
        say(f"ledger: {arguments.pack} has {count}; correct these lines, and check again")
    else:
        pack = read(content)
        print(f"{pack.notice.id} is sound: {len(pack.areas)} areas, {len(pack.clauses)} clauses.")
    return 1 if faults else 0


def _add(arguments: Namespace) -> int:
    content = _content(arguments.pack)
    faults = check(content)
    if faults:
        first = f"{arguments.pack}:{faults[0].line}: {faults[0].message}"
        raise LedgerError(f"{first} (errors: {len(faults)}; print them all with ledger notice check)")
    pack = read(content)
    receipts = run(_record(pack))
    if arguments.json:
        for receipt in receipts:
            show(receipt)
        return 0
    new = [receipt for receipt in receipts if not receipt.duplicate]
    if new:
        print(f"{pack.notice.id} is recorded: entries {new[0].position} to {new[-1].position}.")
    else:
        print(f"{pack.notice.id} was recorded already, on {receipts[0].recorded_at:%d %B %Y}; nothing was added.")
    return 0


async def _record(pack: Pack) -> list[Receipt]:
    async with database() as url, await open_writer(url) as writer:
        return await record(writer, pack)


class OtherPack(LedgerError):
    """Error for a notice that was recorded from another version of its pack."""


async def record(writer: Writer, pack: Pack) -> list[Receipt]:
    """Record the notice of a pack as the operator, and return the receipts.

    Either all facts of the pack are recorded, or no fact. Repeating the call changes nothing.

    Raises:
        OtherPack: The notice was recorded from another version of the pack.
        Refused: A fact of the pack is refused.
        Busy: The queue is full. Retry later.
        Unavailable: Nothing can be recorded now. Retrying is safe.
    """
    notice = pack.notice.id
    answers = await writer.append_all(notice, [accept(event) for event in events(pack)], OPERATOR, strict=True)
    refusals = [r for answer in answers if isinstance(answer, Refused) for r in answer.refusals]
    if any(refusal.code == "KEY_REUSED" for refusal in refusals):
        raise OtherPack(
            f"{notice} was recorded from another version of its pack, and a notice never changes; "
            "correct its entries, or give the pack another id"
        )
    if refusals:
        raise Refused(refusals)
    return [answer for answer in answers if isinstance(answer, Receipt)]
