"""One request: who asks, what they may see of a notice, and the readings that answer them.

Whoever serves the schema makes a `Context` a request. Imports `projections`, `ledger` and strawberry's loader.
"""

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from strawberry.dataloader import DataLoader

from ledger.append.receipt import Receipt
from ledger.domain.areas.people import Credential
from ledger.domain.roles import Role, matrix
from ledger.intake.parse import SubmittedFact
from ledger.proof.checkpoint_signer import SignedCheckpoint
from projections.errors import ViewStopped
from projections.query.reader import WAIT_SECONDS, AsOf, Reader, Snapshot
from schema.errors import FORBIDDEN, no_notice, problem
from schema.limits import Budget

READINGS_AT_ONCE = 4
"""Connections that one request uses at most at a time; a list of notices takes turns."""
_TURNS_KEPT = 12
"""Turns of the event loop for which a reading without work stays open: a resolver's result takes a few to reach
the resolvers below it, and opening anew costs round trips. Nothing but speed depends on it."""
T = TypeVar("T")
Query = Callable[[Snapshot], Awaitable[T]]


class Viewer(Protocol):
    """Who asks."""

    @property
    def credential(self) -> Credential:
        """Who they are, as the writer takes it."""

    async def roles(self, notice: str) -> Sequence[Role]:
        """The roles that they hold in that notice now; none where they have no part or there is no such notice."""

    async def allowed(self) -> Sequence[str]:
        """The notices in which they have a part."""


class Append(Protocol):
    """Records one fact: `Writer.append`."""

    async def __call__(
        self, notice: str, item: SubmittedFact, credential: Credential, expected: int | None
    ) -> Receipt:
        """The receipt; raises Refused, Busy or Unavailable."""


class Sign(Protocol):
    """The signed checkpoint of a notice's log at a size: `Log.checkpoint`."""

    async def __call__(self, notice: str, size: int) -> SignedCheckpoint:
        """The checkpoint; raises Refused or Unavailable."""


class Context:
    """What the resolvers of one request share.

    `wait` is how many seconds a reading may wait for the views; without `sign` nothing can be proved.
    """

    def __init__(
        self,
        reader: Reader,
        append: Append,
        viewer: Viewer,
        *,
        sign: Sign | None = None,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self.reader = reader
        self.append = append
        self.viewer = viewer
        self.sign = sign
        self.wait = wait
        self.budget = Budget()
        self.turn = asyncio.Semaphore(READINGS_AT_ONCE)
        self.read: set[tuple[str, int, bytes]] = set()
        """Each notice read, with the position and the root hash at which it was."""
        self.way = "fields"
        """How the operation was answered: `compiled`, or why it was field by field."""

    def anew(self) -> "Context":
        """The context of another operation of the same viewer; `budget` is then that operation's."""
        other = Context(self.reader, self.append, self.viewer, sign=self.sign, wait=self.wait)
        self.budget = other.budget
        return other

    def take_over(self, other: "Context") -> None:
        """Says of this one that it read what the other did, and nothing else."""
        self.read = other.read

    async def standpoint(
        self,
        notice: str,
        *,
        as_of: AsOf | None = None,
        on: datetime | None = None,
        at_least: int | None = None,
    ) -> "Standpoint":
        """The notice at a position, as far as the viewer may see it.

        Raises GraphQLError (NOT_FOUND) where they have no part, and what `Reader.at` raises.
        """
        roles = await self.viewer.roles(notice)
        if not may(roles, "notice"):
            raise no_notice()
        standpoint = Standpoint(self, notice, roles)
        await standpoint.take(as_of or AsOf(), on, at_least)
        self.read.add((notice, standpoint.position, standpoint.root_hash))
        return standpoint


def may(roles: Sequence[Role], view: str) -> bool:
    """Whether one of the roles reads the view of that name."""
    return not matrix().reads[view].isdisjoint(roles)


def suppressed(roles: Sequence[Role]) -> frozenset[str]:
    """The views that somebody in these roles reads with small cells suppressed: in none do they see it whole."""
    return frozenset(
        view
        for view, hidden in matrix().redacted.items()
        if all(role in hidden for role in roles if role in matrix().reads[view])
    )


def provenance(read: Iterable[tuple[str, int, bytes]]) -> dict[str, Any]:
    """What an answer's extensions say of what was read, in order of notice and position."""
    return {
        "ledger": [
            {"notice": notice, "position": position, "rootHash": b64encode(root).decode()}
            for notice, position, root in sorted(read)
        ]
    }


class Standpoint:
    """A notice at one position: every query about it, however late in the request, sees it there."""

    position: int
    recorded_at: datetime
    root_hash: bytes
    on: datetime
    stopped: Mapping[str, int]
    """Views that cannot be read here, as they stopped before → the position that each has reached."""

    def __init__(self, context: Context, notice: str, roles: Sequence[Role]) -> None:
        self.context = context
        self.notice = notice
        self.roles = roles
        self._as_of = AsOf()
        self._on: datetime | None = None
        self._at_least: int | None = None
        self.loaders: dict[object, DataLoader[Any, Any]] = {}
        """What rows of this answer ask for one by one, and is read together."""
        self._waiting: deque[tuple[Query[Any], asyncio.Future[Any]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def take(self, as_of: AsOf, on: datetime | None, at_least: int | None) -> None:
        """Finds the position."""
        self._as_of, self._on, self._at_least = as_of, on, at_least
        where = await self.ask(_where)
        self.position, self.recorded_at, self.root_hash, self.on, self.stopped = where
        self._as_of, self._on, self._at_least = AsOf(position=self.position), self.on, None

    def require(self, view: str) -> None:
        """Raises GraphQLError (FORBIDDEN) when the viewer may not read that view of this notice; and Stopped."""
        if not may(self.roles, view):
            held = ", ".join(role.meaning for role in self.roles)
            raise problem(FORBIDDEN, f"your roles in {self.notice} ({held}) do not read the view {view}")
        if view in self.stopped:
            raise ViewStopped(self.notice, view, self.stopped[view])

    def redacted(self, view: str) -> bool:
        """Whether the viewer reads that view with small cells suppressed."""
        return view in suppressed(self.roles)

    async def ask(self, query: Query[T]) -> T:
        """What a query answers here. Queries asked together share a transaction."""
        self.context.budget.in_time()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((query, done))
        if self._task is None:
            self._task = asyncio.create_task(self._answer())
        return await done

    async def _answer(self) -> None:
        try:
            async with (
                self.context.turn,
                self.context.reader.at(
                    self.notice,
                    as_of=self._as_of,
                    on=self._on,
                    at_least=self._at_least,
                    wait=self.context.wait,
                ) as reading,
            ):
                while await self._more():
                    query, done = self._waiting.popleft()
                    try:
                        answer = await query(reading)
                    except Exception as error:  # it is the asker's to handle
                        _fail(done, error)
                        raise
                    if not done.done():
                        done.set_result(answer)
        except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it was
            while self._waiting:
                _fail(self._waiting.popleft()[1], error)
        finally:
            self._task = None
            if self._waiting:
                self._task = asyncio.create_task(self._answer())

    async def _more(self) -> bool:
        """Whether a query waits, now or within a few turns of the event loop."""
        for _ in range(_TURNS_KEPT):
            if self._waiting:
                return True
            await asyncio.sleep(0)
        return bool(self._waiting)


async def _where(reading: Snapshot) -> tuple[int, datetime, bytes, datetime, Mapping[str, int]]:
    return reading.position, reading.recorded_at, reading.root_hash, reading.on, reading.stopped


def _fail(done: "asyncio.Future[Any]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
