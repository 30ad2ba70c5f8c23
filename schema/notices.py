"""The list of notices: each is read at its own position, for the fields selected of it. Imports strawberry."""

from collections.abc import Mapping, Sequence

import strawberry
from strawberry.types import Info

from projections.query.tree import Listing, ObjectNode
from schema.compiled.arguments import ArgumentValue
from schema.compiled.sources import read, read_notice, selected
from schema.context import Context, Standpoint
from schema.derive.connection import PageInfo, cursor
from schema.derive.declaration import TYPES
from schema.derive.node import resolver
from schema.types.notice import Notice

LIST = "notices"
"""Name of the list in its cursors."""


@strawberry.type(description="An item of a list, with its cursor.")
class NoticeEdge:
    """A notice of a page."""

    at: strawberry.Private[Standpoint]

    @resolver("The item.")
    async def node(self, info: Info[Context, None]) -> Notice:
        """Return the notice."""
        return await read_notice(info, self.at)

    @resolver("The item's place in the list, opaque.")
    def cursor(self) -> str:
        """Return the cursor."""
        return cursor(LIST, [self.at.notice])


@strawberry.type(description="A page of a list.")
class NoticeConnection:
    """A page of notices."""

    readable: strawberry.Private[Sequence[Standpoint]]
    """All notices that the viewer may read."""
    conditions: strawberry.Private[Mapping[str, str]]
    edges: list[NoticeEdge] = strawberry.field(description="Items with their cursors, in the list's order.")
    has_more: strawberry.Private[bool]
    is_after: strawberry.Private[bool]

    @resolver("Items without their cursors.")
    async def nodes(self, info: Info[Context, None]) -> list[Notice]:
        """Return the notices."""
        return [await read_notice(info, edge.at) for edge in self.edges]

    @resolver("The page's place in the list.")
    def page_info(self, info: Info[Context, None]) -> PageInfo:
        """Return the place."""
        cursors = [edge.cursor() for edge in self.edges]
        values = {
            "has_next_page": self.has_more,
            "has_previous_page": self.is_after,
            "start_cursor": cursors[0] if cursors else None,
            "end_cursor": cursors[-1] if cursors else None,
        }
        return selected(info, PageInfo, values)

    @resolver("Number of items on all pages that meet the conditions.")
    async def total_count(self, info: Info[Context, None]) -> int:
        """Return the number of notices."""
        return len([each for each in self.readable if await _meets(info, each, self.conditions)])


async def page_of_notices(
    info: Info[Context, None],
    readable: Sequence[Standpoint],
    conditions: Mapping[str, str],
    after: str | None,
    first: int,
) -> NoticeConnection:
    """Return a page of the notices that meet the conditions.

    Args:
        info: The field that lists them.
        readable: All notices that the viewer may read, by id.
        conditions: Fields of a notice with the values that they must have.
        after: Id after which the page begins.
        first: Most notices of the page.
    """
    matching: list[Standpoint] = []
    for each in readable:
        if len(matching) <= first and each.notice > (after or "") and await _meets(info, each, conditions):
            matching.append(each)
    info.context.budget.spend(len(matching[:first]))
    edges = [NoticeEdge(at=each) for each in matching[:first]]
    return NoticeConnection(
        readable=readable,
        conditions=conditions,
        edges=edges,
        has_more=len(matching) > first,
        is_after=after is not None,
    )


async def _meets(info: Info[Context, None], at: Standpoint, conditions: Mapping[str, str]) -> bool:
    if not conditions:
        return True
    parameters = {name: ArgumentValue(None, constant=value) for name, value in conditions.items()}
    notice = TYPES["Notice"].relation
    listing = Listing(relation=notice, shape="one", first=1, item=ObjectNode(()), conditions=parameters)
    return (await read(info, at, lambda _builder, _details: listing)).value is not None
