"""Sources that this ledger follows, and the names of their subscriptions."""

from msgspec import Struct

from ledger.store.entries import Connection

SUBSCRIPTION = "ledger_"
"""Prefix of a subscription's name; the source's name follows."""


class Source(Struct, frozen=True):
    """Ledger that this ledger follows or has followed."""

    name: str
    site: str
    """Address of the service where the source's facts are recorded."""
    key: str
    """Verifier key of the source's checkpoints before the first rotation."""
    left: bool
    """True once the source is no longer followed. Its notices stay here, read-only."""


async def sources(connection: Connection) -> list[Source]:
    """Return all sources by name, including sources that are no longer followed."""
    cursor = await connection.execute(
        "SELECT source, site, key, left_at IS NOT NULL FROM ledger.sources ORDER BY source"
    )
    return [Source(*row) for row in await cursor.fetchall()]
