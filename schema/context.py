"""One request: its viewer, their rights in a notice, and the notices that it reads.

The server makes a `Context` for a request, and a fork of it for each operation that graphql-core executes. Imports
`projections` and `ledger`.
"""

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from ledger.append.recalled_states import RecalledStates
from ledger.append.receipt import Receipt
from ledger.domain.authorisation import Credential
from ledger.domain.roles import Role, matrix
from ledger.intake.parse import SubmittedFact
from ledger.proof.checkpoint_signer import SignedCheckpoint
from projections.query.reader import WAIT_SECONDS, AsOf, Reader
from schema.errors import EXPIRED, UNAUTHENTICATED, no_notice, problem
from schema.limits import Budget
from schema.live_pages import Page

READINGS_AT_ONCE = 4
"""Maximum number of connections that one request uses at a time; the notices of a list take turns."""


class Standpoint(Struct, frozen=True):
    """A notice, and the point in its history at which it is read."""

    notice: str
    as_of: AsOf = AsOf()
    at_least: int | None = None
    """Position that the views must have reached; None to require no position."""
    on: datetime | None = None
    """Instant at which rules are judged; None for the present."""

    @property
    def is_as_of(self) -> bool:
        """True if the request sets an as-of point."""
        return self.as_of != AsOf()

    @property
    def snapshot(self) -> tuple[str, AsOf, int | None]:
        """Notice, as-of point and least position of a snapshot, which root fields with equal values can share."""
        return self.notice, self.as_of, self.at_least


class Viewer(Protocol):
    """The person or system that sent the request.

    Each method raises Unavailable if the database cannot be reached. A viewer that is known from states in memory
    raises Unconfirmed instead.
    """

    @property
    def credential(self) -> Credential:
        """Identity of the viewer, for the writer."""

    async def roles(self, notice: str) -> Sequence[Role]:
        """Return the roles that the viewer has in a notice now; empty if the notice does not exist."""

    async def allowed(self) -> Sequence[str]:
        """Return the notices in which the viewer has a role."""

    async def is_live(self) -> bool:
        """Return True until the credential expires or is revoked, which may happen during a subscription."""


class Append(Protocol):
    """Function that records one fact: `Writer.append`."""

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
    """Function that signs the checkpoint of a notice's log at a size: `CheckpointSigner.checkpoint`."""

    async def __call__(self, notice: str, size: int) -> SignedCheckpoint:
        """Return the signed checkpoint of a notice's log at a size.

        Raises:
            Refused: That size has no checkpoint and may not be signed.
            Unavailable: The database is unreachable, or signing is stopped.
        """


class Context:
    """State that the resolvers of one request share.

    Args:
        reader: Reader of the views.
        append: Function that records a fact.
        viewer: Viewer who sent the request.
        sign: Function that signs checkpoints; None to refuse proofs.
        wait: Seconds that a snapshot may wait for the views.
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
        self.recalled: RecalledStates | None = None
        """States in memory that decided the viewer's rights, for snapshots to confirm; None without them."""
        self.turn = asyncio.Semaphore(READINGS_AT_ONCE)
        self.read: set[tuple[str, int, bytes]] = set()
        """Notices read, each with the position and root hash of its snapshot."""
        self.latest: set[str] = set()
        """Notices read at their latest entry, without an as-of point."""
        self.failures: dict[tuple[str, AsOf, int | None], Exception] = {}
        """Errors of snapshots that took too long, by snapshot, so that no wait is repeated."""
        self.answered_by = "fields"
        """Way in which the operation was answered: `compiled`, or the reason for resolving its fields.

        The initial value `fields` remains if the operation was not given to the compiler.
        """
        self.page = Page(None)
        """Page of a subscription that the operation computes."""
        self._parts: Mapping[str, Sequence[Role]] | None = None
        self._reading_parts = asyncio.Lock()

    def fork(self, viewer: Viewer | None = None) -> "Context":
        """Return a context for another operation.

        This context now shares the new context's budget and its record of notices read.

        Args:
            viewer: Viewer of the operation; None for the same viewer.
        """
        other = Context(self.reader, self.append, viewer or self.viewer, sign=self.sign, wait=self.wait)
        other.failures = self.failures
        other.recalled = self.recalled if viewer is None else None
        self.budget, self.read, self.latest = other.budget, other.read, other.latest
        return other

    @property
    def is_fixed(self) -> bool:
        """True if notices were read, and each of them with an as-of point."""
        return bool(self.read) and not self.latest

    async def parts(self) -> Mapping[str, Sequence[Role]]:
        """Return the viewer's roles by notice, in order; read once, so that all fields name the same notices.

        Raise the errors of the viewer's methods.
        """
        async with self._reading_parts:
            if self._parts is None:
                roles = {each: await self.viewer.roles(each) for each in sorted(set(await self.viewer.allowed()))}
                self._parts = {notice: each for notice, each in roles.items() if each}
            return self._parts

    async def roles(self, notice: str) -> Sequence[Role]:
        """Return the viewer's roles in a notice that they may read.

        Raises:
            GraphQLError: NOT_FOUND, if the viewer may not read the notice; UNAUTHENTICATED, if their credential
                has expired or was revoked.
            Unconfirmed: The viewer cannot be judged from memory.
            Unavailable: The database cannot be reached.
        """
        roles = await self.viewer.roles(notice)
        if not may(roles, "notice"):
            raise no_notice() if await self.viewer.is_live() else problem(UNAUTHENTICATED, EXPIRED)
        return roles


def may(roles: Sequence[Role], view: str) -> bool:
    """Return True if one of the roles may read the view."""
    return not matrix().reads[view].isdisjoint(roles)


def suppressed(roles: Sequence[Role]) -> frozenset[str]:
    """Return the views that these roles see only with small counts suppressed."""
    return frozenset(
        view
        for view, hidden in matrix().redacted.items()
        if all(role in hidden for role in roles if role in matrix().reads[view])
    )


def provenance(read: Iterable[tuple[str, int, bytes]]) -> dict[str, Any]:
    """Return the extensions of an answer, which name the notices read in order of notice and position."""
    return {
        "ledger": [
            {"notice": notice, "position": position, "rootHash": b64encode(root).decode()}
            for notice, position, root in sorted(read)
        ]
    }
