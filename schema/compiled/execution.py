"""Execution of an operation's parts: one statement returns the whole selection of each part.

An exact execution returns the JSON of each part, and raises its first error. An inexact execution returns decoded
values, with errors in the places of their fields, for graphql-core to complete. Imports graphql-core.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from cachetools import LRUCache
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues
from msgspec import Struct

from ledger.append.recalled_states import Unconfirmed
from ledger.domain.roles import Role
from projections.errors import NotCaughtUp, TooSlow
from projections.query.reader import AsOf
from projections.query.snapshot import Snapshot, StatementRequest
from projections.query.sql import compose
from projections.query.tree import Listing, Statement
from schema.compiled.arguments import check_count, values_of
from schema.compiled.leaves import Leaf, RefusedField, ShortList, place
from schema.compiled.selection import Operation, Selection
from schema.compiled.tree_builder import TreeBuilder
from schema.context import Context, Standpoint, suppressed
from schema.limits import ROWS

SHAPES = 64
"""Maximum number of variable shapes cached for one operation, and of statements cached for one part."""
BYTES_PER_CHARACTER = 3
"""Estimate of the bytes of memory for each character of a statement: its text and parameters."""
Build = Callable[[TreeBuilder, list[FieldDetails]], Listing]
"""Builder of the tree of a part, from the document's nodes that select the part."""


class Composed(Struct, frozen=True):
    """The statement of a part, and its leaves, which are filled in or checked afterwards."""

    statement: Statement
    leaves: Sequence[Leaf]


class NoticePart(Struct, frozen=True, eq=False):
    """A part of an operation that one statement answers, for a notice at a standpoint."""

    operation: Operation
    details: list[FieldDetails]
    build: Build
    composed: LRUCache[object, Composed] = msgspec.field(default_factory=lambda: LRUCache(SHAPES))
    """Statements by roles, stopped views, and presence of `asOf` and `on`."""


class Request(Struct, frozen=True):
    """A part of an operation, and the standpoint at which the part is read."""

    standpoint: Standpoint
    part: NoticePart


class Execution(Struct, frozen=True):
    """An execution of one operation, with the variables of its request."""

    context: Context
    variables: VariableValues
    exact: bool
    """True to raise the errors of fields; False to put them in the fields' places."""

    async def read(self, requests: Sequence[Request]) -> tuple[list[Any], int]:
        """Read parts from one snapshot of a notice.

        Returns:
            The value of each part, which is null if no row meets the conditions, and the position read.

        Raises:
            GraphQLError: The viewer may not read all of it, an argument is wrong, or a limit is exceeded.
            LedgerError: The snapshot cannot be read, or the answer is inexact in an exact execution.
            Unconfirmed: The viewer cannot be judged from memory.
        """
        context = self.context
        notice, as_of, _ = key = requests[0].standpoint.snapshot
        roles = await context.roles(notice)
        context.budget.in_time()
        if key in context.failures:
            raise context.failures[key]
        try:
            async with context.turn:
                snapshot, values = await self._at_once(requests, roles) or await self._in_turn(requests, roles)
        except (NotCaughtUp, TooSlow) as error:
            context.failures[key] = error
            raise
        context.read.add((notice, snapshot.position, snapshot.root_hash))
        if as_of == AsOf():
            context.latest.add(notice)
        return values, snapshot.position

    async def _at_once(
        self, requests: Sequence[Request], roles: Sequence[Role]
    ) -> tuple[Snapshot, list[Any]] | None:
        """Return an ended snapshot and the values of parts; None if the parts need an open snapshot.

        Raises:
            Unconfirmed: The viewer's rights come from memory, and the snapshot's head differs or is unknown.
            GraphQLError: The reader may not read a part, an argument is wrong, or the budget is spent.
            LedgerError: The errors of `OneTripReader.answer`.
        """
        notice, as_of, at_least = requests[0].standpoint.snapshot
        reader, budget, recalled = self.context.reader.at_once, self.context.budget, self.context.recalled
        composed = [self._compose(each, roles, {}) for each in requests]
        answer = None
        if reader is not None and not any(each.leaves for each in composed):
            statements = self._statements(notice, requests, composed)
            answer = await reader.answer(
                notice, statements, as_of=as_of, at_least=at_least, seconds=budget.seconds
            )
        if answer is None:
            if recalled is not None:
                raise Unconfirmed
            return None
        if recalled is not None:
            recalled.confirm(notice, *answer.head)
        return answer.snapshot, await self._values(answer.snapshot, composed, answer.answers)

    async def _in_turn(self, requests: Sequence[Request], roles: Sequence[Role]) -> tuple[Snapshot, list[Any]]:
        """Wait for the views, and return the ended snapshot and the values of the parts.

        Raise the errors of `Reader.at` and `answer`.
        """
        notice, as_of, at_least = requests[0].standpoint.snapshot
        wait = self.context.wait
        async with self.context.reader.at(
            notice, as_of=as_of, at_least=at_least, wait=wait, composed=True
        ) as snapshot:
            return snapshot, await self.answer(snapshot, requests, roles)

    async def answer(
        self,
        snapshot: Snapshot,
        requests: Sequence[Request],
        roles: Sequence[Role],
        sent: Mapping[object, object] | None = None,
    ) -> list[Any]:
        """Return the values of parts from an open snapshot, and take their rows from the budget.

        Args:
            snapshot: Open snapshot; it ends with this answer unless a part has leaves.
            requests: Parts, with the standpoints at which they are read.
            roles: Roles of the reader.
            sent: Values of further parameters of the statements.

        Raises:
            GraphQLError: An argument's value is wrong, or the budget is spent.
            ReadingError: A view cannot be read.
        """
        composed = [self._compose(each, roles, snapshot.stopped) for each in requests]
        statements = self._statements(snapshot.notice, requests, composed, sent)
        is_last = not any(each.leaves for each in composed)
        answers = await snapshot.answer(statements, is_last=is_last, seconds=self.context.budget.seconds)
        return await self._values(snapshot, composed, answers)

    def _statements(
        self,
        notice: str,
        requests: Sequence[Request],
        composed: Sequence[Composed],
        sent: Mapping[object, object] | None = None,
    ) -> list[StatementRequest]:
        """Return the statements of parts, with the values of their parameters.

        Raises:
            GraphQLError: An argument is wrong, or the parts have too many values together.
        """
        parameters = (parameter for each in composed for parameter in each.statement.parameters)
        check_count(parameters, self.variables.coerced)
        return [
            (
                each.statement,
                {**values_of(each.statement.parameters, self.variables.coerced, notice), **(sent or {})},
                request.standpoint.on,
            )
            for each, request in zip(composed, requests, strict=True)
        ]

    async def _values(
        self, snapshot: Snapshot, composed: Sequence[Composed], answers: Sequence[tuple[bytes, int] | None]
    ) -> list[Any]:
        """Return the values of parts from the answers to their statements, and take the rows from the budget.

        Raise GraphQLError if the budget is spent.
        """
        parts = [answer or (b"null", 0) for answer in answers]
        self.context.budget.spend(sum(rows for _, rows in parts))
        return [
            await self._value(json, each.leaves, snapshot) for (json, _), each in zip(parts, composed, strict=True)
        ]

    def _compose(self, request: Request, roles: Sequence[Role], stopped: Mapping[str, int]) -> Composed:
        """Return the statement of a part for a reader.

        Raises:
            GraphQLError: The reader may not read the part, or an argument is wrong. In an exact execution, this
                includes the errors of the part's fields.
            ReadingError: A view of the part has stopped.
        """
        part, standpoint = request.part, request.standpoint
        is_as_of, is_on = standpoint.is_as_of, standpoint.on is not None
        key = (frozenset(roles), tuple(sorted(stopped.items())), is_as_of, is_on)
        composed = part.composed.get(key)
        if composed is None:
            selection = Selection(part.operation, self.variables, standpoint.notice, roles, stopped)
            builder = TreeBuilder(selection, is_as_of=is_as_of, is_on=is_on)
            tree, leaves = part.build(builder, part.details), builder.leaves
            if self.exact:
                for leaf in leaves:
                    if isinstance(leaf, RefusedField):
                        raise leaf.error
                leaves = [leaf for leaf in leaves if not isinstance(leaf, ShortList)]  # the statement checks them
            statement = compose(tree, suppressed(roles), exact=self.exact, most_rows=ROWS)
            composed = part.composed[key] = Composed(statement, leaves)
            part.operation.memory.bytes += len(statement.sql) * BYTES_PER_CHARACTER
        return composed

    async def _value(self, json: bytes, leaves: Sequence[Leaf], snapshot: Snapshot) -> Any:  # noqa: ANN401 - JSON
        if self.exact and not leaves:
            return msgspec.Raw(json)
        value = msgspec.json.decode(json)
        await place(leaves, value, self.context, snapshot, exact=self.exact)
        return msgspec.Raw(msgspec.json.encode(value)) if self.exact else value


def decoded(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the decoded value of a part, whether its execution is exact or not."""
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value
