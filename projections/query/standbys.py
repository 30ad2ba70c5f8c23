"""Choose the server that snapshots are read from: a hot standby that is up to date, or the primary.

A monitor checks each standby about twice a second. It leaves out a standby that is unreachable, promoted, too far
behind, or a copy of another primary. Each process puts the standbys in a random order, and reads from the first
that is not left out. So a process changes its standby only when one is left out or taken back.
"""

import asyncio
import logging
import random
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import connect, hosts
from ledger.store.pooling import refuse_transaction_pooling
from projections.engine.tasks import end

LOOK_SECONDS = 0.5
"""Seconds between checks of the standbys."""
ANSWER_SECONDS = 3.0
"""Seconds within which a server must answer a status check."""
HOUR_SECONDS = 3_600.0
"""Seconds up to which a measured lag is exact. LEDGER_READ_LAG may not exceed this."""
# The name of a file of the write-ahead log begins with the timeline.
_PRIMARY = """SELECT system_identifier, pg_is_in_recovery(),
    CASE WHEN NOT pg_is_in_recovery()
        THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END,
    CASE WHEN NOT pg_is_in_recovery() THEN (pg_current_wal_lsn() - '0/0')::bigint END
FROM pg_control_system()"""
_STANDBY = """SELECT system_identifier, pg_is_in_recovery(), greatest(timeline_id, min_recovery_end_timeline),
    coalesce((pg_last_wal_replay_lsn() - '0/0')::bigint, 0)
FROM pg_control_system(), pg_control_checkpoint(), pg_control_recovery()"""
_log = logging.getLogger(__name__)
Pool = AsyncConnectionPool[AsyncConnection[Any]]


class ServerState(Struct, frozen=True):
    """State of a server at one check."""

    system: int
    """Identifier that a primary shares with its standbys only."""
    is_standby: bool
    timeline: int
    """Timeline of PostgreSQL: a number that grows with each promotion to primary."""
    position: int
    """Bytes of the write-ahead log that a primary has written, or that a standby has replayed."""


class LogPositions:
    """Positions of the primary's write-ahead log in the last hour, by this process's clock.

    Nothing is known before the first sample: a standby behind that sample may be behind by any time.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, at: float, position: int) -> None:
        """Add a sample if the log has grown, and forget samples that no lag of up to an hour needs."""
        while self._samples and self._samples[-1][1] > position:  # a primary that is gone wrote more
            self._samples.pop()
        if not self._samples or position > self._samples[-1][1]:
            self._samples.append((at if self._samples else float("-inf"), position))
        while len(self._samples) > 2 and self._samples[1][0] < at - HOUR_SECONDS:
            self._samples.popleft()

    def lag(self, position: int, now: float) -> float:
        """Return the seconds for which a standby at this position has been behind; 0 if it is up to date."""
        first = bisect_right(self._samples, position, key=lambda sample: sample[1])
        return now - self._samples[first][0] if first < len(self._samples) else 0.0


class Standby:
    """A standby of the read URL, and the reason why it is left out."""

    def __init__(self, host: str, url: str) -> None:
        self.host = host
        """Address of the standby without a password, for the log."""
        self.url = url
        self.lag = 0.0
        """Seconds by which the standby was behind the primary at the last check."""
        self.pool: Pool | None = None
        """Connections for readers; None while the standby is left out."""
        self.fault: str | None = "it has not been looked at yet"
        """Reason why the standby is left out; None while it can be read."""
        self.error: str | None = None
        """Reason why the last check of the standby failed; None if the check succeeded."""
        self._connection: AsyncConnection[Any] | None = None

    async def look(self) -> ServerState | None:
        """Return the state of the server, or None if the check fails; `error` then has the reason."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._connection is None or self._connection.closed:
                    self._connection = await connect(self.url)
                    await refuse_transaction_pooling(self._connection, partial(connect, self.url))
                state = await _state(self._connection, _STANDBY)
        except TimeoutError:
            self.error = f"no answer in {ANSWER_SECONDS:g} s"
        except (LedgerError, psycopg.Error) as error:
            self.error = " ".join(str(error).split())
        else:
            self.error = None
            return state
        await self.disconnect()
        return None

    async def disconnect(self) -> None:
        """Close the connection that checks use."""
        if self._connection is not None:
            await self._connection.close()


class Standbys:
    """The standbys of one primary, with the monitor that leaves them out and takes them back.

    Args:
        primary: URL of the primary.
        url: URL of the standbys, one or several hosts.
        limit: Seconds by which a standby may be behind the primary.
        make_pool: Function that makes the pool of a standby's URL, not yet open.
    """

    def __init__(self, primary: str, url: str, limit: float, make_pool: Callable[[str], Pool]) -> None:
        self._primary = primary
        self._limit = limit
        self._make_pool = make_pool
        self._written = LogPositions()
        self._connection: AsyncConnection[Any] | None = None
        self._state: ServerState | None = None
        self._task: asyncio.Task[None] | None = None
        self.servers = [Standby(host, one) for host, one in hosts(url)]
        self._order: Sequence[Standby] = random.sample(self.servers, len(self.servers))

    async def open(self) -> None:
        """Check each standby, and start the monitor.

        Raises:
            LedgerError: A standby belongs to another cluster, or every server of the URL is a primary.
            Unavailable: The primary cannot be reached.
        """
        if await self._sample() is None:
            raise Unavailable("the primary cannot be reached; check LEDGER_DATABASE_URL")
        states = await self._look()
        for standby, state in zip(self.servers, states, strict=True):
            if state is not None and self._state is not None and state.system != self._state.system:
                raise LedgerError(f"LEDGER_READ_URL: {standby.fault}; name standbys of LEDGER_DATABASE_URL")
        if all(state is not None and not state.is_standby for state in states):
            raise LedgerError("LEDGER_READ_URL names a primary, not a standby; name standbys, or unset it")
        self._task = asyncio.create_task(self._run(), name="standbys")

    async def close(self) -> None:
        """Stop the monitor and disconnect."""
        if self._task is not None:
            await end(self._task)
        async with AsyncExitStack() as stack:
            for standby in self.servers:
                stack.push_async_callback(standby.disconnect)
                if standby.pool is not None:
                    stack.push_async_callback(standby.pool.close)
            if self._connection is not None:
                stack.push_async_callback(self._connection.close)

    def pool(self) -> Pool | None:
        """Return the pool of the standby to read from; None to read from the primary."""
        return next((standby.pool for standby in self._order if standby.pool is not None), None)

    async def leave_out(self, pool: Pool) -> None:
        """Leave out the standby of a pool on which no transaction could begin, until the monitor takes it back."""
        for standby in self.servers:
            if standby.pool is pool:
                await self._set_fault(standby, f"{standby.host} cannot be reached")

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with suppress(psycopg.Error, LedgerError):  # the next look tries again
                await self._look()

    async def _look(self) -> list[ServerState | None]:
        """Check each standby, and then the primary, so that a true copy is never ahead of the primary.

        Returns:
            The state of each standby; None if its check failed.
        """
        async with asyncio.TaskGroup() as group:  # unlike gather, it ends them when it is cancelled
            looks = [group.create_task(standby.look()) for standby in self.servers]
        states = [look.result() for look in looks]
        await self._sample()
        for standby, state in zip(self.servers, states, strict=True):
            await self._set_fault(standby, self._fault(standby, state))
        return states

    async def _sample(self) -> ServerState | None:
        """Note the position of the primary's log, and return the primary's state; None if it does not answer."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._connection is None or self._connection.closed:
                    self._connection = await connect(self._primary)
                state = await _state(self._connection, _PRIMARY)
        except (LedgerError, psycopg.Error, TimeoutError):
            if self._connection is not None:
                await self._connection.close()
            return None
        if not state.is_standby:
            self._state = state
            self._written.add(asyncio.get_running_loop().time(), state.position)
        return state

    def _fault(self, standby: Standby, state: ServerState | None) -> str | None:
        """Return the reason to leave a standby out, or None if it can be read."""
        if state is None or self._state is None:
            return f"{standby.host} cannot be read: {standby.error or 'the primary cannot be reached'}"
        standby.lag = self._written.lag(state.position, asyncio.get_running_loop().time())
        if state.system != self._state.system:
            return f"{standby.host} belongs to another cluster than the primary"
        if not state.is_standby:
            return f"{standby.host} is a primary, not a standby"
        if state.timeline > self._state.timeline or state.position > self._state.position:
            return f"{standby.host} follows another primary, or has entries that the primary lacks"
        if standby.lag > self._limit:
            return f"{standby.host} is more than {self._limit:g} s behind the primary"
        return None

    async def _set_fault(self, standby: Standby, fault: str | None) -> None:
        """Leave a standby out for a fault, or take the standby back without a fault; log each change."""
        if fault is None and standby.pool is None:
            pool = self._make_pool(standby.url)
            await pool.open()
            standby.pool = pool
            _log.info("reading from the standby %s", standby.host)
        elif fault is not None and fault != standby.fault:
            _log.warning("a standby is left out: %s", fault)
        standby.fault = fault
        if fault is not None and standby.pool is not None:
            pool, standby.pool = standby.pool, None
            await pool.close()


async def _state(connection: AsyncConnection[Any], query: str) -> ServerState:
    [(system, is_standby, timeline, position)] = await (await connection.execute(query.encode())).fetchall()
    return ServerState(system, is_standby, timeline or 0, position or 0)


async def take(pool: Pool, seconds: float) -> AsyncConnection[Any]:
    """Return a connection from a pool.

    Raises:
        Unavailable: No connection was free in that many seconds, or the pool is closed.
    """
    try:
        return await pool.getconn(max(seconds, 0.001))
    except (PoolClosed, PoolTimeout, psycopg.OperationalError) as error:
        raise Unavailable(f"the database cannot be reached: {error}") from error


async def begin_on(
    pool: Pool, begin: Sequence[bytes], seconds: float
) -> tuple[AsyncConnection[Any], list[tuple[Any, ...]]]:
    """Begin a transaction on a connection from a pool; replace connections that the server has closed.

    Args:
        pool: The connections.
        begin: The strings to send in one go; a single string may contain several statements.
        seconds: Seconds to wait for a connection.

    Returns:
        The connection, and the rows of the last statement.

    Raises:
        Unavailable: No connection was free in time, or the notice's server of a cluster cannot be reached.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        connection = await take(pool, deadline - asyncio.get_running_loop().time())
        try:
            return connection, await _run(connection, begin)
        except BaseException as error:
            is_lost = connection.closed
            await pool.putconn(connection)
            if isinstance(error, psycopg.errors.ConnectionFailure):
                raise Unavailable("the notice's server of the cluster cannot be reached; try again") from error
            if not (is_lost and isinstance(error, psycopg.OperationalError)):
                raise


async def _run(connection: AsyncConnection[Any], strings: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """Run the statements in these strings, and return the rows of the last statement."""
    if len(strings) > 1:
        async with connection.pipeline():
            for string in strings[:-1]:
                await connection.execute(string, prepare=False)
            cursor = await connection.execute(strings[-1], prepare=False)
    else:
        cursor = await connection.execute(strings[0])
        while cursor.nextset():
            pass
    return await cursor.fetchall()
