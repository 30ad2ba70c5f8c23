"""Refuse transaction pooling when the service starts.

The ledger pools its own connections, and needs what belongs to a session: settings, locks and notifications. A
pooler that gives each transaction another session breaks all three.
"""

from contextlib import AsyncExitStack
from typing import Any

from psycopg import AsyncConnection

from ledger.domain.errors import LedgerError
from ledger.store.database import connect, is_pooled

_ATTEMPTS = 5


async def refuse_transaction_pooling(url: str) -> None:
    """Raise LedgerError if a pooler in transaction mode is between the service and the database."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(await connect(url))
        if not is_pooled(first, await backend_of(first)):
            return
        others = [await stack.enter_async_context(await connect(url)) for _ in range(_ATTEMPTS)]
        await check_sessions(first, others)


async def check_sessions(first: AsyncConnection[Any], others: list[AsyncConnection[Any]]) -> None:
    """Raise LedgerError if a connection's server process changes while the other connections have transactions.

    A pooler in transaction mode lends the process of an idle connection to the next transaction.
    """
    before = await backend_of(first)
    async with AsyncExitStack() as stack:
        for other in others:
            await stack.enter_async_context(other.transaction())
            await backend_of(other)
        if await backend_of(first) != before:
            raise LedgerError(
                "a connection pooler (PgBouncer in transaction pooling, for example) is between the ledger and "
                "PostgreSQL; connect directly: the ledger pools its own connections"
            )


async def backend_of(connection: AsyncConnection[Any]) -> int:
    """Return the number of the server process that serves a connection."""
    [(number,)] = await (await connection.execute("SELECT pg_backend_pid()")).fetchall()
    return int(number)
