"""Subscriptions: a notice's entries as they are recorded, and its compliance as it changes.

A subscription reads page after page under the viewer's current rights: a viewer who loses them gets no more.
Positions are dense, so a client that resumes after its last position misses nothing and sees nothing twice.
Imports strawberry, and the snapshots of `projections`.
"""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from projections.query.relation import RowQuery
from projections.views import entries as view
from schema.context import Context, may
from schema.derive.declaration import TYPES
from schema.derive.node import subscription
from schema.derive.resolvers import find_rows, object_of
from schema.errors import BAD_USER_INPUT, problem
from schema.query import NoticeArgument
from schema.types.compliance import Compliance
from schema.types.entries import Entry, EntryFilter, entry_of, reader_filter

PAGE = 100
RIGHTS_SECONDS = 15.0
"""Seconds between checks of the viewer's rights, and of the clock, when no entry is recorded."""


@strawberry.type(description="Events as they happen.")
class Subscription:
    """Root of subscriptions."""

    @subscription("Entries after a position, then each new entry.")
    async def entries(
        self,
        info: Info[Context, None],
        notice: NoticeArgument,
        after: Annotated[
            int | None,
            strawberry.argument(description="Last position seen; only new entries if omitted."),
        ] = None,
        filter: Annotated[  # noqa: A002 - the name that the interface promises
            EntryFilter | None,
            strawberry.argument(description="Conditions on the entries; all entries if omitted."),
        ] = None,
    ) -> AsyncGenerator[Entry, None]:
        """Yield entries; raise NOT_FOUND without a role, UNAUTHENTICATED without a live token."""
        if after is not None and after < 0:
            raise problem(
                BAD_USER_INPUT, f"after is {after}; entries are numbered from 1, so send 0 for all of them"
            )
        position = after
        while True:
            context = info.context.fork()
            at = await context.standpoint(notice, at_least=position or None)
            visible = may(at.roles, "entries")
            conditions = reader_filter(at, filter)
            start = at.position if position is None else position
            page = await at.ask(partial(view.page, filter=conditions, first=PAGE, after=start, content=visible))
            for row in page:
                yield entry_of(at, row, visible=visible)
            position = page[-1].position if len(page) == PAGE else at.position
            if len(page) < PAGE:
                await context.reader.wait_beyond(notice, position, RIGHTS_SECONDS)

    @subscription("Status of each obligation, now and after each change, by an entry or by the passing of time.")
    async def compliance(
        self, info: Info[Context, None], notice: NoticeArgument
    ) -> AsyncGenerator[list[Compliance], None]:
        """Yield all statuses; raise NOT_FOUND without a role, UNAUTHENTICATED without a live token."""
        previous: Any = None
        while True:
            context = info.context.fork()
            at = await context.standpoint(notice)
            (statuses_now,) = await find_rows(at, TYPES["Compliance"], RowQuery())
            statuses = [(row.row.number, row.row.status, row.row.reason) for row in statuses_now]
            if statuses != previous:
                previous = statuses
                yield [object_of("Compliance", at, row) for row in statuses_now]
            await context.reader.wait_beyond(notice, at.position, RIGHTS_SECONDS)
