"""Keep the ids of ended sessions, which every process of the service refuses until they expire."""

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

Connection = AsyncConnection[Any]


async def end(connection: Connection, session: str, expires_at: datetime) -> bool:
    """Store the id of an ended session, and delete the ids of sessions that have expired.

    Returns:
        True if the session had not ended before.
    """
    await connection.execute("DELETE FROM ledger.ended_sessions WHERE expires_at < now()")
    cursor = await connection.execute(
        "INSERT INTO ledger.ended_sessions (id, expires_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (session, expires_at),
    )
    return cursor.rowcount == 1


async def has_ended(connection: Connection, session: str) -> bool:
    """Return whether a session has ended; ids of expired sessions may have been deleted."""
    cursor = await connection.execute("SELECT FROM ledger.ended_sessions WHERE id = %s", (session,))
    return await cursor.fetchone() is not None
