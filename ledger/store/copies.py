"""Notices that came from another ledger: nothing is recorded for them here."""

from ledger.domain.errors import Refused
from ledger.store.entries import Connection

_SITE = """SELECT f.source, s.site FROM ledger.followed f LEFT JOIN ledger.sources s ON s.source = f.source
    WHERE f.notice = %s"""
_IS_FOLLOWED = "SELECT FROM ledger.followed WHERE notice = %s"


def read_only_copy(notice: str, source: str, site: str | None) -> Refused:
    """Return the refusal of a fact of a copied notice, which says where to record it."""
    place = f"record at {site}" if site else f"record at its source {source}"
    return Refused.because("READ_ONLY_COPY", f"this is a read-only copy of {notice}; {place}")


async def refuse_followed(connection: Connection, notice: str) -> None:
    """Check that facts of a notice may be recorded in this ledger.

    Raises:
        Refused: READ_ONLY_COPY: The notice came from another ledger, where its facts are recorded.
    """
    row = await (await connection.execute(_SITE, (notice,))).fetchone()
    if row is not None:
        raise read_only_copy(notice, *row)


async def is_followed(connection: Connection, notice: str) -> bool:
    """Return whether a notice came from another ledger."""
    return (await connection.execute(_IS_FOLLOWED, (notice,))).rowcount == 1
