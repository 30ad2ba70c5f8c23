"""One request: its viewer, their rights in a notice, and the snapshots that answer it.

The server makes one `Context` for each request. Imports `projections`, `ledger` and strawberry's loader.
"""

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from strawberry.dataloader import DataLoader

from ledger.append.receipt import Receipt
from ledger.domain.authorisation import Credential
from ledger.domain.roles import Role, matrix
from ledger.intake.parse import SubmittedFact
from ledger.proof.checkpoint_signer import SignedCheckpoint
from projections.errors import ViewStopped
from projections.query.reader import WAIT_SECONDS, AsOf, Reader, Snapshot
from schema.derive.node import standpoint_id
from schema.errors import EXPIRED, FORBIDDEN, UNAUTHENTICATED, no_notice, problem
from schema.limits import Budget

READINGS_AT_ONCE = 4
"""Most connections that one request uses at a time; the notices of a list take turns."""
_TURNS_KEPT = 12
"""Turns of the event loop for which an idle snapshot stays open.

A resolver's result takes a few turns to reach the resolvers below it, and a new snapshot costs round trips.
The number affects speed only.
"""
T = TypeVar("T")
Query = Callable[[Snapshot], Awaitable[T]]


class Viewer(Protocol):
    """The person or system that sent the request."""

    @property
    def credential(self) -> Credential:
        """Identity of the viewer, as the writer takes it."""

    async def roles(self, notice: str) -> Sequence[Role]:
        """Return the roles that the viewer has in a notice now; empty if the notice does not exist."""

    async def allowed(self) -> Sequence[str]:
        """Return the notices in which the viewer has a role."""

    async def is_live(self) -> bool:
        """Return true until the credential expires or is revoked, which may happen while the viewer follows."""


class Append(Protocol):
    """Records one fact: `Writer.append`."""

    async def __call__(
        self, notice: str, item: SubmittedFact, credential: Credential, expected: int | None
    ) -> Receipt:
        """Record the fact and return its receipt.

        Raises:
            Refused: The ledger refuses the fact.
            Busy: The queue is full.
            Unavailable: The database is unreachable.
        """


class Sign(Protocol):
    """Signs the checkpoint of a notice's log at a size: `CheckpointSigner.checkpoint`."""

    async def __call__(self, notice: str, size: int) -> SignedCheckpoint:
        """Return the checkpoint.

        Raises:
            Refused: The log has no signed checkpoint of that size.
            Unavailable: The database is unreachable.
        """


class Context:
    """State that the resolvers of one request share.

    `wait`: the seconds that a snapshot may wait for the views. Without `sign`, proofs are refused.
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
        """Notices read, each with the position and root hash of its snapshot."""
        self.latest: set[str] = set()
        """Notices read at their latest entry, not as of a position."""
        self.answered_by = "fields"
        """Way in which the operation was answered: `compiled`, or the reason for resolving its fields."""

    def fork(self) -> "Context":
        """Return a context for another operation of the same viewer, and share what it spends and reads."""
        other = Context(self.reader, self.append, self.viewer, sign=self.sign, wait=self.wait)
        self.budget, self.read, self.latest = other.budget, other.read, other.latest
        return other

    @property
    def is_fixed(self) -> bool:
        """True if every notice was read as of a position, so that later entries change nothing."""
        return bool(self.read) and not self.latest

    async def standpoint(
        self,
        notice: str,
        *,
        as_of: AsOf | None = None,
        on: datetime | None = None,
        at_least: int | None = None,
    ) -> "Standpoint":
        """Return the notice at a position, within the viewer's rights.

        Raises:
            GraphQLError: NOT_FOUND, if the viewer has no role in the notice; UNAUTHENTICATED, if their credential
                has expired.
            ReadingError: The snapshot cannot be taken; see `Reader.at`.
        """
        roles = await self.viewer.roles(notice)
        if not may(roles, "notice"):
            raise no_notice() if await self.viewer.is_live() else problem(UNAUTHENTICATED, EXPIRED)
        standpoint = Standpoint(self, notice, roles)
        await standpoint.take(as_of or AsOf(), on, at_least)
        self.read.add((notice, standpoint.position, standpoint.root_hash))
        if as_of is None:
            self.latest.add(notice)
        return standpoint


def may(roles: Sequence[Role], view: str) -> bool:
    """Return true if one of the roles may read the view."""
    return not matrix().reads[view].isdisjoint(roles)


def suppressed(roles: Sequence[Role]) -> frozenset[str]:
    """Return the views that these roles see only with small cells suppressed."""
    return frozenset(
        view
        for view, hidden in matrix().redacted.items()
        if all(role in hidden for role in roles if role in matrix().reads[view])
    )


def provenance(read: Iterable[tuple[str, int, bytes]]) -> dict[str, Any]:
    """Return the extensions that name the notices read, in order of notice and position."""
    return {
        "ledger": [
            {"notice": notice, "position": position, "rootHash": b64encode(root).decode()}
            for notice, position, root in sorted(read)
        ]
    }


class Standpoint:
    """A notice at one position. Every query of the request sees the notice at that position."""

    position: int
    recorded_at: datetime
    root_hash: bytes
    on: datetime
    global_id: str
    """The notice's global id here; ids of what it contains begin with it."""
    stopped: Mapping[str, int]
    """Stopped views that are unreadable here, with the position that each has reached."""

    def __init__(self, context: Context, notice: str, roles: Sequence[Role]) -> None:
        self.context = context
        self.notice = notice
        self.roles = roles
        self._as_of = AsOf()
        self._on: datetime | None = None
        self._at_least: int | None = None
        self.loaders: dict[object, DataLoader[Any, Any]] = {}
        """Loaders that batch the reads of neighbouring rows."""
        self._waiting: deque[tuple[Query[Any], asyncio.Future[Any]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def take(self, as_of: AsOf, on: datetime | None, at_least: int | None) -> None:
        """Determine the position and the instant of the snapshot."""
        self._as_of, self._on, self._at_least = as_of, on, at_least
        is_as_of = as_of != AsOf()
        where = await self.ask(_where)
        self.position, self.recorded_at, self.root_hash, self.on, self.stopped = where
        self.global_id = standpoint_id(self.notice, self.position if is_as_of else None, on)
        self._as_of, self._on, self._at_least = AsOf(position=self.position), self.on, None

    def require(self, view: str) -> None:
        """Check that the viewer may read a view of this notice.

        Raises:
            GraphQLError: FORBIDDEN, if no role of theirs may.
            ViewStopped: The view has stopped before this position.
        """
        if not may(self.roles, view):
            names = ", ".join(role.meaning for role in self.roles)
            raise problem(FORBIDDEN, f"your roles in {self.notice} ({names}) do not read the view {view}")
        if view in self.stopped:
            raise ViewStopped(self.notice, view, self.stopped[view])

    def redacted(self, view: str) -> bool:
        """Return true if the viewer sees that view with small cells suppressed."""
        return view in suppressed(self.roles)

    async def ask(self, query: Query[T]) -> T:
        """Run a query on the snapshot. Queries of one turn share a transaction."""
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
                    except Exception as error:  # the caller handles the error
                        _fail(done, error)
                        raise
                    if not done.done():
                        done.set_result(answer)
        except Exception as error:  # noqa: BLE001 - each caller gets the error
            while self._waiting:
                _fail(self._waiting.popleft()[1], error)
        finally:
            self._task = None
            if self._waiting:
                self._task = asyncio.create_task(self._answer())

    async def _more(self) -> bool:
        """Return true if a query waits, now or within a few turns of the event loop."""
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
