"""Connections of writers: each round trip is bounded in time, and costs a recorder little."""

import asyncio
import os
import select
import socket
from contextlib import suppress
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.abc import PQGen
from psycopg.waiting import READY_R, WAIT_R, Wait

RV = TypeVar("RV")
ANSWER_SECONDS = 10.0
"""Seconds in which the server must answer a writer's statement or commit; then the connection is lost."""


class BoundedConnection(AsyncConnection[Any]):
    """Connection that is lost if the server does not answer a statement in `ANSWER_SECONDS`.

    PostgreSQL itself sets no limit to a commit while no synchronous standby is connected. The socket is closed,
    and the statement is not cancelled. PostgreSQL would treat a cancelled wait for a standby as a commit.
    """

    _deadline: float | None = None
    """Seconds on the event loop's clock by which the present round trip must end; None between round trips."""
    _timer: asyncio.TimerHandle | None = None
    """Timer of the next check of the deadline; None while no check is due.

    The timer outlasts a round trip, because a timer for each round trip costs more.
    """

    async def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:  # noqa: ANN401 - psycopg's own
        """Run a round trip, and close the socket if the server does not answer in `ANSWER_SECONDS`."""
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + ANSWER_SECONDS
        if self._timer is None:
            self._timer = loop.call_at(self._deadline, self._check, loop)
        try:
            return await self._run(gen, *args, **kwargs)
        finally:
            self._deadline = None

    async def close(self) -> None:
        """Close the connection and cancel its timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await super().close()

    async def _run(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:  # noqa: ANN401 - psycopg's own
        return await super().wait(gen, *args, **kwargs)

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close the socket if the deadline has passed; check again at a deadline that is still ahead."""
        self._timer = None
        if self._deadline is None:
            return
        if loop.time() < self._deadline:
            self._timer = loop.call_at(self._deadline, self._check, loop)
        else:
            self._hang_up()

    def _hang_up(self) -> None:
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.fileno())) as other:
            other.shutdown(socket.SHUT_RDWR)


class RecordingConnection(BoundedConnection):
    """Connection of one recorder, with less work for each statement.

    The socket stays registered with the event loop, and a repeated statement keeps its cursor. Making
    a registration and a cursor for each statement takes half of a client's processor time. An interrupted
    statement loses the connection.
    """

    _socket: socket.socket | None = None
    """Duplicate of the socket that is registered with the event loop; None while unregistered.

    psycopg may close its own socket, whose number can then belong to another file.
    """
    _answer: asyncio.Future[None] | None = None
    """Future that completes when the server sends data; None while no statement waits."""
    _has_news = False
    """True if the socket was readable while no statement waited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - psycopg's own
        super().__init__(*args, **kwargs)
        self._cursors: dict[str, AsyncCursor[Any]] = {}

    def cursor_of(self, statement: LiteralString) -> AsyncCursor[Any]:
        """Return the cursor of a repeated statement, which keeps the dumpers of the statement's parameters."""
        cursor = self._cursors.get(statement)
        if cursor is None:
            cursor = self._cursors[statement] = self.cursor(binary=True)
        return cursor

    async def close(self) -> None:
        """Close the connection and the duplicate of its socket."""
        self._unregister()
        await super().close()

    async def _run(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:  # noqa: ANN401 - psycopg's own
        try:
            state = next(gen)
            while state == WAIT_R:
                await self._wait_for_news()
                state = gen.send(READY_R)
                if state == WAIT_R:
                    self._unregister()  # uvloop reports a broken connection once, and nothing after it
        except StopIteration as end:
            value: RV = end.value
            return value
        except (asyncio.CancelledError, KeyboardInterrupt):
            self._unregister()
            self.pgconn.finish()
            raise
        except BaseException:
            self._unregister()
            raise
        # the socket takes a large statement in parts
        return await super()._run(_resume(gen, state), *args, **kwargs)

    async def _wait_for_news(self) -> None:
        loop = asyncio.get_running_loop()
        if self._has_news and self._socket is not None:
            self._has_news = False
            if _is_readable(self._socket):
                return
        if self._socket is None:
            try:
                self._socket = socket.socket(fileno=os.dup(self.fileno()))
            except OSError as error:
                raise psycopg.OperationalError(f"the connection's socket cannot be used: {error}") from error
            loop.add_reader(self._socket, self._receive)
        self._answer = loop.create_future()
        try:
            await self._answer
        finally:
            self._answer = None

    def _receive(self) -> None:
        """Note that the server has sent data.

        The event loop may report an answer once more while it is being read. It would report unread data without
        end, so the second such report ends the registration of the socket. The next wait registers it again.
        """
        if self._answer is None:
            if self._has_news:
                self._unregister()
            else:
                self._has_news = True
        elif not self._answer.done():
            self._has_news = False
            self._answer.set_result(None)

    def _hang_up(self) -> None:
        """Close the socket, and wake the waiting statement even if the event loop reports nothing."""
        super()._hang_up()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def _unregister(self) -> None:
        self._has_news = False
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None


def _is_readable(connected: socket.socket) -> bool:
    """Return whether the server has sent data that is not read yet, or the connection is broken."""
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return bool(poll.poll(0))


def _resume(gen: PQGen[RV], state: Wait) -> PQGen[RV]:
    """Continue a round trip that waits for a state of its socket."""
    while True:
        ready = yield state
        try:
            state = gen.send(ready)
        except StopIteration as end:
            value: RV = end.value
            return value
