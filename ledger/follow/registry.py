"""Sources that this ledger follows, and the names of their subscriptions."""

from msgspec import Struct

from ledger.store.entries import Connection

SUBSCRIPTION = "ledger_"
"""Prefix of a subscription's name; the source's name follows."""


class Source(Struct, frozen=True):
    """A ledger that is followed."""

    name: str
    site: str
    """Address of the service where its facts are recorded."""
    key: str
    """Verifier key of its checkpoints before the first rotation."""
    left: bool
    """True once it is no longer followed; its notices stay here, read-only."""


async def sources(connection: Connection) -> list[Source]:
    """Return all sources, also those that have left."""
    cursor = await connection.execute(
        "SELECT source, site, key, left_at IS NOT NULL FROM ledger.sources ORDER BY source"
    )
    return [Source(*row) for row in await cursor.fetchall()]
