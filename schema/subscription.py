"""What may be followed: a notice's entries as they are recorded, and its compliance as it changes.

A subscription reads like a query, page after page under the rights that hold then, so nothing is sent to somebody
who lost them. Positions are dense: who goes on after the last one seen misses nothing and sees nothing twice.
Imports strawberry, and the readings of `projections`.
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
from schema.derive.node import followed
from schema.derive.resolvers import made, rows
from schema.errors import BAD_USER_INPUT, problem
from schema.query import NoticeArgument
from schema.types.compliance import Compliance
from schema.types.entries import Entry, EntryFilter, asked_of, entry

PAGE = 100
RIGHTS_SECONDS = 15.0
"""How often it is looked at the viewer's rights, and at the clock, when nothing is recorded."""


@strawberry.type(description="What may be followed as it happens.")
class Subscription:
    """The root of subscriptions."""

    @followed("The entries after a position, then each as it is recorded.")
    async def entries(
        self,
        info: Info[Context, None],
        notice: NoticeArgument,
        after: Annotated[
            int | None,
            strawberry.argument(description="The last position seen; those recorded from now on, if left out."),
        ] = None,
        filter: Annotated[  # noqa: A002 - the name that the interface promises
            EntryFilter | None, strawberry.argument(description="Which of them; all, if left out.")
        ] = None,
    ) -> AsyncGenerator[Entry, None]:
        """Ends with NOT_FOUND once the viewer has no part in the notice any more."""
        if after is not None and after < 0:
            raise problem(
                BAD_USER_INPUT, f"after is {after}; entries are numbered from 1, so send 0 for all of them"
            )
        position = after
        while True:
            context = info.context.anew()
            at = await context.standpoint(notice, at_least=position or None)
            seen = may(at.roles, "entries")
            wanted = asked_of(at, filter)
            start = at.position if position is None else position
            page = await at.ask(partial(view.page, filter=wanted, first=PAGE, after=start, narratives=seen))
            info.context.take_over(context)
            for row in page:
                yield entry(at, row, seen=seen)
            position = page[-1].position if len(page) == PAGE else at.position
            if len(page) < PAGE:
                await context.reader.wait_beyond(notice, position, RIGHTS_SECONDS)

    @followed("The status of each obligation, now and whenever one changes, by an entry or as time passes.")
    async def compliance(
        self, info: Info[Context, None], notice: NoticeArgument
    ) -> AsyncGenerator[list[Compliance], None]:
        """Ends with NOT_FOUND once the viewer has no part in the notice any more."""
        told: Any = None
        while True:
            context = info.context.anew()
            at = await context.standpoint(notice)
            (found,) = await rows(at, TYPES["Compliance"], RowQuery())
            stands = [(row.row.number, row.row.status, row.row.reason) for row in found]
            if stands != told:
                told = stands
                info.context.take_over(context)
                yield [made("Compliance", at, row) for row in found]
            await context.reader.wait_beyond(notice, at.position, RIGHTS_SECONDS)
