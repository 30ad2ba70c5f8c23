"""Accept the loss of a notice's entries, and let recording and signing go on: `ledger resume`."""

from argparse import Namespace
from base64 import b64encode

from api.cli.common import OPERATOR, Parser, check_notice, database, run, show
from api.settings import Settings
from ledger.append.writer import Writer
from ledger.domain.areas.records import LossAccepted
from ledger.domain.errors import LedgerError, RolledBack
from ledger.domain.registry import KIND_OF
from ledger.follow.source import slots
from ledger.intake.parse import SubmittedFact, accept
from ledger.proof.high_water import Mark, open_marks
from ledger.store.database import connect
from ledger.store.entries import Connection, Head, find_keys, read_head


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("notice", metavar="NOTICE", help="the notice that lost entries")
    parser.add_argument("--accept-loss", action="store_true", help="record the loss and go on without the entries")
    parser.runs(_resume)


def _resume(arguments: Namespace) -> int:
    position, followers = run(_accept(arguments.notice, accepted=arguments.accept_loss))
    if arguments.json:
        show({"notice": arguments.notice, "position": position, "followers": followers})
    elif position is None:
        print(f"{arguments.notice} has lost nothing that is known here; nothing was changed.")
    else:
        print(f"The loss is recorded as entry {position} of {arguments.notice}; recording and signing go on.")
        for follower in followers:
            print(
                f"The follower {follower} has the lost entries. Run: ledger follow unpublish {follower}. It can "
                "follow again, in an empty database."
            )
    return 0


async def _accept(notice: str, *, accepted: bool) -> tuple[int | None, list[str]]:
    """Record the loss of a notice's entries, and replace the notice's high-water mark.

    Returns:
        The position of the recorded loss, or None when nothing is lost. Then the names of the followers,
        which may have the lost entries; none when nothing is lost.

    Raises:
        RolledBack: Entries are lost, and the loss is not accepted.
        LedgerError: The database has no entry of the notice, or the file of marks cannot be read or written.
    """
    async with database() as url, await connect(url, "ledger_writer") as connection:
        marks = await open_marks(Settings.from_environment().high_water_file, url)
        head = await read_head(connection, notice)
        if head is None and marks.mark(notice) is None:
            await check_notice(url, notice)
        try:
            await marks.check(connection, notice, head)
        except RolledBack:
            mark = marks.mark(notice)  # after the check, which may take over the mark of another database
            if not accepted or mark is None:
                raise
        else:
            return None, []
        if head is None:
            raise LedgerError(f"this database has no entry of {notice}; restore a copy that has its first ones")
        marks.write()  # a file that takes no mark would leave the notice stopped after its loss was recorded
        position = await _record(connection, url, notice, _fact(mark, head))
        marks.accept_loss(notice, await read_head(connection, notice))
        return position, [slot.name for slot in await slots(connection)]


async def _record(connection: Connection, url: str, notice: str, loss: SubmittedFact) -> int:
    """Record a loss unless an earlier run, perhaps on another host, recorded it; return the entry's position.

    Raise the errors of `Writer.append`.
    """
    key = (loss.source, loss.id)
    recorded = (await find_keys(connection, notice, [key])).get(key)
    if recorded is not None:
        return recorded.position
    async with Writer(url) as writer:
        return (await writer.append(notice, loss, OPERATOR)).position


def _fact(mark: Mark, head: Head) -> SubmittedFact:
    """Return the fact that accepts a loss; its id depends only on the tree that was lost."""
    root = b64encode(mark.root_hash).decode()
    data = {"size": mark.size, "rootHash": root, "resumedAt": head.size}
    return accept(
        {
            "specversion": "1.0",
            "id": f"loss:{mark.size}:{mark.root_hash.hex()}",
            "source": OPERATOR.actor,
            "type": KIND_OF[LossAccepted].type,
            "data": data,
        }
    )
