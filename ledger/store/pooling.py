"""Refuse transaction pooling when the service starts, and before a migration.

The ledger pools its own connections, and needs what belongs to a session: settings, locks and notifications. A
pooler that gives each transaction another session breaks all three.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import psycopg
from psycopg import AsyncConnection, BaseConnection

from ledger.domain.errors import LedgerError

WAIT_SECONDS = 10.0
"""Seconds to wait until a pooler lends all connections of the check."""
_ATTEMPTS = 5
_REMEDY = "connect directly: the ledger pools its own connections"


async def refuse_transaction_pooling(
    first: AsyncConnection[Any], another: Callable[[], Awaitable[AsyncConnection[Any]]]
) -> None:
    """Check that a connection keeps its server process while other connections have transactions.

    A pooler in transaction mode lends the process of an idle connection to the next transaction.

    Args:
        first: An idle connection.
        another: Makes another connection to the same database.

    Raises:
        LedgerError: The process changes, or a pooler does not lend enough connections for this check.
    """
    before = await _backend(first)
    if not is_pooled(first, before):
        return
    try:
        async with asyncio.timeout(WAIT_SECONDS), AsyncExitStack() as stack:
            for _ in range(_ATTEMPTS):
                other = await stack.enter_async_context(await another())
                await stack.enter_async_context(other.transaction())
                await _backend(other)
                if await _backend(first) != before:
                    raise LedgerError(
                        "a connection pooler (PgBouncer in transaction pooling, for example) is between the "
                        f"ledger and PostgreSQL; {_REMEDY}"
                    )
    except (TimeoutError, psycopg.errors.ProtocolViolation):  # the latter after PgBouncer's own timeout
        raise LedgerError(
            "a connection pooler (PgBouncer, for example) is between the ledger and PostgreSQL, and lends fewer "
            f"than {_ATTEMPTS + 1} connections (default_pool_size); {_REMEDY}"
        ) from None


def is_pooled(connection: BaseConnection[Any], backend: int) -> bool:
    """Return whether a connection goes through a pooler, which reports another process number than `backend`."""
    return connection.info.backend_pid != backend


async def _backend(connection: AsyncConnection[Any]) -> int:
    """Return the number of the server process that serves a connection."""
    [(number,)] = await (await connection.execute("SELECT pg_backend_pid()")).fetchall()
    return int(number)
