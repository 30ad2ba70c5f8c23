"""Subscriptions: a notice's entries as they are recorded, and its compliance as it changes.

Each resolver yields one page; `schema.assembly` asks for page after page, under the viewer's current rights.
Positions are dense, so a client that resumes after its last position misses nothing and sees nothing twice.
Imports strawberry, graphql-core and `projections`.
"""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from graphql.execution.collect_fields import FieldDetails
from strawberry.types import Info

from projections.query.tree import Cell, Listing
from projections.views import entries as view
from schema.compiled.arguments import ArgumentValue
from schema.compiled.entries import entry_conditions
from schema.compiled.execution import Build
from schema.compiled.sources import read
from schema.compiled.tree_builder import ROWS, TreeBuilder
from schema.context import Context, Standpoint
from schema.derive.declaration import TYPES
from schema.derive.node import subscription
from schema.errors import BAD_USER_INPUT, check_text, problem
from schema.query import NoticeArgument
from schema.types.compliance import Compliance
from schema.types.entries import Entry, EntryFilter

PAGE = 100
_POSITION = {"#position": Cell("position", "int", optional=False)}
_STATUS = {f"#{name}": Cell(name, "text", optional=False) for name in ("number", "status", "reason")}
"""Members of a row that the subscription itself needs; no response key contains `#`."""


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
        filter: Annotated[  # noqa: A002, ARG002 - the compiler reads it
            EntryFilter | None,
            strawberry.argument(description="Conditions on the entries; all entries if omitted."),
        ] = None,
    ) -> AsyncGenerator[Entry, None]:
        """Yield a page of entries.

        Raises:
            GraphQLError: NOT_FOUND without a role that reads the notice. UNAUTHENTICATED without a live token.
                FORBIDDEN for a filter by content without the right to read entries. BAD_USER_INPUT for a wrong
                argument. LIMIT_EXCEEDED if the filter is too large, or the read takes too much time.
            LedgerError: The notice cannot be read.
        """
        check_text("notice", notice)
        if after is not None and after < 0:
            raise problem(
                BAD_USER_INPUT, f"after is {after}; entries are numbered from 1, so send 0 for all of them"
            )
        page = info.context.page
        start = after if page.after is None else page.after
        value, position = await read(info, Standpoint(notice, at_least=start or None), _entries(start))
        rows = value[ROWS]
        page.notice, page.is_full = notice, len(rows) == PAGE
        page.positions = [row["#position"] for row in rows]
        page.position = page.positions[-1] if page.is_full else position
        for row in rows:
            yield row

    @subscription("Status of each obligation, now and after each change, by an entry or by the passing of time.")
    async def compliance(
        self, info: Info[Context, None], notice: NoticeArgument
    ) -> AsyncGenerator[list[Compliance], None]:
        """Yield the verdicts on all obligations.

        Raises:
            GraphQLError: NOT_FOUND without a role that reads the notice. UNAUTHENTICATED without a live token.
                FORBIDDEN without the right to read the verdicts. BAD_USER_INPUT for a wrong notice id.
                LIMIT_EXCEEDED if the read takes too much time.
            LedgerError: The notice cannot be read.
        """
        check_text("notice", notice)
        page = info.context.page
        value, page.position = await read(info, Standpoint(notice), _statuses)
        page.notice, rows = notice, value[ROWS]
        page.state = [[row[name] for name in _STATUS] for row in rows]
        yield rows


def _entries(position: int | None) -> Build:
    """Return the builder of the page of entries after a position; for None, of an empty page."""

    def build(builder: TreeBuilder, details: list[FieldDetails]) -> Listing:
        arguments = builder.selection.arguments(builder.selection.field("Subscription", "entries"), details)
        after = "position" if position is None else ArgumentValue("after", None, constant=position)
        conditions, test = entry_conditions(builder.selection, arguments)
        rows = {"relation": view.ENTRY, "first": PAGE, "conditions": conditions, "test": test, "after": (after,)}
        return builder.rows("Entry", details, _POSITION, rows)

    return build


def _statuses(builder: TreeBuilder, details: list[FieldDetails]) -> Listing:
    """Return the tree of the verdicts on all obligations."""
    relation = TYPES["Compliance"].relation
    builder.selection.require(relation.view)
    return builder.rows("Compliance", details, _STATUS, {"relation": relation})
