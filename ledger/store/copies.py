"""Notices that came from another ledger: nothing is recorded for them here."""

from ledger.domain.errors import Refused
from ledger.store.entries import Connection

_SITE = """SELECT f.source, s.site FROM ledger.followed f LEFT JOIN ledger.sources s ON s.source = f.source
    WHERE f.notice = %s"""
_IS_FOLLOWED = "SELECT FROM ledger.followed WHERE notice = %s"


async def refuse_followed(connection: Connection, notice: str) -> None:
    """Check that facts of a notice are recorded here.

    Raises:
        Refused: READ_ONLY_COPY: they are recorded at its source.
    """
    row = await (await connection.execute(_SITE, (notice,))).fetchone()
    if row is not None:
        name, site = row
        place = f"record at {site}" if site else f"record at its source {name}"
        raise Refused.because("READ_ONLY_COPY", f"this is a read-only copy of {notice}; {place}")


async def is_followed(connection: Connection, notice: str) -> bool:
    """Return whether a notice came from another ledger."""
    return (await connection.execute(_IS_FOLLOWED, (notice,))).rowcount == 1
