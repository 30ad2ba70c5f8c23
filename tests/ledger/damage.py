"""A small sound record, and the ways in which tests damage it behind the ledger's back."""

from ledger.append.writer import Writer
from ledger.proof.merkle import leaf_hash, root_hash
from ledger.store.database import connect
from ledger.verify.findings import Damage, Report
from tests.ledger.history import ALICE, DAN, NOTICE, ROSA, SETTING_SIZE, begin, progress, received, submit

NARRATED = SETTING_SIZE + 1
"""An entry with a narrative that is kept; the four after it are of its kind."""
ERASED = NARRATED + 4
REQUEST = ERASED + 1
ERASING = ERASED + 2
SIZE = ERASING + 3
NEWER = (
    "UPDATE ledger.entries SET type = regexp_replace(type, '[.]v[0-9]+$', '.v99'), body = convert_to("
    "regexp_replace(convert_from(body, 'UTF8'), 'ProgressRecorded[.]v[0-9]+', 'ProgressRecorded.v99'), 'UTF8') "
    "WHERE position = {narrated}"
)
"""Statement that gives an entry a type of a newer version."""


async def record(database: str) -> None:
    """Store a history in a database: five narratives of progress, the last erased, and three more."""
    async with Writer(database) as writer:
        await begin(writer)
        received(await writer.append_all(NOTICE, [progress() for _ in range(5)], ALICE))
        erasure_request = {"position": ERASED, "reason": "A name", "authority": "UK GDPR 17"}
        request = submit("ErasureRequested", erasure_request, "rosa")
        assert (await writer.append(NOTICE, request, ROSA)).position == REQUEST
        erased = submit("NarrativeErased", {"position": ERASED, "request": REQUEST}, "dan")
        assert (await writer.append(NOTICE, erased, DAN)).position == ERASING
        received(await writer.append_all(NOTICE, [progress() for _ in range(3)], ALICE))


async def damage(url: str, *statements: str, **more: object) -> None:
    """Run statements as the superuser with the triggers off, `{narrated}` and the like put in."""
    places = {"narrated": NARRATED, "second": NARRATED + 1, "third": NARRATED + 2, "size": SIZE}
    places |= {"erased": ERASED, "erasing": ERASING}
    async with await connect(url) as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement.format(**places, **more).encode())


def kinds(report: Report) -> list[tuple[int, Damage]]:
    """Return the findings by position."""
    [only] = report.notices
    assert only.notice == NOTICE
    assert only.damages == len(only.findings)
    return [(finding.position, finding.damage) for finding in only.findings]


async def rehash(url: str) -> None:
    """Recompute every hash from the stored bytes, as an expert forger would."""
    async with await connect(url) as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        cursor = await connection.execute("SELECT body FROM ledger.entries ORDER BY position")
        leaves = [leaf_hash(body) for (body,) in await cursor.fetchall()]
        for position in range(1, len(leaves) + 1):
            await connection.execute(
                "UPDATE ledger.entries SET leaf_hash = %s, root_hash = %s WHERE position = %s",
                (leaves[position - 1], root_hash(leaves[:position]), position),
            )
